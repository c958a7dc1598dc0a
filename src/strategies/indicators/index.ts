export { Atr } from './atr.ts';
export { ChangeStdev } from './stdev.ts';
export { Ema } from './ema.ts';
