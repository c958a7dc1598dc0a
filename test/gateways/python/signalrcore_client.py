"""Trades against the simulated gateway with the plain `signalrcore` client and the standard library, both unmodified."""

import json
import os
import sys
import threading
import time
import urllib.request

from signalrcore.hub_connection_builder import HubConnectionBuilder

URL, CONTRACT, ACCOUNT = sys.argv[1], sys.argv[2], int(sys.argv[3])
TOKEN = ""


def post(path, body):
    request = urllib.request.Request(
        f"{URL}/api/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


class Ear:
    """Events by target, with a wait for one that fits."""

    def __init__(self, targets):
        self.events = []
        self.lock = threading.Condition()
        self.targets = targets

    def listen(self, hub):
        for target in self.targets:
            hub.on(target, lambda args, target=target: self.take(target, args))

    def take(self, target, args):
        with self.lock:
            self.events.append((target, args))
            self.lock.notify_all()

    def wait(self, what, fits):
        deadline = time.monotonic() + 15
        with self.lock:
            while True:
                for target, args in self.events:
                    if fits(target, args):
                        return args
                left = deadline - time.monotonic()
                if left <= 0:
                    raise SystemExit(f"never heard: {what}; heard {self.events[-5:]}")
                self.lock.wait(left)


def connect(name, ear, skip):
    opened = threading.Event()
    # With negotiation the client sends the token in a header, without it in the address.
    address = f"{URL}/hubs/{name}"
    options = {"access_token_factory": lambda: TOKEN}
    if skip:
        address = f"{address.replace('http', 'ws', 1)}?access_token={TOKEN}"
        options["skip_negotiation"] = True
    hub = HubConnectionBuilder().with_url(address, options=options).build()
    ear.listen(hub)
    hub.on_open(opened.set)
    hub.start()
    if not opened.wait(10):
        raise SystemExit(f"the {name} hub does not open")
    return hub


login = post("Auth/loginKey", {"userName": "demo", "apiKey": os.environ["FRONTMONTH_EXCHANGE_KEY"]})
assert login["success"], login
TOKEN = login["token"]

market = Ear(["GatewayQuote", "GatewayTrade", "GatewayDepth"])
market_hub = connect("market", market, skip=False)
for what in ("Quotes", "Trades", "MarketDepth"):
    market_hub.send(f"SubscribeContract{what}", [CONTRACT])
quote = market.wait("a whole quote", lambda t, a: t == "GatewayQuote" and "bestBid" in a[1] and "bestAsk" in a[1])
assert quote[0] == CONTRACT, quote
market.wait("a trade", lambda t, a: t == "GatewayTrade" and a[1][0]["volume"] > 0)
market.wait("a ladder", lambda t, a: t == "GatewayDepth" and len(a[1]) > 5)

user = Ear(["GatewayUserOrder", "GatewayUserTrade", "GatewayUserPosition", "GatewayUserAccount"])
user_hub = connect("user", user, skip=True)
user_hub.send("SubscribeAccounts", [])
for what in ("Orders", "Positions", "Trades"):
    user_hub.send(f"Subscribe{what}", [ACCOUNT])
time.sleep(0.5)

placed = post(
    "Order/place",
    {
        "accountId": ACCOUNT,
        "contractId": CONTRACT,
        "type": 2,
        "side": 0,
        "size": 2,
        "customTag": f"core-{time.time_ns()}",
        "stopLossBracket": {"ticks": -400, "type": 4},
        "takeProfitBracket": {"ticks": 400, "type": 1},
    },
)
assert placed["success"], placed
entry = placed["orderId"]


def order(order_id, status):
    return lambda t, a: t == "GatewayUserOrder" and a[0]["data"]["id"] == order_id and a[0]["data"]["status"] == status


user.wait("the entry filled", order(entry, 2))
user.wait("the stop at work", order(entry + 1, 1))
user.wait("the target at work", order(entry + 2, 1))
user.wait("the fill", lambda t, a: t == "GatewayUserTrade" and a[0]["data"]["orderId"] == entry)
user.wait("the balance", lambda t, a: t == "GatewayUserAccount" and a[0]["data"]["id"] == ACCOUNT)
assert post("Order/cancel", {"accountId": ACCOUNT, "orderId": entry + 1})["success"]
assert post("Order/cancel", {"accountId": ACCOUNT, "orderId": entry + 2})["success"]
assert post("Position/closeContract", {"accountId": ACCOUNT, "contractId": CONTRACT})["success"]
user.wait("flat", lambda t, a: t == "GatewayUserPosition" and a[0]["data"]["size"] == 0)
assert post("Position/searchOpen", {"accountId": ACCOUNT})["positions"] == []
assert post("Order/searchOpen", {"accountId": ACCOUNT})["orders"] == []
market_hub.stop()
user_hub.stop()
print(f"signalrcore: {len(market.events)} market events, {len(user.events)} user events")
# Threads of the client may outlive its stop.
sys.stdout.flush()
os._exit(0)
