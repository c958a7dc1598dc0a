"""
LEAN was not run: it needs its own engine. These are the formulas of its published `FillModel` and `FutureFillModel`, written
down a second time, with decimals as it has them and bars of trades alone.
"""
from decimal import Decimal

from common import main


class Order:
    def __init__(self, ticket, leg):
        self.id = ticket["id"]
        self.qty = leg["qty"]
        self.buys = leg["side"] > 0
        self.kind = leg["type"]
        self.limit = Decimal(leg["limit"]) if "limit" in leg else None
        self.stop = Decimal(leg["stop"]) if "stop" in leg else None
        self.trail = Decimal(leg["trail"]) if "trail" in leg else None
        self.triggered = False

    def fill(self, high, low, close):
        """Price of the fill on a bar that ended after the order was sent, or None."""
        if self.kind == "limit":
            if self.buys:
                return min(high, self.limit) if low < self.limit else None
            return max(low, self.limit) if high > self.limit else None
        if self.kind == "stop":
            if self.buys:
                return max(self.stop, close) if high > self.stop else None
            return min(self.stop, close) if low < self.stop else None
        if self.kind == "stop-limit":
            self.triggered = self.triggered or (high > self.stop if self.buys else low < self.stop)
            if self.triggered and self.buys and close < self.limit:
                return min(high, self.limit)
            if self.triggered and not self.buys and close > self.limit:
                return max(low, self.limit)
            return None
        if self.kind == "limit-if-touched":
            self.triggered = self.triggered or (low <= self.stop if self.buys else high >= self.stop)
            within = close <= self.limit if self.buys else close >= self.limit
            return self.limit if self.triggered and within else None
        return self.trailing(high, low, close)

    def trailing(self, high, low, close):
        if self.buys:
            if high >= self.stop:
                return max(self.stop, close)
            if self.stop - low > self.trail:
                self.stop = low + self.trail
            return None
        if low <= self.stop:
            return min(self.stop, close)
        if high - self.stop > self.trail:
            self.stop = high - self.trail
        return None


def run(job):
    working = {}
    for row in range(job.rows):
        high, low, close = (Decimal(job.bars[name][row]) for name in ("high", "low", "close"))
        for order in list(working.values()):
            price = order.fill(high, low, close)
            if price is not None:
                job.fill(order.id, "e", row, price, order.qty)
                del working[order.id]
        for ticket in job.at("cancel", row):
            working.pop(ticket["id"], None)
        for ticket in job.at("row", row):
            order = Order(ticket, ticket["legs"][0])
            if order.kind == "market":
                job.fill(order.id, "e", row, close, order.qty)
                continue
            if order.kind == "trailing-stop":
                order.stop = close + order.trail if order.buys else close - order.trail
            working[order.id] = order


main(run)
