"""
vectorbt, its compiled path: pandas averages, signals moved one bar, `Portfolio.from_signals` at the open.
`order_func` as the fourth argument: the same decisions in a compiled order function of `Portfolio.from_order_func`.
"""
import sys

import numpy as np
import vectorbt as vbt
from numba import njit
from vectorbt.portfolio import nb

from bars import CAPITAL, FAST, FEE, FIRST_SIGNAL, MULTIPLIER, SLOW, frame
from measure import measure

HOW = sys.argv[4] if len(sys.argv) > 4 else "from_signals"


def signals(bars):
    close = bars["Close"]
    fast = close.ewm(span=FAST, adjust=False).mean()
    slow = close.ewm(span=SLOW, adjust=False).mean()
    is_warm = np.arange(len(close)) >= FIRST_SIGNAL
    return (fast > slow) & is_warm, (fast < slow) & is_warm


def from_signals(bars):
    entries, exits = signals(bars)
    return vbt.Portfolio.from_signals(
        bars["Close"],
        entries.vbt.signals.fshift(1),
        exits.vbt.signals.fshift(1),
        price=bars["Open"],
        # One contract is as many units as dollars a point.
        size=MULTIPLIER,
        fixed_fees=FEE,
        init_cash=CAPITAL,
    )


@njit
def order_func(c, entries, exits, open_, size, fee):
    if c.i == 0:
        return nb.order_nothing_nb()
    if entries[c.i - 1] and c.position_now == 0:
        return nb.order_nb(size=size, price=open_[c.i], fixed_fees=fee)
    if exits[c.i - 1] and c.position_now > 0:
        return nb.order_nb(size=-size, price=open_[c.i], fixed_fees=fee)
    return nb.order_nothing_nb()


def from_order_func(bars):
    entries, exits = signals(bars)
    return vbt.Portfolio.from_order_func(
        bars["Close"],
        order_func,
        entries.to_numpy(),
        exits.to_numpy(),
        bars["Open"].to_numpy(),
        float(MULTIPLIER),
        FEE,
        init_cash=CAPITAL,
    )


def run(bars):
    portfolio = from_order_func(bars) if HOW == "order_func" else from_signals(bars)
    # The value of every bar is what the others have when they end; it is worked out when asked for.
    return portfolio, portfolio.value().iloc[-1] - CAPITAL


def fills_of(result):
    records = result[0].orders.values
    side = np.where(records["side"] == 0, 1, -1)
    return zip(records["idx"], side, records["price"])


measure(f"vectorbt {HOW}", vbt.__version__, frame, run, fills_of, lambda result: result[1])
