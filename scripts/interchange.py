"""Compares Arrow files with their source values, read by pyarrow, polars and DuckDB: interchange.py <folder>.

Exit 1 on the first difference. Times are compared as integers of the column's own unit, prices as counts; plain prices are
count * increment, the increment from the metadata of the file's schema, and are compared with the prices of the source.
"""
import csv
import json
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq


def value_of(text):
    if text in ("true", "false"):
        return text == "true"
    return float(text) if "." in text or text == "NaN" else int(text)


def source_of(path):
    with open(path, newline="") as file:
        reader = csv.reader(file)
        names = next(reader)
        return {name: [value_of(v) for v in values] for name, values in zip(names, zip(*reader))}


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


def from_duckdb(path):
    # DuckDB reads no Arrow files by itself: it queries the table that pyarrow reads. Its time zone type has microseconds,
    # so a nanosecond column is handed to it as the integers it is made of.
    table = pa.ipc.open_file(path).read_all()
    columns = []
    for field, column in zip(table.schema, table.columns):
        if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
            column = column.cast(pa.int64())
        columns.append(column)
    rows = pa.table(columns, names=table.column_names)
    with duckdb.connect() as db:
        db.register("rows", rows)
        chosen = ", ".join(
            f'epoch_us("{field.name}")' if pa.types.is_timestamp(field.type) else f'"{field.name}"'
            for field in rows.schema
        )
        fetched = db.execute(f"select {chosen} from rows").fetchall()
    return {name: list(values) for name, values in zip(table.column_names, zip(*fetched))}


def is_same(a, b):
    # NaN stands for an unknown volume, and is the only value that differs from itself.
    return a == b or (a != a and b != b)


def compare_prices(entry):
    """Plain prices, made as the documentation says, against those of the source."""
    table = pa.ipc.open_file(entry["arrow"]).read_all()
    compared = 0
    for name, want in entry["prices"].items():
        increment = float(table.schema.field(name).metadata[b"increment"])
        got = [count * increment for count in table[name].to_pylist()]
        if got != want:
            sys.exit(f"{entry['arrow']} {name}: plain prices differ")
        compared += len(want)
    return compared


def plain(column):
    """Times as integers of their own unit, an unknown quantity as NaN."""
    if pa.types.is_timestamp(column.type):
        assert column.type.tz == "UTC", f"the zone is {column.type.tz}"
        column = column.cast(pa.int64())
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    return [float("nan") if value is None else value for value in column.to_pylist()]


def exported_tables(entry):
    parquet = entry["exported"]["parquet"]
    yield "pyarrow parquet", {n: plain(c) for n, c in zip(*columns_of(pq.read_table(parquet)))}
    yield "pyarrow arrow", {n: plain(c) for n, c in zip(*columns_of(pa.ipc.open_file(entry["exported"]["arrow"]).read_all()))}
    frame = pl.read_parquet(parquet)
    yield "polars parquet", {
        n: [float("nan") if v is None else v for v in frame[n].to_physical().to_list()] for n in frame.columns
    }
    with duckdb.connect() as db:
        for name, source in (("parquet", f"'{parquet}'"), ("csv", f"read_csv('{entry['exported']['csv']}')")):
            relation = db.sql(f"select * from {source}")
            chosen = ", ".join(
                f'epoch_ns("{n}")' if "TIMESTAMP" in str(t) else f'"{n}"' for n, t in zip(relation.columns, relation.types)
            )
            rows = db.execute(f"select {chosen} from {source}").fetchall()
            values = {n: [float("nan") if v is None else v for v in column] for n, column in zip(relation.columns, zip(*rows))}
            yield f"DuckDB {name}", values


def columns_of(table):
    return table.column_names, table.columns


def compare_exports(entry):
    """What `data export` wrote against the values of the source: counts, plain prices, times and everything else."""
    want = source_of(entry["csv"])
    compared = 0
    for reader, got in exported_tables(entry):
        for name, values in want.items():
            is_price = f"{name}_count" in got
            found = got[f"{name}_count"] if is_price else got[name]
            if name == "time" or name.endswith("_time"):
                # Each reader has its own unit; DuckDB has microseconds where the zone is kept.
                unit = 1 if abs(values[0]) > 10**17 else 1000
                scale = 1000 if abs(found[0]) < 10**17 else 1
                found = [value * scale for value in found]
                coarse = reader.startswith("DuckDB")
                values = [value * unit // 1000 * 1000 if coarse else value * unit for value in values]
                found = [value // 1000 * 1000 if coarse else value for value in found]
            if len(found) != len(values) or not all(map(is_same, found, values)):
                row = next((i for i, (a, b) in enumerate(zip(found, values)) if not is_same(a, b)), "length")
                sys.exit(f"{reader}: exported {name} differs at row {row}: {found[row]} and {values[row]}")
            compared += len(values)
            if name in entry["prices"] and got[name] != entry["prices"][name]:
                sys.exit(f"{reader}: exported plain prices of {name} differ")
    return compared


def main(folder):
    compared = 0
    with open(f"{folder}/files.json") as file:
        entries = json.load(file)
    for entry in entries:
        want = source_of(entry["csv"])
        for reader in (from_pyarrow, from_polars, from_duckdb):
            got = reader(entry["arrow"])
            if list(got) != list(want):
                sys.exit(f"{reader.__name__}: columns {list(got)}, expected {list(want)}")
            for name, values in want.items():
                if len(got[name]) != len(values) or not all(map(is_same, got[name], values)):
                    row = next((i for i, (a, b) in enumerate(zip(got[name], values)) if not is_same(a, b)), "length")
                    sys.exit(f"{reader.__name__}: {entry['arrow']} {name} differs at row {row}")
                compared += len(values)
        compared += compare_prices(entry)
        compared += compare_exports(entry)
    print(f"{compared} values equal in {len(entries)} files")


main(sys.argv[1])
