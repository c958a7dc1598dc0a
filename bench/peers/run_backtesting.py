"""backtesting.py: averages through `self.I`, market orders at the next open, one contract as 50 units."""
import backtesting
import pandas as pd
from backtesting import Backtest, Strategy

from bars import CAPITAL, FAST, FEE, FIRST_SIGNAL, MULTIPLIER, SLOW, frame
from measure import measure

# The progress bar costs time and nobody reads it here.
backtesting.backtesting._tqdm = lambda sequence, **_: sequence


def ema(values, span):
    return pd.Series(values).ewm(span=span, adjust=False).mean()


class Cross(Strategy):
    def init(self):
        self.fast = self.I(ema, self.data.Close, FAST)
        self.slow = self.I(ema, self.data.Close, SLOW)

    def next(self):
        if len(self.data) <= FIRST_SIGNAL:
            return
        if not self.position:
            if self.fast[-1] > self.slow[-1]:
                self.buy(size=MULTIPLIER)
        elif self.fast[-1] < self.slow[-1]:
            self.position.close()


def run(bars):
    # A fixed commission is taken at each side.
    return Backtest(bars, Cross, cash=CAPITAL, commission=(FEE, 0.0), finalize_trades=False).run()


def fills_of(stats):
    trades = stats["_trades"]
    fills = [(row, 1, price) for row, price in zip(trades["EntryBar"], trades["EntryPrice"])]
    fills += [(row, -1, price) for row, price in zip(trades["ExitBar"], trades["ExitPrice"])]
    # A trade still open at the end is not in the table of trades.
    still = stats["_strategy"].trades
    fills += [(trade.entry_bar, 1, trade.entry_price) for trade in still]
    return sorted(fills)


measure(
    "backtesting.py",
    backtesting.__version__,
    frame,
    run,
    fills_of,
    lambda stats: stats["_equity_curve"]["Equity"].iloc[-1] - CAPITAL,
)
