/** Every rule of `data check` in words: what is looked for, and why it is drawn there. */
export interface RuleText {
  readonly what: string;
  readonly why: string;
}

export const RULES: Readonly<Record<string, RuleText>> = {
  'file-missing': {
    what: 'A file that the manifest names is not there.',
    why: 'Restore it or import it again.',
  },
  'file-truncated': {
    what: 'A file is shorter than the manifest says.',
    why: 'A copy was cut short.',
  },
  'file-corrupt': {
    what: 'The bytes of a file differ from their checksum.',
    why: 'Nothing in such a file is trusted, so its rows are not read.',
  },
  'row-count': { what: 'A file has other rows than the manifest says.', why: '' },
  unsorted: {
    what: 'A row is earlier than the one before it.',
    why: 'Time must not go backwards.',
  },
  'duplicate-time': {
    what: 'Two bars end at the same time.',
    why: 'One of them is wrong or superfluous.',
  },
  'duplicate-row': {
    what: 'A tick equals the one before it in every column.',
    why: 'Some venues send such rows, so it is a note.',
  },
  'same-rows': {
    what: 'Two contracts have the same rows in a year.',
    why: 'Twenty equal bars are no chance: one file carries the wrong name.',
  },
  overlap: { what: 'A year begins before the year before it ends.', why: '' },
  'wrong-year': { what: 'A row lies in another year than its file.', why: '' },
  'not-a-number': { what: 'A price is not finite.', why: '' },
  'high-low': {
    what: 'The high is not the highest price of the bar, or the low not the lowest.',
    why: '',
  },
  'negative-volume': { what: 'A quantity is below zero.', why: '' },
  'open-after-close': { what: 'A bar begins after its end.', why: '' },
  'known-early': {
    what: 'Open interest was published before the trade date that it is of.',
    why: '',
  },
  'after-last-trade': {
    what: 'A contract has rows after its last trade.',
    why: 'By the rule of its product.',
  },
  'out-of-session': {
    what: 'A row lies where the exchange was closed, or in a break.',
    why: 'The zone or the stamp of the source may be wrong.',
  },
  'off-grid': { what: 'A price lies between the ticks of the product.', why: '' },
  'calendar-span': {
    what: 'The rows lie outside of the calendar.',
    why: 'Sessions and gaps are not judged there.',
  },
  gap: {
    what: 'A hole in a session, longer than chance makes it.',
    why: 'A contract without a trade in a minute has no bar. With a share p of its bars missing in the month, a hole of k bars is expected p^k times the bars; one that is twice as long as what happens once in a thousand months is reported.',
  },
  'missing-session': {
    what: 'A session without any bar.',
    why: 'Reported where at most one session in ten of the contract has none; a contract that trades now and then is left alone.',
  },
  stale: {
    what: 'The same price, or the same bar and volume, over and over.',
    why: 'Measured by the own runs of the contract, of which one two thirds as long would come less than once in a thousand such series; from ten bars on, five for days. Left alone where the other contracts of the product stood still, too.',
  },
  outlier: {
    what: 'A price that stands alone.',
    why: 'Its distance from the three bars before is more than ten times the usual true range (the larger median of thirty bars before and after), and the price is back within five bars. News moves a market and stays. A price five times the one before is reported, too.',
  },
  'zero-volume': {
    what: 'The price moves in a bar without volume.',
    why: 'Where volume is known, a price comes from a trade.',
  },
  'filled-bar': {
    what: 'A bar of no volume that repeats the price before.',
    why: 'The source filled it in; it is counted as a bar all the same.',
  },
  'volume-statement': {
    what: 'The volumes do not fit what the dataset states of them.',
    why: 'The same volume in every bar is a placeholder, and caps on participation would believe it.',
  },
};
