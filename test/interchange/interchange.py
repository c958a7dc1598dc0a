"""Compares Arrow files with their source values, read by pyarrow and by polars: interchange.py <folder>.

Exit 1 on the first difference. Times are compared as integers of the column's own unit.
"""
import csv
import json
import sys

import polars as pl
import pyarrow as pa


def source_of(path):
    with open(path, newline="") as file:
        reader = csv.reader(file)
        names = next(reader)
        return {name: [int(v) for v in values] for name, values in zip(names, zip(*reader))}


def from_pyarrow(path):
    table = pa.ipc.open_file(path).read_all()
    table.validate(full=True)
    out = {}
    for name in table.column_names:
        column = table[name]
        assert column.null_count == 0, f"{name} has nulls"
        if pa.types.is_timestamp(column.type):
            assert column.type.tz == "UTC", f"{name} has the zone {column.type.tz}"
            column = column.cast(pa.int64())
        out[name] = column.to_pylist()
    return out


def from_polars(path):
    frame = pl.read_ipc(path)
    return {name: frame[name].to_physical().to_list() for name in frame.columns}


def main(folder):
    compared = 0
    for entry in json.load(open(f"{folder}/files.json")):
        want = source_of(entry["csv"])
        for reader in (from_pyarrow, from_polars):
            got = reader(entry["arrow"])
            if list(got) != list(want):
                sys.exit(f"{reader.__name__}: columns {list(got)}, expected {list(want)}")
            for name, values in want.items():
                if got[name] != values:
                    row = next((i for i, (a, b) in enumerate(zip(got[name], values)) if a != b), "length")
                    sys.exit(f"{reader.__name__}: {entry['arrow']} {name} differs at row {row}")
                compared += len(values)
    print(f"{compared} values equal")


main(sys.argv[1])
