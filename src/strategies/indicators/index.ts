/** The indicators that the built-in strategies use; the library is `src/indicators`. */
export { Atr, ChangeStdev, Ema } from '../../indicators/index.ts';
