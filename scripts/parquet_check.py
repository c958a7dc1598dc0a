"""Writes the same bars in every type and encoding that pyarrow has, and reads a file that we wrote, to the nanosecond."""

import decimal
import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 5000
STEP = 60_000_000_000
FIRST = 1_700_000_040_000_000_000


def write(folder):
    times = np.arange(ROWS, dtype="int64") * STEP + FIRST
    opens = 100 + (np.arange(ROWS) % 40) / 4
    volumes = np.arange(ROWS)
    nanos = pa.array(times, pa.timestamp("ns"))

    def table(time=nanos, **other):
        columns = {
            "time": time,
            "open": pa.array(opens),
            "high": pa.array(opens + 5),
            "low": pa.array(opens - 5),
            "close": pa.array(opens + 1),
            "volume": pa.array(volumes, pa.int64()),
        }
        columns.update(other)
        return pa.table(columns)

    def save(name, content, **options):
        pq.write_table(content, f"{folder}/{name}.parquet", **options)

    def fixed(values, width):
        scale = 9 if width == 8 else 16
        raw = [int(round(value * 4)) * 10**scale // 4 for value in values]
        return pa.array([one.to_bytes(width, "little", signed=True) for one in raw], pa.binary(width))

    empty = pa.array([None if i % 10 == 0 else int(i) for i in volumes], pa.int64())
    zoned = pa.array(times, pa.timestamp("ns", tz="America/New_York"))
    stated = {"bar_type": "ESZ2023.X-1-MINUTE-LAST-EXTERNAL", "instrument_id": "ESZ2023.X", "price_precision": "2"}
    save("zoned", table(zoned))
    save("seconds", table(pa.array(times // 10**9, pa.timestamp("s"))))
    save("milliseconds", table(pa.array(times // 10**6, pa.timestamp("ms"))), version="1.0")
    save("int96", table(), use_deprecated_int96_timestamps=True)
    save("whole", table(pa.array(times, pa.uint64())))
    save("small-pages", table(), compression="zstd", data_page_size=512, row_group_size=700)
    save("pages-2", table(), compression="gzip", data_page_version="2.0", row_group_size=999)
    for codec in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
        save(f"codec-{codec}", table(), compression=codec)
    encodings = {"time": "DELTA_BINARY_PACKED", "volume": "DELTA_BINARY_PACKED", "open": "BYTE_STREAM_SPLIT"}
    save("encodings", table(), use_dictionary=False, data_page_version="2.0", column_encoding=encodings)
    words = [str(one).replace("T", " ") for one in times.astype("datetime64[ns]").astype("datetime64[s]")]
    for name in ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"]:
        save(f"text-{name}", table(pa.array(words)), use_dictionary=False, column_encoding={"time": name})
    save("decimals", table(
        open=pa.array([decimal.Decimal(str(one)) for one in opens], pa.decimal128(20, 4)),
        close=pa.array([decimal.Decimal(str(one + 1)) for one in opens], pa.decimal256(50, 6)),
    ))
    save("floats", table(open=pa.array(opens, pa.float32()), volume=pa.array(volumes, pa.uint32())))
    save("nested", table().append_column("extra", pa.array([{"a": 1, "b": [2]}] * ROWS)))
    save("contracts", table(contract=pa.array(["ESZ2023"] * ROWS).dictionary_encode()))
    for width in (8, 16):
        prices = {name: fixed(values, width) for name, values in [
            ("open", opens), ("high", opens + 5), ("low", opens - 5), ("close", opens + 1), ("volume", volumes)]}
        save(f"raw-{width}", table(**prices).replace_schema_metadata(stated))
    save("empty-volume", table(volume=empty))
    save("empty-volume-2", table(volume=empty), data_page_version="2.0")
    print(json.dumps({"rows": ROWS, "first": str(FIRST), "step": str(STEP)}))


def read(path):
    table = pq.read_table(path)
    assert str(table.schema.field("time").type) == "timestamp[ns, tz=UTC]", table.schema
    assert str(table.schema.field("price").type) == "decimal128(18, 2)", table.schema
    assert table.schema.metadata == {b"increment": b"0.25"}, table.schema.metadata
    times = table["time"].cast(pa.int64()).to_pylist()
    prices = table["price"].to_pylist()
    volumes = table["volume"].to_pylist()
    for i in range(ROWS):
        assert times[i] == FIRST + i * STEP + i, (i, times[i])
        assert prices[i] == decimal.Decimal(i * 25 - 500) / 100, (i, prices[i])
        assert volumes[i] == (None if i % 7 == 0 else i), (i, volumes[i])
    assert len(times) == ROWS and pq.ParquetFile(path).num_row_groups == 5
    print(f"pyarrow reads {ROWS} rows as they were written")


if __name__ == "__main__":
    write(sys.argv[2]) if sys.argv[1] == "write" else read(sys.argv[2])
