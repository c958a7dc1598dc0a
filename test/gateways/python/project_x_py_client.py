"""Logs in, streams, trades and reconciles with the published client `project-x-py`, unmodified: only its addresses are set."""

import asyncio
import os
import sys

from project_x_py import ProjectX
from project_x_py.models import ProjectXConfig
from project_x_py.order_manager import OrderManager
from project_x_py.event_bus import EventBus
from project_x_py.realtime import ProjectXRealtimeClient

URL, CONTRACT, ACCOUNT = sys.argv[1], sys.argv[2], sys.argv[3]


async def until(what, fits, seconds=15):
    for _ in range(seconds * 20):
        if fits():
            return
        await asyncio.sleep(0.05)
    raise SystemExit(f"never came: {what}")


async def main():
    config = ProjectXConfig(
        api_url=f"{URL}/api",
        user_hub_url=f"{URL}/hubs/user",
        market_hub_url=f"{URL}/hubs/market",
    )
    key = os.environ["FRONTMONTH_EXCHANGE_KEY"]
    async with ProjectX("demo", key, config=config, account_name=ACCOUNT) as client:
        await client.authenticate()
        account = client.get_account_info()
        assert account.name == ACCOUNT, account
        contracts = await client.list_available_contracts()
        assert any(each.id == CONTRACT for each in contracts), contracts
        bars = await client.get_bars("MES", days=1, interval=5)
        assert len(bars) > 10, bars

        stream = ProjectXRealtimeClient(client.get_session_token(), str(account.id), config=config)
        heard = {name: [] for name in ("quote_update", "market_trade", "market_depth", "order_update", "position_update")}
        for name, events in heard.items():

            async def take(event, events=events):
                events.append(event)

            await stream.add_callback(name, take)
        assert await stream.connect(), "the hubs do not open"
        assert await stream.subscribe_user_updates()
        assert await stream.subscribe_market_data([CONTRACT])
        for name in ("quote_update", "market_trade", "market_depth"):
            await until(name, lambda name=name: heard[name])

        orders = OrderManager(client, EventBus())
        assert await orders.initialize(stream)
        placed = await orders.place_order(CONTRACT, order_type=2, side=0, size=1)
        assert placed.success, placed
        await until("a position", lambda: heard["position_update"])
        resting = await orders.place_order(
            CONTRACT, order_type=1, side=0, size=1, limit_price=5000.0
        )
        assert resting.success, resting
        open_ids = [each.id for each in await orders.search_open_orders()]
        assert resting.orderId in open_ids, open_ids
        assert await orders.modify_order(resting.orderId, limit_price=5001.0)
        assert await orders.cancel_order(resting.orderId)
        positions = await client.search_open_positions()
        assert [each.size for each in positions] == [1], positions
        closed = await orders.place_order(CONTRACT, order_type=2, side=1, size=1)
        assert closed.success, closed
        for _ in range(100):
            if not await client.search_open_positions():
                break
            await asyncio.sleep(0.1)
        assert not await client.search_open_positions()
        trades = await client.search_trades()
        assert len(trades) >= 2, trades
        counts = {name: len(events) for name, events in heard.items()}
        await stream.disconnect()
        print(f"project-x-py: {counts}, {len(trades)} trades")


asyncio.run(asyncio.wait_for(main(), 60))
sys.stdout.flush()
os._exit(0)
