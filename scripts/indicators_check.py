"""Recomputes the indicators of a folder of columns, with TA-Lib where it has them and otherwise with numpy, from the
definitions in docs/reference/indicators.md and not from the program. Where the conventions differ, the difference is first
explained (a seed, a first bar, a flat market) and then checked to be that and nothing else. Exit status 1 on any other."""

import sys
from pathlib import Path

import numpy as np
import talib

DIR, TICK = Path(sys.argv[1]), float(sys.argv[2])
DAY, MINUTE = 86_400_000_000, 60_000_000
bad, notes, checked = [], [], 0


def load(name):
    return np.fromfile(DIR / f"{name}.f64")


high, low, close, volume = (load(f"in.{n}") for n in ("high", "low", "close", "volume"))
open_us, close_us = load("in.openUs"), load("in.closeUs")
rows = len(close)
level = np.max(np.abs(close))
# The session is the Globex day, which opens at 23:00 UTC in winter.
session = np.floor_divide(open_us + 3_600_000_000, DAY)


def same(name, theirs, tolerance, start=None, but=None, scale=1.0):
    """Equal from `start` on (default: also in where it begins), but for the rows of the mask `but`."""
    global checked
    ours = load(name)
    checked += 1
    if start is None and not np.array_equal(np.isnan(ours), np.isnan(theirs)):
        first = lambda a: int(np.argmax(~np.isnan(a)))
        bad.append(f"{name}: begins at row {first(ours)}, there at {first(theirs)}")
        return
    keep = ~np.isnan(theirs)
    if start is not None:
        keep &= np.arange(rows) >= start
    if but is not None:
        keep &= ~but
    if not keep.any():
        bad.append(f"{name}: nothing to compare")
        return
    away = np.abs(ours[keep] - theirs[keep]) / scale
    worst = np.max(away) if not np.isnan(away).any() else np.inf
    if not worst <= tolerance:
        at = np.flatnonzero(keep)[np.nanargmax(np.where(np.isnan(away), np.inf, away))]
        bad.append(f"{name}: {ours[at]!r} at row {at}, there {theirs[at]!r} ({worst:.2e}, allowed {tolerance:.0e})")


def fades(name, theirs, factor, start, tolerance, scale=1.0):
    """Another seed: the difference falls by `factor` a bar, so it must be gone when that is below 1e-14."""
    gone = start + int(np.ceil(np.log(1e-14) / np.log(factor)))
    ours = load(name)
    early = np.nanmax(np.abs(ours[start:gone] - theirs[start:gone])) / scale
    same(name, theirs, tolerance, start=gone, scale=scale)
    notes.append(f"{name}: another seed, {early:.1e} at first, checked from row {gone}")


def windows(values, length):
    return np.lib.stride_tricks.sliding_window_view(values, length)


def padded(values, before):
    return np.concatenate([np.full(before, np.nan), values])


def wilder(values, length):
    out = np.full(len(values), np.nan)
    mean = np.mean(values[:length])
    out[length - 1] = mean
    for i in range(length, len(values)):
        mean = (mean * (length - 1) + values[i]) / length
        out[i] = mean
    return out


PRICE, EXACT = 1e-12 * level, 1e-12

# --- TA-Lib, same conventions
same("sma.value", talib.SMA(close, 20), 1e-11, scale=level)
same("ema.value", talib.EMA(close, 20), EXACT, scale=level)
same("wma.value", talib.WMA(close, 20), 1e-11, scale=level)
same("highest.value", talib.MAX(high, 20), 0)
same("lowest.value", talib.MIN(low, 20), 0)
same("donchian.upper", talib.MAX(high, 20), 0)
same("donchian.lower", talib.MIN(low, 20), 0)
same("donchian.value", talib.MIDPRICE(high, low, 20), EXACT, scale=level)
same("rsi.value", talib.RSI(close, 14), 1e-8)
# TA-Lib's line takes sums of bar number × price: its slope has the digits that these leave.
same("regression.value", talib.LINEARREG_SLOPE(close, 30), 1e-12, scale=level)
same("regression.fitted", talib.LINEARREG(close, 30), 1e-11, scale=level)
balance = talib.OBV(close, volume)
same("obv.value", balance - volume[0], 0)

# --- squares of prices: TA-Lib's variance is known to 1e-12 of the level squared only; ours is compared with two passes too
upper, middle, lower = talib.BBANDS(close, 20, 2, 2)
same("bollinger.value", middle, 1e-11, scale=level)
ours = (load("bollinger.upper") - load("bollinger.lower")) / 4
keep = ~np.isnan(middle)
gap = np.max(np.abs(ours[keep] ** 2 - ((upper - lower)[keep] / 4) ** 2)) / level**2
checked += 1
if gap > 1e-12:
    bad.append(f"bollinger: variance {gap:.1e} of the level squared away from TA-Lib")
exact = padded(np.std(windows(close, 20), axis=1), 19)
same("bollinger.upper", middle + 2 * exact, 1e-11, scale=level)
same("bollinger.lower", middle - 2 * exact, 1e-11, scale=level)
same("deviation.value", padded(np.std(windows(close, 30), axis=1, ddof=1), 29), 1e-11, scale=level)

# --- CCI: in a flat window TA-Lib divides what rounding leaves
typical = (high + low + close) / 3
flat = padded(np.ptp(windows(typical, 20), axis=1), 19) < 1e-9 * level
same("cci.value", talib.CCI(high, low, close, 20), 1e-5, but=flat)
checked += 1
if np.any(load("cci.value")[flat] != 0):
    bad.append("cci: not 0 in a flat window")
notes.append(f"cci: {int(flat.sum())} flat windows are 0 here")

# --- ATR: TA-Lib leaves the first range out; a bar before the first that spans nothing gives it back, one row later
before = (high[0] + low[0]) / 2
led = lambda values: np.concatenate([[before], values])
ranges = talib.ATR(led(high), led(low), led(close), 14)[1:]
same("atr.value", ranges, EXACT, scale=level)
ranges = talib.ATR(led(high), led(low), led(close), 10)[1:]
middle = talib.EMA(close, 20)
same("keltner.value", middle, EXACT, scale=level)
same("keltner.upper", middle + 2 * ranges, EXACT, scale=level)
same("keltner.lower", middle - 2 * ranges, EXACT, scale=level)

# --- stochastic: TA-Lib shows %K from the first %D on, and takes an empty range for 0
slow_k, slow_d = talib.STOCH(high, low, close, 14, 3, 0, 3, 0)
empty = padded(np.max(windows(high, 14), axis=1) - np.min(windows(low, 14), axis=1), 13) == 0
near_k = np.array([empty[max(0, i - 2) : i + 1].any() for i in range(rows)])
near_d = np.array([empty[max(0, i - 4) : i + 1].any() for i in range(rows)])
same("stochastic.value", slow_k, 1e-8, start=17, but=near_k)
same("stochastic.d", slow_d, 1e-8, but=near_d)
notes.append(f"stochastic: {int(empty.sum())} empty ranges are 50 here, 0 there")

# --- other seeds
macd, signal, histogram = talib.MACD(close, 12, 26, 9)
fades("macd.value", macd, 25 / 27, 33, 1e-11, scale=level)
fades("macd.signal", signal, 25 / 27, 33, 1e-11, scale=level)
fades("macd.histogram", histogram, 25 / 27, 33, 1e-11, scale=level)
# Equal moves up and down count for neither; in decimals TA-Lib sees the last bit of a move, so it gets whole ticks.
ticks = [np.rint(values / TICK) for values in (high, low, close)]
is_on_grid = all(np.max(np.abs(t * TICK - v)) < 1e-9 * level for t, v in zip(ticks, (high, low, close)))
counts = ticks if is_on_grid else [high, low, close]
if is_on_grid:
    unlike = np.nansum(np.abs(talib.PLUS_DI(high, low, close, 14) - talib.PLUS_DI(*counts, 14)) > 1e-6)
    notes.append(f"adx: compared in ticks; in decimals TA-Lib differs from itself in {int(unlike)} rows")
fades("adx.value", talib.ADX(*counts, 14), 13 / 14, 27, 1e-7)
fades("adx.plusDi", talib.PLUS_DI(*counts, 14), 13 / 14, 14, 1e-7)
fades("adx.minusDi", talib.MINUS_DI(*counts, 14), 13 / 14, 14, 1e-7)

# --- what TA-Lib has not: numpy, from the definitions
same("rma.value", wilder(close, 14), EXACT, scale=level)
changes = np.diff(close)
same("change-stdev.value", padded(np.std(windows(changes, 30), axis=1, ddof=1), 30), 1e-11, scale=level)
w = windows(close, 30)
deviation = np.std(w, axis=1, ddof=1)
still = deviation < 1e-9 * level
z = padded(np.where(still, 0, (w[:, -1] - np.mean(w, axis=1)) / np.where(still, 1, deviation)), 29)
same("z-score.value", z, 1e-6)
# Prices of a source in doubles: what 1e-12 tells apart is one price.
w = windows(np.round(close / level, 12), 100)
x = w[:, -1:]
same("percentile-rank.value", padded(100 * (np.sum(w < x, axis=1) + (np.sum(w == x, axis=1) - 1) / 2) / 99, 99), 1e-9)
realised = np.sqrt(252 * np.mean(windows(changes, 30) ** 2, axis=1))
same("realised-volatility.value", padded(realised, 30), 1e-10, scale=level)
with np.errstate(invalid="ignore", divide="ignore"):
    logs = np.where((close[1:] > 0) & (close[:-1] > 0), np.log(close[1:] / close[:-1]), np.nan)
same("realised-volatility-log.value", padded(np.std(windows(logs, 30), axis=1, ddof=1), 30), 1e-10)


def averages(groups, start):
    value, spread = np.full(rows, np.nan), np.full(rows, np.nan)
    for at in groups:
        at = at[at >= start]
        if len(at) == 0:
            continue
        p, v = typical[at], volume[at]
        total = np.cumsum(v)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.cumsum(v * (p - p[0])) / total
            squares = np.cumsum(v * (p - p[0]) ** 2) / total
        value[at] = p[0] + mean
        spread[at] = np.sqrt(np.maximum(squares - mean**2, 0))
    return value, spread


sessions = [np.flatnonzero(session == s) for s in np.unique(session)]
value, spread = averages(sessions, 0)
same("session-vwap.value", value, 1e-11, scale=level)
same("session-vwap.deviation", spread, 1e-7, scale=level)
value, spread = averages([np.arange(rows)], 100)
same("anchored-vwap.value", value, 1e-11, scale=level)
same("anchored-vwap.deviation", spread, 1e-7, scale=level)

names = ["value", "r1", "r2", "r3", "s1", "s2", "s3"]
classic = {n: np.full(rows, np.nan) for n in names}
camarilla = {n: np.full(rows, np.nan) for n in names}
for last, at in zip(sessions, sessions[1:]):
    h, l, c = high[last].max(), low[last].min(), close[last][-1]
    p = (h + l + c) / 3
    for n, y in zip(names, [p, 2 * p - l, p + h - l, h + 2 * (p - l), 2 * p - h, p - h + l, l - 2 * (h - p)]):
        classic[n][at] = y
    for n, d in zip(names, [None, 12, 6, 4, -12, -6, -4]):
        camarilla[n][at] = p if d is None else c + 1.1 * (h - l) / d
for n in names:
    same(f"pivot-points.{n}", classic[n], 1e-12, scale=level)
    same(f"camarilla.{n}", camarilla[n], 1e-12, scale=level)

if np.median(close_us - open_us) == MINUTE:
    top, bottom = np.full(rows, np.nan), np.full(rows, np.nan)
    for at in sessions:
        end = open_us[at[0]] + 30 * MINUTE
        inside = at[close_us[at] <= end]
        after = at[close_us[at] >= end]
        top[after], bottom[after] = high[inside].max(), low[inside].min()
    same("opening-range.upper", top, 0)
    same("opening-range.lower", bottom, 0)

# --- the profile at the end of each session; equal rows within rounding may go either way
size = 4 * TICK
points, tops, bottoms = (load(f"volume-profile.{n}") for n in ("value", "areaHigh", "areaLow"))
checked += 3
for at in sessions:
    lo, hi = np.floor(low[at] / size + 0.5).astype(int), np.floor(high[at] / size + 0.5).astype(int)
    first = lo.min()
    held = np.zeros(hi.max() - first + 1)
    for a, b, v in zip(lo, hi, volume[at]):
        held[a - first : b - first + 1] += v / (b - a + 1)
    end = at[-1]
    point, top, bottom = points[end], tops[end], bottoms[end]
    if held.sum() == 0:
        continue
    k = lambda price: int(round(price / size)) - first
    if abs(held[k(point)] - held.max()) > 1e-9 * held.max():
        bad.append(f"volume-profile: point {point} holds {held[k(point)]}, the largest row {held.max()}")
    share = held[k(bottom) : k(top) + 1].sum() / held.sum()
    # The row that was taken last is at one of the ends.
    last = max(held[k(bottom)], held[k(top)]) / held.sum()
    if not (share >= 0.7 - 1e-9 and (share - last < 0.7 + 1e-9 or top == bottom)):
        bad.append(f"volume-profile: the area of row {end} holds {share}, without its larger end {share - last}")

fast, slow = talib.SMA(close, 10), talib.SMA(close, 50)
side, last = np.zeros(rows), 0
crosses = np.full(rows, np.nan)
touch = np.abs(fast - slow) < 1e-9 * level
for i in range(49, rows):
    now = last if touch[i] else np.sign(fast[i] - slow[i])
    crosses[i] = now if last != 0 and now != last else 0
    last = now
near = np.array([touch[max(0, i - 20) : i + 1].any() for i in range(rows)])
same("cross-over.value", crosses, 0, but=near)

print(f"  {checked} comparisons, TA-Lib {talib.__version__}, {len(bad)} differ")
for line in notes:
    print("  explained: " + line)
for line in bad:
    print("  DIFFERS: " + line)
sys.exit(1 if bad else 0)
