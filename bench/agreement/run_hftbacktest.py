"""
hftbacktest knows quotes and no bars: the open of a bar is the ask that a buy meets and the bid that a sell meets, as deep as
needed. An order is sent before the open of the bar after the one that decided it, and arrives with the quote of that open.
"""
import numpy as np
from hftbacktest import (
    BUY_EVENT,
    DEPTH_EVENT,
    EXCH_EVENT,
    FILLED,
    LIMIT,
    LOCAL_EVENT,
    SELL_EVENT,
    BacktestAsset,
    HashMapMarketDepthBacktest,
    event_dtype,
)
from hftbacktest.order import FOK, IOC

from common import main

TIFS = {"ioc": IOC, "fok": FOK}
DEPTH = 1_000_000
SENT_NS = 2_000  # before the open
ARRIVES_NS = 3_000  # after it was sent
ANSWERS_NS = 1_000


def quotes(bars, side):
    """A book a bar: the open on the side that an order of this side meets, a tick beyond it on the other."""
    rows = []
    book = None
    for open_us, price in zip(bars["openUs"], bars["open"]):
        at = int(open_us) * 1000
        gone, book = book, (price - 1, price) if side > 0 else (price, price + 1)
        for prices, quantity in ((gone, 0), (book, DEPTH)):
            for kind, level in zip((BUY_EVENT, SELL_EVENT), prices or ()):
                rows.append((DEPTH_EVENT | kind | EXCH_EVENT | LOCAL_EVENT, at, at, level, quantity, 0, 0, 0.0))
    return np.array(rows, dtype=event_dtype)


def asset(record):
    return (
        BacktestAsset()
        .data([record])
        .linear_asset(1.0)
        .constant_order_latency(ARRIVES_NS, ANSWERS_NS)
        .risk_adverse_queue_model()
        .partial_fill_exchange()
        .trading_value_fee_model(0.0, 0.0)
        .tick_size(1.0)
        .lot_size(1.0)
        .last_trades_capacity(0)
    )


def run(job):
    for side in (1, -1):
        # It reads the record where it lies: this name keeps it there until the end.
        record = quotes(job.bars, side)
        tester = HashMapMarketDepthBacktest([asset(record)])
        # Its clock stands at the first event from here on.
        tester.elapse(0)
        for ticket in job.tickets:
            leg = ticket["legs"][0]
            if leg["side"] != side:
                continue
            row = ticket["row"] + 1
            send_at = int(job.bars["openUs"][row]) * 1000 - SENT_NS
            if tester.elapse(send_at - tester.current_timestamp) != 0:
                raise RuntimeError(f"ticket {ticket['id']}: the record ended before it was sent")
            submit = tester.submit_buy_order if side > 0 else tester.submit_sell_order
            submit(0, ticket["id"], float(leg["limit"]), float(leg["qty"]), TIFS[leg["tif"]], LIMIT, True)
            order = tester.orders(0).get(ticket["id"])
            if order.status == FILLED:
                job.fill(ticket["id"], "e", row, order.exec_price, int(order.exec_qty))
            tester.clear_inactive_orders(0)
        tester.close()
        del record


main(run)
