"""
backtesting.py with its defaults and margin enough. Where each ticket is alone at work, hedging keeps its trade apart; a crowd
runs without, and its fills have no names: a trade that is closed by another order does not say by which.
"""
import warnings

import backtesting
from backtesting import Backtest, Strategy

from common import main

backtesting.backtesting._tqdm = lambda sequence, **_: sequence
# It warns of exits that it postpones to the next bar; the comparison finds them by their fills.
warnings.filterwarnings("ignore")
CASH = 1e12


def strategy_of(job):
    class Sender(Strategy):
        def init(self):
            self.waiting = {}

        def next(self):
            row = len(self.data) - 1
            for trade in self.trades if not job.crowd else ():
                # Trades of single orders are of no interest beyond their entry: closed, they cost no time.
                if not (trade.sl or trade.tp) and trade.tag[1] == "single" and trade.entry_bar < row:
                    trade.close()
            for ticket in job.at("close", row):
                for trade in self.trades:
                    if trade.tag[0] == ticket["id"]:
                        trade.sl = trade.tp = None
                        trade.close()
            for ticket in job.at("cancel", row):
                order = self.waiting.pop(ticket["id"], None)
                if order in self.orders:
                    order.cancel()
            for ticket in job.at("row", row):
                legs = {leg["leg"]: leg for leg in ticket["legs"]}
                entry = legs["e"]
                send = self.buy if entry["side"] > 0 else self.sell
                self.waiting[ticket["id"]] = send(
                    size=entry["qty"],
                    limit=entry.get("limit"),
                    stop=entry.get("stop"),
                    sl=legs["s"]["stop"] if "s" in legs else None,
                    tp=legs["t"]["limit"] if "t" in legs else None,
                    tag=(ticket["id"], ticket["group"]),
                )

    return Sender


def run(job):
    test = Backtest(
        job.frame("close"), strategy_of(job), cash=CASH, margin=1e-3, hedging=not job.crowd, finalize_trades=False
    )
    stats = test.run()
    if job.crowd:
        note_nameless(job, stats)
        return
    legs = {ticket["id"]: {leg["leg"]: leg for leg in ticket["legs"]} for ticket in job.tickets}
    closed = zip(*(stats["_trades"][name] for name in ("Tag", "EntryBar", "EntryPrice", "ExitBar", "ExitPrice", "SL", "TP")))
    for (number, group), entry_bar, entry, exit_bar, price, sl, tp in closed:
        job.fill(number, "e", entry_bar, entry)
        if group == "bracket":
            side = legs[number]["e"]["side"]
            leg = "x" if exit_bar > job_close(job, number) else "s" if side * (price - legs[number]["s"]["stop"]) <= 0 else "t"
            job.fill(number, leg, exit_bar, price)
    for trade in stats["_strategy"].trades:
        job.fill(trade.tag[0], "e", trade.entry_bar, trade.entry_price)


def note_nameless(job, stats):
    """Fills of a crowd by bar, side and price alone; the side stands for the leg."""
    closed = stats["_trades"]
    for size, row, price in zip(closed["Size"], closed["EntryBar"], closed["EntryPrice"]):
        job.fill(-1, "buy" if size > 0 else "sell", row, price, abs(size))
    for size, row, price in zip(closed["Size"], closed["ExitBar"], closed["ExitPrice"]):
        job.fill(-1, "sell" if size > 0 else "buy", row, price, abs(size))
    for trade in stats["_strategy"].trades:
        job.fill(-1, "buy" if trade.size > 0 else "sell", trade.entry_bar, trade.entry_price, abs(trade.size))


def job_close(job, number):
    return job.tickets[number]["close"]


main(run)
