/** Chains stand in `core`, where live venues may use them too; this is where users of the calendars look for them. */
export type { ChainAt, ChainOptions, ContractNeighbours } from '../core/chain.ts';
export {
  buildChain,
  buildContract,
  chainAt,
  checkChain,
  contractNeighbours,
  holdChain,
  typicalExpiryOffset,
} from '../core/chain.ts';
export type { InstrumentCycles } from '../core/listing.ts';
export { cyclesOf, Listing } from '../core/listing.ts';
