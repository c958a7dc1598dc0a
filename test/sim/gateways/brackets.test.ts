import { describe, expect, it } from 'vitest';
import { GatewayWorld } from '../../support/gateway-world.ts';

const bracket = {
  customTag: 'T',
  stopLossBracket: { ticks: -20, type: 4 },
  takeProfitBracket: { ticks: 40, type: 1 },
};

describe('an order with attached brackets', () => {
  it('tells its life in the recorded order: suspended exits with the next numbers, the fill, then prices', () => {
    const world = new GatewayWorld().login();
    world.market(24_000, 24_001);
    const ear = world.userHub();
    const { orderId, success } = world.place(bracket);
    world.pass(20_000);
    expect(success).toBe(true);
    const id = Number(orderId);
    const told = ear.events
      .filter(({ target }) => target === 'GatewayUserOrder')
      .map(({ data }) => [
        Number(data['id']) - id,
        data['status'],
        data['limitPrice'] ?? data['stopPrice'] ?? null,
      ]);
    expect(told).toEqual([
      [1, 8, null],
      [0, 6, null],
      [2, 8, null],
      [0, 2, null],
      [2, 1, 6000.25 + 10],
      [1, 1, 6000.25 - 5],
    ]);
  });
});
