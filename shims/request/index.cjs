// danfojs-node loads this name when it starts. Nothing is fetched through it.
'use strict';

module.exports = () => {
  throw new Error('request: fetching is not shipped, read a local file');
};
