// danfojs-node loads this name when it starts. Its tensor features compute in 32-bit floats; here they fail aloud instead.
'use strict';

class Tensor {}
const refuse = (name) => () => {
  throw new Error(`${name}: tensor features are not shipped`);
};

module.exports = {
  Tensor,
  tensor1d: refuse('tensor1d'),
  tensor2d: refuse('tensor2d'),
  scalar: refuse('scalar'),
  moments: refuse('moments'),
  data: { array: refuse('data.array') },
};
