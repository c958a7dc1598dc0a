"""
NautilusTrader: its own EMA, a futures contract, a cash-margined account, market orders.

It fills a market order sent on a bar at that bar's close. For the next open, as the others have it, the open is fed as a
quote one nanosecond after the close, which an order with a latency of one nanosecond meets: two events a bar. `close` as
the fourth argument feeds the bars alone and fills at the close, which is its own habit and quicker.
"""
import sys
from decimal import Decimal

import nautilus_trader
import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.backtest.models import LatencyModel, PerContractFeeModel
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.indicators import ExponentialMovingAverage
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, AssetClass, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import FuturesContract
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler, QuoteTickDataWrangler
from nautilus_trader.trading.strategy import Strategy

from bars import CAPITAL, FAST, FEE, FIRST_SIGNAL, MINUTE_NS, MULTIPLIER, SLOW, START_NS, TICK_SIZE
from measure import measure

AT_CLOSE = len(sys.argv) > 4 and sys.argv[4] == "close"
VENUE = Venue("BENCH")
PEER = FuturesContract(
    instrument_id=InstrumentId(Symbol("PEERZ8"), VENUE),
    raw_symbol=Symbol("PEERZ8"),
    asset_class=AssetClass.INDEX,
    currency=USD,
    price_precision=2,
    price_increment=Price(TICK_SIZE, 2),
    multiplier=Quantity.from_int(MULTIPLIER),
    lot_size=Quantity.from_int(1),
    underlying="PEER",
    activation_ns=0,
    expiration_ns=START_NS + 30 * 366 * 86_400 * 10**9,
    ts_event=0,
    ts_init=0,
    margin_init=Decimal("0.06"),
    margin_maint=Decimal("0.055"),
)
BAR_TYPE = BarType.from_str(f"{PEER.id}-1-MINUTE-LAST-EXTERNAL")


class CrossConfig(StrategyConfig, frozen=True):
    bar_type: BarType


class Cross(Strategy):
    def __init__(self, config):
        super().__init__(config)
        self.fast = ExponentialMovingAverage(FAST)
        self.slow = ExponentialMovingAverage(SLOW)
        self.one = Quantity.from_int(1)
        self.seen = 0
        self.is_long = False
        self.fills = []

    def on_start(self):
        self.register_indicator_for_bars(self.config.bar_type, self.fast)
        self.register_indicator_for_bars(self.config.bar_type, self.slow)
        self.subscribe_bars(self.config.bar_type)

    def on_bar(self, bar):
        self.seen += 1
        if self.seen <= FIRST_SIGNAL:
            return
        fast, slow = self.fast.value, self.slow.value
        if fast < slow if self.is_long else fast > slow:
            self.is_long = not self.is_long
            side = OrderSide.BUY if self.is_long else OrderSide.SELL
            self.submit_order(self.order_factory.market(PEER.id, side, self.one))

    def on_order_filled(self, event):
        # A fill at the open comes with the first event after the close of the bar before: bars seen is the row it is in.
        row = (event.ts_event - START_NS) // MINUTE_NS - (1 if AT_CLOSE else 0)
        self.fills.append((row, 1 if event.order_side == OrderSide.BUY else -1, event.last_px))


def data_of(bars):
    points = {name: bars[name] * TICK_SIZE for name in ("open", "high", "low", "close")}
    frame = pd.DataFrame(
        {**points, "volume": bars["volume"].astype(float)},
        index=pd.to_datetime(bars["close_ns"], utc=True),
    )
    data = [BarDataWrangler(BAR_TYPE, PEER).process(frame)]
    if not AT_CLOSE:
        opens = pd.DataFrame(
            {"bid_price": points["open"], "ask_price": points["open"]},
            index=pd.to_datetime(bars["open_ns"] + 1, utc=True),
        )
        data.append(QuoteTickDataWrangler(PEER).process(opens))
    return data


def run(data):
    engine = BacktestEngine(
        BacktestEngineConfig(
            logging=LoggingConfig(bypass_logging=True),
            risk_engine=RiskEngineConfig(max_order_submit_rate="1000000/00:00:01"),
            run_analysis=False,
        )
    )
    engine.add_venue(
        venue=VENUE,
        oms_type=OmsType.NETTING,
        account_type=AccountType.MARGIN,
        base_currency=USD,
        starting_balances=[Money(CAPITAL, USD)],
        fee_model=PerContractFeeModel(Money(FEE, USD)),
        bar_execution=AT_CLOSE,
        **({} if AT_CLOSE else {"latency_model": LatencyModel(base_latency_nanos=1)}),
    )
    engine.add_instrument(PEER)
    for each in data[:-1]:
        engine.add_data(each, sort=False)
    engine.add_data(data[-1])
    strategy = Cross(CrossConfig(bar_type=BAR_TYPE))
    engine.add_strategy(strategy)
    engine.run()
    account = engine.portfolio.account(VENUE)
    open_profit = 0.0
    for position in engine.cache.positions_open():
        last = engine.cache.bar(BAR_TYPE).close
        open_profit += position.unrealized_pnl(last).as_double()
    profit = account.balance_total(USD).as_double() - CAPITAL + open_profit
    fills = strategy.fills
    engine.dispose()
    return fills, profit


measure(
    "NautilusTrader at close" if AT_CLOSE else "NautilusTrader",
    nautilus_trader.__version__,
    data_of,
    run,
    lambda result: ((row, side, float(price)) for row, side, price in result[0]),
    lambda result: round(result[1], 2),
)
