/** Contract ids of the venue, and the search for exactly one contract. */
import { TradingError } from '../../core/errors.ts';
import { MONTH_LETTERS } from '../../core/symbology.ts';

/** Product and month of `CON.F.US.EP.Z26`. */
export interface ContractParts {
  /** The venue's product code, which is often not the exchange's root: `EP` is ES. */
  readonly product: string;
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
}

const ID = /^CON\.F\.US\.([A-Z0-9]{1,12})\.([FGHJKMNQUVXZ])(\d{2})$/;

/** Two-digit years are of this century. Errors: E_VENUE_CONTRACT. */
export function parseVenueContractId(id: string): ContractParts {
  const match = ID.exec(id);
  if (match === null)
    throw new TradingError(
      'E_VENUE_CONTRACT',
      `"${id}" is not a contract id such as CON.F.US.EP.Z26`,
      {
        details: { id },
        rule: 'CON.F.US.<product>.<month letter><two-digit year>',
      },
    );
  return {
    product: match[1]!,
    month: MONTH_LETTERS.indexOf(match[2]!) + 1,
    year: 2000 + Number(match[3]),
  };
}

/** Errors: E_VENUE_CONTRACT for a product code, year or month that no id can hold. */
export function toVenueContractId(parts: ContractParts): string {
  const letter = MONTH_LETTERS[parts.month - 1] ?? '';
  const id = `CON.F.US.${parts.product}.${letter}${String(parts.year - 2000).padStart(2, '0')}`;
  parseVenueContractId(id);
  return id;
}
