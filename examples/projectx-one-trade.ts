/**
 * One protected trade on a practice account, told as it goes, and a flat account at the end. Beside a simulated gateway:
 *   frontmonth exchange serve --protocol projectx
 * and its address, user and key in PROJECTX_REST_URL, PROJECTX_REALTIME_URL, PROJECTX_USERNAME, PROJECTX_API_KEY.
 */
import { ProjectXClient, readCredentials, readFirm, toIsoUtc } from 'frontmonth/live/projectx';

if (process.env['PROJECTX_USERNAME'] === undefined) {
  console.log('set PROJECTX_… to an address, a user and a key; see the head of this file');
} else {
  const client = new ProjectXClient({
    firm: readFirm(process.env),
    credentials: readCredentials(process.env),
  });
  const accounts = await client.accounts.search();
  const account = accounts.find(({ name, canTrade }) => name.startsWith('PRAC-') && canTrade);
  if (account === undefined) throw new Error('this login has no practice account');
  const { id: accountId } = account;
  const contract = await client.contracts.find('MES');

  const protectedBy = new Promise<void>((resolve) => {
    const working = new Set<number>();
    client.streams.listen({
      onOrder: (order) => {
        const at = toIsoUtc(order.updatedUs ?? order.createdUs);
        console.log(at, order.type, order.status, order.limitPrice ?? order.stopPrice ?? '');
        if (order.parentOrderId !== null && order.status === 'open') working.add(order.id);
        if (working.size === 2) resolve();
      },
      onTrade: (fill) => console.log('fill', fill.side * fill.size, 'at', fill.price),
      onState: (hub, state, reason) => console.log(hub, state, reason),
      onError: (error) => console.log(error.code, error.message),
    });
  });
  await client.streams.subscribeOrders(accountId);
  await client.streams.subscribeTrades(accountId);
  await client.streams.openUser();

  try {
    // A tag is unique for ever; it is how the order is found again if this program ends now.
    const customTag = `example-${crypto.randomUUID().slice(0, 8)}`;
    await client.orders.place({
      accountId,
      contractId: contract.id,
      type: 'market',
      side: 1,
      size: 1,
      customTag,
      bracket: { stopTicks: 40, targetTicks: 80 },
    });
    await protectedBy;
  } finally {
    const report = await client.flatten({ accountId, contractId: contract.id });
    console.log('flat, verified', toIsoUtc(report.verifiedUs));
    await client.close();
  }
}
