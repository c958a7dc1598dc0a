"""Makes DBN files with Databento's own library, and says what it reads in them. Usage: dbn_check.py <folder to write to>
[folder of captures]. Prints one JSON line for each file: its metadata, and for each field the number of its values and the
SHA-256 of them as lines of text.

Captures are of version 1; their versions 2 and 3 are made by the library. Where a schema has no capture, the records are
synthetic, made by the library's own classes from a small integer generator; `mbp-10` is derived from the orders of a capture."""

import hashlib
import io
import json
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import databento_dbn as d
import numpy as np
import zstandard

OUT = Path(sys.argv[1])
CAPTURES = Path(sys.argv[2]) if len(sys.argv) > 2 else None
UPGRADES = {2: d.VersionUpgradePolicy.UPGRADE_TO_V2, 3: d.VersionUpgradePolicy.UPGRADE_TO_V3}
NONE = 2**63 - 1


def decode(data):
    zipped = data[:4] == b"\x28\xb5\x2f\xfd"
    decoder = d.DBNDecoder(
        upgrade_policy=d.VersionUpgradePolicy.AS_IS,
        compression=d.Compression.ZSTD if zipped else d.Compression.NONE,
    )
    decoder.write(data)
    metadata, *records = decoder.decode()
    return metadata, records


def transcode(data, version, zipped):
    data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True).read()
    out = io.BytesIO()
    t = d.Transcoder(
        out,
        d.Encoding.DBN,
        d.Compression.ZSTD if zipped else d.Compression.NONE,
        upgrade_policy=UPGRADES[version],
    )
    t.write(data)
    t.finish()
    return out.getvalue()


def values(kind, name, column):
    """Lines of text of one column, in the terms of the decoder: characters are numbers, a narrow "none" is wide."""
    if column.dtype.kind == "S":
        if column.dtype.itemsize == 1:
            return [str(v[0] if v else 0) for v in column]
        return [v.decode("latin1") for v in column]
    if name == "quantity" and column.dtype == np.int32:
        return [str(NONE if v == 2**31 - 1 else v) for v in column.tolist()]
    return [str(v) for v in column.tolist()]


def describe(name, data):
    metadata, records = decode(data)
    groups = {}
    for record in records:
        groups.setdefault(type(record), []).append(bytes(record))
    fields = {}
    for kind, parts in groups.items():
        dtype = np.dtype(kind._dtypes)
        table = np.frombuffer(b"".join(p[: dtype.itemsize] for p in parts), dtype=dtype)
        # Bars of every interval are one class and one table.
        rtype = 32 if kind is d.OHLCVMsg else int(table["rtype"][0])
        for field in dtype.names:
            if field == "length" or field.startswith("_"):
                continue
            lines = values(kind, field, table[field])
            digest = hashlib.sha256("\n".join(lines).encode("latin1")).hexdigest()
            fields[f"{rtype}.{field}"] = [len(lines), digest]
        if metadata.ts_out:
            sent = [str(int.from_bytes(p[-8:], "little")) for p in parts]
            digest = hashlib.sha256("\n".join(sent).encode()).hexdigest()
            fields[f"{rtype}.ts_out"] = [len(sent), digest]
    mappings = [
        [
            symbol,
            [[str(i["start_date"]), str(i["end_date"]), i["symbol"]] for i in intervals],
        ]
        for symbol, intervals in sorted(metadata.mappings.items())
    ]
    row = {
        "file": name,
        "records": len(records),
        "version": metadata.version,
        "dataset": metadata.dataset,
        "schema": None if metadata.schema is None else str(metadata.schema),
        "start": str(metadata.start),
        "end": str(metadata.end or 2**64 - 1),
        "stypeIn": None if metadata.stype_in is None else str(metadata.stype_in),
        "stypeOut": str(metadata.stype_out),
        "hasTsOut": metadata.ts_out,
        "symbols": metadata.symbols,
        "mappings": mappings,
        "fields": fields,
    }
    print(json.dumps(row))


def write(name, data):
    (OUT / name).write_bytes(data)
    describe(name, data)


class Numbers:
    """Integers only, so that every language makes the same."""

    def __init__(self):
        self.state = 12345

    def next(self, below):
        self.state = (self.state * 1103515245 + 12345) % 2147483648
        return self.state * below // 2147483648


def mapping(symbol, spans):
    return SimpleNamespace(
        raw_symbol=symbol,
        intervals=[SimpleNamespace(start_date=a, end_date=b, symbol=s) for a, b, s in spans],
    )


def metadata(schema, version, ts_out=False):
    return d.Metadata(
        dataset="GLBX.MDP3",
        start=1_704_067_200_000_000_000,
        end=1_735_689_600_000_000_000,
        stype_in=d.SType.RAW_SYMBOL,
        stype_out=d.SType.INSTRUMENT_ID,
        schema=schema,
        symbols=["ESH4", "ESH4-ESM4"],
        partial=["ESM4"],
        not_found=["XXX"],
        mappings=[
            mapping("ESH4", [(date(2024, 1, 1), date(2024, 3, 16), "17")]),
        ],
        ts_out=ts_out,
        version=version,
    )


def head(schema, version, ts_out=False):
    return bytes(metadata(schema, version, ts_out))


def time(n):
    return 1_704_067_200_000_000_000 + n.next(86_400) * 1_000_000_007 + n.next(1000)


def price(n):
    return NONE if n.next(20) == 0 else (n.next(40_000) - 1000) * 250_000_000 + n.next(3)


def synthetic(version):
    """Records of every kind that has no capture. Version 2 and later have their own layouts of some."""
    n = Numbers()
    side = [d.Side.ASK, d.Side.BID, d.Side.NONE]
    stat = d.StatMsg if version == 3 else d.StatMsgV1
    mapped = d.SymbolMappingMsgV1 if version == 1 else d.SymbolMappingMsg
    system = d.SystemMsgV1 if version == 1 else d.SystemMsg
    error = d.ErrorMsgV1 if version == 1 else d.ErrorMsg
    kinds = list(d.StatType.variants())
    made = {"statistics": [], "live": [], "bbo-1s": [], "cmbp-1": [], "cbbo-1m": [], "status": [], "ohlcv": []}
    for k in range(500):
        none = 2**63 - 1 if version == 3 else 2**31 - 1
        made["statistics"].append(
            stat(1, 17, time(n), time(n), time(n), price(n), none if n.next(4) == 0 else n.next(2_000_000),
                 kinds[n.next(len(kinds))], n.next(2**31), n.next(2**31) - 2**30, n.next(100),
                 d.StatUpdateAction.NEW if n.next(5) else d.StatUpdateAction.DELETE, n.next(256)))
        pair = d.BidAskPair(price(n), price(n), n.next(1000), n.next(1000), n.next(50), n.next(50))
        made["bbo-1s"].append(
            d.BBOMsg(d.RType.BBO_1S, 1, 17, time(n), price(n), n.next(1000), side[n.next(3)], time(n), n.next(256),
                     n.next(2**31), pair))
        both = d.ConsolidatedBidAskPair(price(n), price(n), n.next(1000), n.next(1000), n.next(90), n.next(90))
        made["cmbp-1"].append(
            d.CMBP1Msg(d.RType.CMBP_1, 1, 17, time(n), price(n), n.next(1000), d.Action.ADD, side[n.next(3)], time(n),
                       n.next(256), n.next(2**31) - 2**30, both))
        made["cbbo-1m"].append(
            d.CBBOMsg(d.RType.CBBO_1M, 1, 17, time(n), price(n), n.next(1000), side[n.next(3)], time(n), n.next(256), both))
        made["status"].append(d.StatusMsg(1, 17, time(n), time(n), d.StatusAction.TRADING))
        for rtype in (d.RType.OHLCV_1S, d.RType.OHLCV_1M, d.RType.OHLCV_1H, d.RType.OHLCV_1D):
            made["ohlcv"].append(
                d.OHLCVMsg(rtype, 1, 17, time(n), price(n), price(n), price(n), price(n), n.next(2**31) * 2**32 + 7))
    if version == 1:
        made["live"].append(mapped(1, 17, time(n), "ES.FUT", "ESH4", time(n), time(n)))
    else:
        made["live"].append(
            mapped(1, 17, time(n), d.SType.PARENT, "ES.FUT", d.SType.RAW_SYMBOL, "ESH4", time(n), time(n)))
    made["live"].append(system(time(n), "heartbeat"))
    made["live"].append(error(time(n), "a message of the gateway"))
    made["live"] += [d.TradeMsg(1, 17, time(n), price(n), 3, d.Action.TRADE, d.Side.BID, 0, time(n))]
    return made


def depth_of(records):
    """Ten levels after each event of a list of orders, by a plain book of dictionaries."""
    orders, books, out = {}, {"B": {}, "A": {}}, []

    def change(side, px, qty, count):
        level = books[side].setdefault(px, [0, 0])
        level[0] += qty
        level[1] += count
        if level[0] <= 0 or level[1] <= 0:
            del books[side][px]

    def drop(order_id):
        side, px, qty = orders.pop(order_id)
        change(side, px, -qty, -1)

    for r in records:
        action, side = str(r.action), str(r.side)
        if action == "R":
            orders.clear()
            books = {"B": {}, "A": {}}
        elif action in ("A", "M"):
            if r.order_id in orders:
                drop(r.order_id)
            orders[r.order_id] = (side, r.price, r.size)
            change(side, r.price, r.size, 1)
        elif action == "C" and r.order_id in orders:
            was = orders[r.order_id]
            drop(r.order_id)
            if was[2] > r.size:
                orders[r.order_id] = (was[0], was[1], was[2] - r.size)
                change(was[0], was[1], was[2] - r.size, 1)
        if not int(r.flags) & 128:
            continue
        bids = sorted(books["B"].items(), reverse=True)[:10]
        asks = sorted(books["A"].items())[:10]
        levels = []
        for k in range(10):
            bid, ask = bids[k] if k < len(bids) else (NONE, [0, 0]), asks[k] if k < len(asks) else (NONE, [0, 0])
            levels.append(d.BidAskPair(bid[0], ask[0], bid[1][0], ask[1][0], bid[1][1], ask[1][1]))
        # An event of the ten levels is no order: the side N and the action of the last record.
        out.append(
            d.MBP10Msg(r.publisher_id, r.instrument_id, r.ts_event, r.price, r.size, r.action, r.side, 0, r.ts_recv,
                       int(r.flags), r.ts_in_delta, r.sequence, levels))
    return out


OUT.mkdir(parents=True, exist_ok=True)
for version in (1, 2, 3):
    for schema, records in synthetic(version).items():
        body = b"".join(bytes(r) for r in records)
        known = None if schema in ("live", "ohlcv") else d.Schema.from_str(schema)
        write(f"synthetic-{schema}.v{version}.dbn", head(known, version) + body)
sent = [d.TradeMsg(1, 17, k, k, k, d.Action.TRADE, d.Side.ASK, 0, k, ts_out=k + 5) for k in range(1, 50)]
body = b"".join(bytes(r) for r in sent)
if len(body) == 49 * 56:
    write("synthetic-ts-out.v3.dbn", head(d.Schema.TRADES, 3, True) + body)
for path in sorted(CAPTURES.glob("*.dbn.zst")) if CAPTURES else []:
    data = path.read_bytes()
    write(f"{path.name.removesuffix('.dbn.zst')}.v1.dbn.zst", data)
    for version in (2, 3):
        zipped = version == 3
        write(f"{path.name.removesuffix('.dbn.zst')}.v{version}.dbn{'.zst' if zipped else ''}", transcode(data, version, zipped))
    if "first-40000" in path.name or "orderbooks_mbo" in path.name:
        meta, records = decode(data)
        levels = depth_of(records)
        for version in (1, 2, 3):
            made = d.Metadata(
                dataset=meta.dataset, start=meta.start, end=meta.end, stype_in=meta.stype_in, stype_out=meta.stype_out,
                schema=d.Schema.MBP_10, symbols=meta.symbols, version=version,
                mappings=[mapping(s, [(i["start_date"], i["end_date"], i["symbol"]) for i in spans])
                          for s, spans in meta.mappings.items()])
            write(f"derived-{path.name.removesuffix('.dbn.zst')}.mbp-10.v{version}.dbn",
                  bytes(made) + b"".join(bytes(r) for r in levels))
