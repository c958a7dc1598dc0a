"""backtrader with its defaults and cash enough; bars are stamped at their close, which dates of orders are compared with."""
import datetime

import backtrader as bt

from common import main

TYPES = {
    "market": bt.Order.Market,
    "limit": bt.Order.Limit,
    "stop": bt.Order.Stop,
    "stop-limit": bt.Order.StopLimit,
    "trailing-stop": bt.Order.StopTrail,
}


def fields(leg, bars):
    """Arguments of an order, as the program names them."""
    kind = leg["type"]
    named = {"size": leg["qty"], "exectype": TYPES[kind]}
    if kind == "limit":
        named["price"] = leg["limit"]
    elif kind in ("stop", "stop-limit"):
        named["price"] = leg["stop"]
    if kind == "stop-limit":
        named["plimit"] = leg["limit"]
    if kind == "trailing-stop":
        named["trailamount"] = leg["trail"]
    if leg.get("tif") == "gtd":
        micros = int(bars["closeUs"][leg["until"]])
        named["valid"] = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=micros)
    return named


def strategy_of(job):
    class Sender(bt.Strategy):
        def __init__(self):
            self.orders = {}
            self.names = {}
            self.done = set()

        def note(self, ticket, leg, order):
            self.orders[ticket["id"], leg] = order
            self.names[order.ref] = (ticket["id"], leg)

        def drop(self, ticket, leg):
            order = self.orders.get((ticket["id"], leg))
            if order is not None and order.alive():
                self.cancel(order)

        def next(self):
            row = len(self.data) - 1
            for ticket in job.at("close", row):
                number = ticket["id"]
                if (number, "e") not in self.done or (number, "s") in self.done or (number, "t") in self.done:
                    continue
                self.drop(ticket, "s")
                self.drop(ticket, "t")
                send = self.sell if ticket["legs"][0]["side"] > 0 else self.buy
                self.note(ticket, "x", send(size=ticket["legs"][0]["qty"]))
            for ticket in job.at("cancel", row):
                if ticket["group"] != "bracket":
                    for leg in ticket["legs"]:
                        self.drop(ticket, leg["leg"])
                elif (ticket["id"], "e") not in self.done:
                    self.drop(ticket, "e")
            for ticket in job.at("row", row):
                self.place(ticket)

        def place(self, ticket):
            first = None
            for at, leg in enumerate(ticket["legs"]):
                send = self.buy if leg["side"] > 0 else self.sell
                named = fields(leg, job.bars)
                if ticket["group"] == "bracket":
                    named["transmit"] = at == len(ticket["legs"]) - 1
                    if first is not None:
                        named["parent"] = first
                elif ticket["group"] == "oco" and first is not None:
                    named["oco"] = first
                order = send(**named)
                first = first or order
                self.note(ticket, leg["leg"], order)

        def notify_order(self, order):
            if order.status in (order.Margin, order.Rejected):
                raise ValueError(f"refused: {order}")
            if order.status == order.Completed:
                number, leg = self.names[order.ref]
                self.done.add((number, leg))
                row = len(self.data) - 1
                job.fill(number, leg, row, order.executed.price, abs(order.executed.size))

    return Sender


def run(job):
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasDirectData(dataname=job.frame("close"), openinterest=-1))
    cerebro.addstrategy(strategy_of(job))
    cerebro.broker.setcash(1e12)
    cerebro.broker.setcommission(commission=0.0, margin=1.0, mult=1.0)
    cerebro.run()


main(run)
