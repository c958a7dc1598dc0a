"""The bars of `bars.ts`, made again with integers in numpy, and the terms on which every program trades."""
import numpy as np

START_NS = 1_577_836_800_000_000_000
MINUTE_NS = 60_000_000_000
TICK_SIZE = 0.25
MULTIPLIER = 50
FEE = 2.25
CAPITAL = 10_000_000
FAST = 10
SLOW = 50
FIRST_SIGNAL = 1_000
FIRST_PRICE = 100_000


def mix(value):
    """The finaliser of MurmurHash3 on unsigned 32-bit integers."""
    h = value.astype(np.uint32)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))


def make_bars(bars):
    """Columns of int64: open, high, low, close in ticks, volume, and the times of open and close in nanoseconds."""
    row = np.arange(bars, dtype=np.int64)
    gap, body, up, down = (mix(4 * row + k).astype(np.int64) for k in range(4))
    volume = 100 + (gap >> 16) % 900
    gap, body, up, down = gap % 3 - 1, body % 9 - 4, up % 4, down % 4
    close = FIRST_PRICE + np.cumsum(gap + body)
    open_ = close - body
    open_ns = START_NS + row * MINUTE_NS
    return {
        "open": open_,
        "high": np.maximum(open_, close) + up,
        "low": np.minimum(open_, close) - down,
        "close": close,
        "volume": volume,
        "open_ns": open_ns,
        "close_ns": open_ns + MINUTE_NS,
    }


def checksum(bars):
    """Sum modulo 2^32 of all values, each weighted by its column and its row, as `Checksum` of `bars.ts`."""
    row = 3 * bars["open"] + 5 * bars["high"] + 7 * bars["low"] + 11 * bars["close"] + 13 * bars["volume"]
    weight = np.arange(1, len(row) + 1, dtype=np.uint64)
    return int(np.sum(weight * row.astype(np.uint64), dtype=np.uint64) % 2**32)


def frame(bars):
    """The bars as programs on pandas want them: prices in points, one row a minute, stamped at the open."""
    import pandas as pd

    columns = {name.capitalize(): bars[name] * TICK_SIZE for name in ("open", "high", "low", "close")}
    columns["Volume"] = bars["volume"].astype(float)
    return pd.DataFrame(columns, index=pd.to_datetime(bars["open_ns"]))
