"""What the programs share: bars and tickets from a file, the agenda of a row, and the fills as JSON."""
import json
import sys
from collections import defaultdict


class Job:
    """One market and one list of tickets. `fills` collects what the program reports."""

    def __init__(self, bars, tickets, crowd):
        self.bars = bars
        self.rows = len(bars["close"])
        self.tickets = tickets
        self.crowd = crowd
        self.fills = []
        self.agenda = {name: defaultdict(list) for name in ("row", "cancel", "close")}
        for ticket in tickets:
            for name, rows in self.agenda.items():
                if ticket[name] >= 0:
                    rows[ticket[name]].append(ticket)

    def fill(self, ticket_id, leg, row, price, qty=1):
        if price != int(price):
            raise ValueError(f"ticket {ticket_id}: a fill at {price} is off the grid")
        self.fills.append([int(ticket_id), leg, int(row), int(price), int(qty)])

    def at(self, name, row):
        return self.agenda[name].get(row, ())

    def frame(self, stamp):
        """The bars as programs on pandas want them, in ticks, stamped at the open or the close."""
        import pandas as pd

        columns = {name.capitalize(): self.bars[name] for name in ("open", "high", "low", "close", "volume")}
        index = pd.to_datetime([int(value) * 1000 for value in self.bars[stamp + "Us"]])
        return pd.DataFrame(columns, index=index).astype(float)


def main(run):
    """Each job of the input file through `run(job)`; answers one list of fills a job."""
    with open(sys.argv[1]) as file:
        given = json.load(file)
    answers = []
    for each in given["jobs"]:
        job = Job(given["markets"][each["market"]], each["tickets"], each["crowd"])
        run(job)
        answers.append(job.fills)
    with open(sys.argv[2], "w") as file:
        json.dump(answers, file)
