"""Recomputes the figures of a run from its Arrow tables, written from the definitions in docs/reference/metrics.md and
not from the program, and compares them with summary.json. Exit status 1 on any difference."""

import json
import math
import sys
from pathlib import Path

import pyarrow as pa

TOLERANCE = 1e-9


def read(path):
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all().to_pydict()


def mean(values):
    return math.fsum(values) / len(values)


def deviation(values):
    m = mean(values)
    return math.sqrt(math.fsum((v - m) ** 2 for v in values) / (len(values) - 1))


def quantile(values, p):
    ordered = sorted(values)
    at = p * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def figures(run):
    manifest = json.loads((run / "manifest.json").read_text())
    equity = read(run / "equity.arrow")
    trades = read(run / "trades.arrow")
    start = manifest["capitalMicros"]
    level = equity["equityMicros"]
    before = [start, *level[:-1]]
    pnl = [(b - a) / 1e6 for a, b in zip(before, level)]
    capital = start / 1e6
    fixed = manifest["returnBase"] == "fixed"
    returns = [p / (capital if fixed else a / 1e6) for p, a in zip(pnl, before)]
    out = {"netProfit": (level[-1] - start) / 1e6}
    index, indices = 1.0, []
    for r in returns:
        index = index + r if fixed else index * (1 + r)
        indices.append(index)
    out["totalReturn"] = index - 1
    m, s, count = mean(returns), deviation(returns), len(returns)
    root = math.sqrt(252)
    out["volatility"] = root * s
    out["sharpe"] = root * m / s
    out["annualReturn"] = 252 * m
    out["dailyDeviation"] = deviation(pnl)
    out["sortino"] = root * m / math.sqrt(mean([min(r, 0) ** 2 for r in returns]))
    q = m / s
    central = [r - m for r in returns]
    m2 = mean([c**2 for c in central])
    g3 = mean([c**3 for c in central]) / m2**1.5
    g4 = mean([c**4 for c in central]) / m2**2
    out["sharpeError"] = root * math.sqrt((1 - g3 * q + (g4 - 1) / 4 * q * q) / (count - 1))
    out["skew"] = math.sqrt(count * (count - 1)) / (count - 2) * g3
    out["excessKurtosis"] = (count - 1) / ((count - 2) * (count - 3)) * ((count + 1) * (g4 - 3) + 6)
    if not fixed:
        days = equity["tradeDate"][-1] - equity["tradeDate"][0] + 1
        if days / 365.25 >= 1:
            out["cagr"] = index ** (365.25 / days) - 1
    peak, worst = start, 0
    for e in level:
        peak = max(peak, e)
        worst = max(worst, peak - e)
    out["maxDrawdown"] = worst / 1e6
    peak, worst = 1.0, 0.0
    for i in indices:
        peak = max(peak, i)
        worst = max(worst, (peak - i) if fixed else (1 - i / peak))
    out["maxDrawdownShare"] = worst
    out["valueAtRisk95"] = -quantile(pnl, 0.05)
    out["expectedShortfall95"] = -mean([p for p in pnl if p <= quantile(pnl, 0.05)])
    out["tailRatio"] = abs(quantile(returns, 0.95)) / abs(quantile(returns, 0.05))
    out["winningDates"] = sum(p > 0 for p in pnl) / count
    closed = [i for i, is_open in enumerate(trades["isOpen"]) if not is_open]
    net = [trades["netMicros"][i] * trades["rate"][i] / 1e6 for i in closed]
    wins, losses = [n for n in net if n > 0], [n for n in net if n < 0]
    out["closedTrades"] = len(net)
    if net:
        out["hitRate"] = len(wins) / len(net)
        out["expectancy"] = mean(net)
    if wins and losses:
        out["profitFactor"] = math.fsum(wins) / -math.fsum(losses)
        out["payoff"] = mean(wins) / -mean(losses)
    if len(net) > 1:
        out["tradeT"] = math.sqrt(len(net)) * mean(net) / deviation(net)
    identities = {
        "trades, closed and open, make the net profit": (
            math.fsum(n * r for n, r in zip(trades["netMicros"], trades["rate"])) / 1e6,
            out["netProfit"],
        ),
        "gross less fees is net": (
            sum(trades["grossMicros"]) - sum(trades["feesMicros"]),
            sum(trades["netMicros"]),
        ),
    }
    return out, identities


def main():
    run = Path(sys.argv[1])
    expected, identities = figures(run)
    summary = json.loads((run / "summary.json").read_text())["result"]["metrics"]
    bad = []
    for name, value in expected.items():
        seen = summary[name]["value"]
        if seen is None or abs(seen - value) > TOLERANCE * max(1.0, abs(value)):
            bad.append(f"{name}: summary {seen}, here {value}")
    for name, (a, b) in identities.items():
        if abs(a - b) > TOLERANCE * max(1.0, abs(a)):
            bad.append(f"{name}: {a} against {b}")
    print(f"{run.name}: {len(expected)} figures and {len(identities)} identities, {len(bad)} differ")
    for line in bad:
        print("  " + line)
    sys.exit(1 if bad or not expected else 0)


main()
