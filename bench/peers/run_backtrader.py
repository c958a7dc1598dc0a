"""backtrader: its own EMA, market orders at the next open, a futures commission scheme; observers and line buffers off."""
import backtrader as bt

from bars import CAPITAL, FAST, FEE, FIRST_SIGNAL, MULTIPLIER, SLOW, frame
from measure import measure


class Cross(bt.Strategy):
    def __init__(self):
        self.fast = bt.ind.EMA(self.data.close, period=FAST)
        self.slow = bt.ind.EMA(self.data.close, period=SLOW)
        self.fills = []

    def next(self):
        if len(self.data) <= FIRST_SIGNAL:
            return
        if not self.position:
            if self.fast[0] > self.slow[0]:
                self.buy(size=1)
        elif self.fast[0] < self.slow[0]:
            self.close()

    def notify_order(self, order):
        if order.status == order.Completed:
            side = 1 if order.isbuy() else -1
            self.fills.append((len(self.data) - 1, side, order.executed.price))


def run(bars):
    cerebro = bt.Cerebro(stdstats=False)
    cerebro.adddata(bt.feeds.PandasDirectData(dataname=bars, openinterest=-1))
    cerebro.addstrategy(Cross)
    cerebro.broker.setcash(CAPITAL)
    cerebro.broker.setcommission(commission=FEE, margin=10_000.0, mult=MULTIPLIER)
    (strategy,) = cerebro.run()
    return strategy.fills, cerebro.broker.getvalue() - CAPITAL


measure("backtrader", bt.__version__, frame, run, lambda result: result[0], lambda result: result[1])
