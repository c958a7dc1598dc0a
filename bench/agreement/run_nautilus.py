"""NautilusTrader with its defaults: bars of trades, one-level book, open-high-low-close, no latency, prices in ticks."""
from decimal import Decimal

import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import (
    AccountType,
    AssetClass,
    ContingencyType,
    OmsType,
    OrderSide,
    OrderType,
    TimeInForce,
    TrailingOffsetType,
    TriggerType,
)
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import FuturesContract
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.model.orders import LimitOrder, OrderList, StopMarketOrder
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.trading.strategy import Strategy

from common import main

VENUE = Venue("AGR")
CONTRACT = FuturesContract(
    instrument_id=InstrumentId(Symbol("AGRZ8"), VENUE),
    raw_symbol=Symbol("AGRZ8"),
    asset_class=AssetClass.INDEX,
    currency=USD,
    price_precision=0,
    price_increment=Price(1, 0),
    multiplier=Quantity.from_int(1),
    lot_size=Quantity.from_int(1),
    underlying="AGR",
    activation_ns=0,
    expiration_ns=4_102_444_800 * 10**9,
    ts_event=0,
    ts_init=0,
    margin_init=Decimal("0.01"),
    margin_maint=Decimal("0.01"),
)
BARS = BarType.from_str(f"{CONTRACT.id}-1-MINUTE-LAST-EXTERNAL")
TIFS = {"gtc": TimeInForce.GTC, "ioc": TimeInForce.IOC, "fok": TimeInForce.FOK, "gtd": TimeInForce.GTD}


def price(value):
    return Price(value, 0)


class SenderConfig(StrategyConfig, frozen=True):
    pass


class Sender(Strategy):
    def __init__(self, config, job):
        super().__init__(config)
        self.job = job
        self.row = -1
        self.sent = {}
        self.names = {}
        self.done = set()

    def on_start(self):
        self.subscribe_bars(BARS)

    def note(self, ticket, leg, order):
        self.sent[ticket["id"], leg] = order
        self.names[order.client_order_id] = (ticket["id"], leg)
        return order

    def drop(self, ticket, leg):
        order = self.sent.get((ticket["id"], leg))
        if order is not None and not order.is_closed:
            self.cancel_order(order)

    def on_bar(self, bar):
        self.row += 1
        job, row = self.job, self.row
        for ticket in job.at("close", row):
            number = ticket["id"]
            if (number, "e") not in self.done or (number, "s") in self.done or (number, "t") in self.done:
                continue
            self.drop(ticket, "s")
            self.drop(ticket, "t")
            first = ticket["legs"][0]
            order = self.order_factory.market(CONTRACT.id, side_of(-first["side"]), Quantity.from_int(first["qty"]))
            self.submit_order(self.note(ticket, "x", order))
        for ticket in job.at("cancel", row):
            if ticket["group"] != "bracket":
                for leg in ticket["legs"]:
                    self.drop(ticket, leg["leg"])
            elif (ticket["id"], "e") not in self.done:
                self.drop(ticket, "e")
        for ticket in job.at("row", row):
            self.place(ticket)

    def place(self, ticket):
        if ticket["group"] == "single":
            self.submit_order(self.note(ticket, "e", self.single(ticket["legs"][0])))
        elif ticket["group"] == "bracket":
            self.submit_order_list(self.bracket(ticket))
        else:
            self.submit_order_list(self.peers(ticket))

    def single(self, leg):
        factory, kind = self.order_factory, leg["type"]
        common = (CONTRACT.id, side_of(leg["side"]), Quantity.from_int(leg["qty"]))
        if kind == "market":
            return factory.market(*common)
        tif = {"time_in_force": TIFS[leg.get("tif", "gtc")]}
        if leg.get("tif") == "gtd":
            tif["expire_time"] = pd.Timestamp(int(self.job.bars["closeUs"][leg["until"]]) * 1000, tz="UTC")
        if kind == "limit":
            return factory.limit(*common, price(leg["limit"]), **tif)
        if kind == "stop":
            return factory.stop_market(*common, price(leg["stop"]))
        if kind == "stop-limit":
            return factory.stop_limit(*common, price(leg["limit"]), price(leg["stop"]))
        if kind == "market-if-touched":
            return factory.market_if_touched(*common, price(leg["stop"]))
        if kind == "limit-if-touched":
            return factory.limit_if_touched(*common, price(leg["limit"]), price(leg["stop"]))
        return factory.trailing_stop_market(
            *common,
            trailing_offset=Decimal(leg["trail"]),
            trailing_offset_type=TrailingOffsetType.TICKS,
            trigger_type=TriggerType.LAST_PRICE,
        )

    def bracket(self, ticket):
        entry, stop, target = ticket["legs"]
        named = {}
        if entry["type"] == "limit":
            named = {"entry_order_type": OrderType.LIMIT, "entry_price": price(entry["limit"]), "entry_post_only": False}
        elif entry["type"] == "stop":
            return self.stop_bracket(ticket)
        orders = self.order_factory.bracket(
            instrument_id=CONTRACT.id,
            order_side=side_of(entry["side"]),
            quantity=Quantity.from_int(entry["qty"]),
            sl_trigger_price=price(stop["stop"]),
            tp_price=price(target["limit"]),
            tp_post_only=False,
            **named,
        )
        for leg, order in zip("est", orders.orders):
            self.note(ticket, leg, order)
        return orders

    def linked(self, leg, number, others, group, **named):
        """One order of a group, built as the factory builds those of a bracket."""
        is_limit = leg["type"] == "limit"
        order = (LimitOrder if is_limit else StopMarketOrder)(
            trader_id=self.trader_id,
            strategy_id=self.id,
            instrument_id=CONTRACT.id,
            client_order_id=number,
            order_side=side_of(leg["side"]),
            quantity=Quantity.from_int(leg["qty"]),
            time_in_force=TimeInForce.GTC,
            order_list_id=group,
            linked_order_ids=others,
            init_id=UUID4(),
            ts_init=self.clock.timestamp_ns(),
            **({"price": price(leg["limit"])} if is_limit else {"trigger_price": price(leg["stop"]), "trigger_type": TriggerType.DEFAULT}),
            **named,
        )
        return order

    def stop_bracket(self, ticket):
        """The factory has no bracket that is entered by a stop."""
        ids = [self.order_factory.generate_client_order_id() for _ in ticket["legs"]]
        group = self.order_factory.generate_order_list_id()
        entry, stop, target = ticket["legs"]
        exits = {"contingency_type": ContingencyType.OUO, "parent_order_id": ids[0], "reduce_only": True}
        orders = [
            self.linked(entry, ids[0], ids[1:], group, contingency_type=ContingencyType.OTO),
            self.linked(stop, ids[1], [ids[2]], group, **exits),
            self.linked(target, ids[2], [ids[1]], group, **exits),
        ]
        for leg, order in zip("est", orders):
            self.note(ticket, leg, order)
        return OrderList(order_list_id=group, orders=orders)

    def peers(self, ticket):
        ids = [self.order_factory.generate_client_order_id() for _ in ticket["legs"]]
        group = self.order_factory.generate_order_list_id()
        orders = [
            self.linked(leg, ids[at], ids[:at] + ids[at + 1 :], group, contingency_type=ContingencyType.OCO)
            for at, leg in enumerate(ticket["legs"])
        ]
        for leg, order in zip(ticket["legs"], orders):
            self.note(ticket, leg["leg"], order)
        return OrderList(order_list_id=group, orders=orders)

    def on_order_filled(self, event):
        number, leg = self.names[event.client_order_id]
        self.done.add((number, leg))
        # Bars are processed before the strategy sees them: during its sweep a bar is the one after the last seen.
        row = self.row if event.ts_event == self.job.close_ns[self.row] else self.row + 1
        self.job.fill(number, leg, row, float(event.last_px), int(event.last_qty))


def side_of(side):
    return OrderSide.BUY if side > 0 else OrderSide.SELL


def run(job):
    job.close_ns = [int(value) * 1000 for value in job.bars["closeUs"]] + [0]
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(max_order_submit_rate="1000000/00:00:01", max_order_modify_rate="1000000/00:00:01"),
            run_analysis=False,
        )
    )
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=USD,
        starting_balances=[Money(9_000_000_000, USD)],
    )
    engine.add_instrument(CONTRACT)
    frame = job.frame("close")
    frame.columns = [name.lower() for name in frame.columns]
    frame.index = frame.index.tz_localize("UTC")
    engine.add_data(BarDataWrangler(BARS, CONTRACT).process(frame))
    engine.add_strategy(Sender(SenderConfig(), job))
    engine.run()
    engine.dispose()


main(run)
