/** Addresses of the firms on the gateway: both of each, written out, never derived from one another. */
export interface Addresses {
  /** Base of the requests, such as `https://api.topstepx.com`. */
  readonly rest: string;
  /** Base of the hubs, such as `https://rtc.topstepx.com`. */
  readonly realtime: string;
}

export type Firm =
  | 'topstepx'
  | 'demo'
  | 'thefuturesdesk'
  | 'alphaticks'
  | 'aquafutures'
  | 'blueguardianfutures'
  | 'blusky'
  | 'bulenox'
  | 'daytraders'
  | 'e8'
  | 'fundingfutures'
  | 'futureselite'
  | 'fxifyfutures'
  | 'goatfundedfutures'
  | 'holaprime'
  | 'nexgen'
  | 'tickticktrader'
  | 'toponefutures'
  | 'tx3funding';

/** Source: the vendor's page of connection addresses and the Swagger file, read in November 2026. Firms come and go. */
export const FIRMS: Readonly<Record<Firm, Addresses>> = {
  topstepx: { rest: 'https://api.topstepx.com', realtime: 'https://rtc.topstepx.com' },
  demo: {
    rest: 'https://gateway-api-demo.s2f.projectx.com',
    realtime: 'https://gateway-rtc-demo.s2f.projectx.com',
  },
  thefuturesdesk: {
    rest: 'https://api.thefuturesdesk.projectx.com',
    realtime: 'https://rtc.thefuturesdesk.projectx.com',
  },
  alphaticks: {
    rest: 'https://api.alphaticks.projectx.com',
    realtime: 'https://rtc.alphaticks.projectx.com',
  },
  aquafutures: {
    rest: 'https://api.aquafutures.projectx.com',
    realtime: 'https://rtc.aquafutures.projectx.com',
  },
  blueguardianfutures: {
    rest: 'https://api.blueguardianfutures.projectx.com',
    realtime: 'https://rtc.blueguardianfutures.projectx.com',
  },
  blusky: { rest: 'https://api.blusky.projectx.com', realtime: 'https://rtc.blusky.projectx.com' },
  bulenox: {
    rest: 'https://api.bulenox.projectx.com',
    realtime: 'https://rtc.bulenox.projectx.com',
  },
  daytraders: {
    rest: 'https://api.daytraders.projectx.com',
    realtime: 'https://rtc.daytraders.projectx.com',
  },
  e8: { rest: 'https://api.e8.projectx.com', realtime: 'https://rtc.e8.projectx.com' },
  fundingfutures: {
    rest: 'https://api.fundingfutures.projectx.com',
    realtime: 'https://rtc.fundingfutures.projectx.com',
  },
  futureselite: {
    rest: 'https://api.futureselite.projectx.com',
    realtime: 'https://rtc.futureselite.projectx.com',
  },
  fxifyfutures: {
    rest: 'https://api.fxifyfutures.projectx.com',
    realtime: 'https://rtc.fxifyfutures.projectx.com',
  },
  goatfundedfutures: {
    rest: 'https://api.goatfundedfutures.projectx.com',
    realtime: 'https://rtc.goatfundedfutures.projectx.com',
  },
  holaprime: {
    rest: 'https://api.holaprime.projectx.com',
    realtime: 'https://rtc.holaprime.projectx.com',
  },
  nexgen: { rest: 'https://api.nexgen.projectx.com', realtime: 'https://rtc.nexgen.projectx.com' },
  tickticktrader: {
    rest: 'https://api.tickticktrader.projectx.com',
    realtime: 'https://rtc.tickticktrader.projectx.com',
  },
  toponefutures: {
    rest: 'https://api.toponefutures.projectx.com',
    realtime: 'https://rtc.toponefutures.projectx.com',
  },
  tx3funding: {
    rest: 'https://api.tx3funding.projectx.com',
    realtime: 'https://rtc.tx3funding.projectx.com',
  },
};
