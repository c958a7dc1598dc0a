"""Times one program as `program.ts` does, and prints its answer as one line of JSON."""
import json
import os
import resource
import sys
import time

from bars import TICK_SIZE


def cpu_seconds():
    """CPU of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def arguments():
    """Bars, runs, file for the fills, and what follows."""
    bars, runs, fills_file, *rest = sys.argv[1:]
    return int(bars), int(runs), fills_file, rest


def measure(program, version, data_of, run, fills_of, profit_of):
    """`data_of(bars)` loads, `run(data)` is timed; `fills_of` gives rows of (bar, side, price), `profit_of` dollars."""
    from bars import checksum, make_bars

    bars, runs, fills_file, _ = arguments()
    made = make_bars(bars)
    data = data_of(made)
    result = run(data)
    cold_cpu = cpu_seconds()
    # The runner says when it started this process: the interpreter's own start belongs to it.
    cold_wall = time.time() - float(os.environ["PEER_STARTED"])
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    profit_cents = profit_of(result) * 100
    with open(fills_file, "w") as file:
        for row, side, price in fills_of(result):
            file.write(f"{int(row)},{int(side)},{whole(price / TICK_SIZE)}\n")
    del result
    warm_cpu = warm_wall = float("inf")
    for _ in range(1, runs):
        cpu, wall = cpu_seconds(), time.perf_counter()
        run(data)
        warm_cpu = min(warm_cpu, cpu_seconds() - cpu)
        warm_wall = min(warm_wall, time.perf_counter() - wall)
    answer = {
        "program": program,
        "version": f"{version}, Python {sys.version.split()[0]}",
        "bars": bars,
        "checksum": checksum(made),
        "fillsFile": fills_file,
        "profitCents": whole(profit_cents),
        "coldCpu": cold_cpu,
        "coldWall": cold_wall,
        "warmCpu": warm_cpu if runs > 1 else None,
        "warmWall": warm_wall if runs > 1 else None,
        "peakMb": peak_mb,
    }
    sys.stdout.flush()
    print("\n" + json.dumps(answer), flush=True)


def whole(value):
    """The integer that the value is; a value between two integers stays what it is, so that it fails the comparison."""
    return int(value) if float(value).is_integer() else float(value)
