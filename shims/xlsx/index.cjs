// danfojs-node loads this name when it starts. Spreadsheets are not read or written here.
'use strict';

module.exports = new Proxy(
  {},
  {
    get(_target, name) {
      if (typeof name === 'symbol' || name === '__esModule' || name === 'default') return undefined;
      return () => {
        throw new Error(`xlsx.${name}: spreadsheets are not shipped, use CSV or Parquet`);
      };
    },
  },
);
