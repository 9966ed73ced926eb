"""What learning costs: training on 100,000 tickets, and routing and matching one beside 100,000 of the past.

    python -m bench only=insights

The tickets are made of real sentences (bank customers' questions, then a piece of an issue report), some 360
characters each, with 20 services and 50 products.
"""

from __future__ import annotations

import pickle
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from bench.result import Result, progress
from insights.routing.history import RoutingColumns
from insights.routing.model import RoutingModel
from insights.similar.index import SimilarIndex, learn_pair_model
from insights.similar.report import KnownDuplicate, TicketReport

DATA = Path(__file__).parents[3] / "shared" / "data"
TICKETS = 100_000
ASKED = 500
SERVICES, PRODUCTS = 20, 50
REPEATS, BACK = 40, 7
"""Each 40th ticket has the subject of the one seven before it: what the pair model is taught with."""

LESSONS = 8_000
START = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = RoutingColumns(
    label="service", text=("subject", "body"), fields=("product", "channel"), time="created_at"
)


def speed_figures(tickets: int = TICKETS) -> Iterator[Result]:
    """Training's seconds and memory, then one ticket's milliseconds, each with the models' sizes."""
    past = made_tickets(tickets + ASKED, seed=7)
    history, new = past.iloc[:tickets], past.iloc[tickets:]
    progress(f"routing: training on {tickets:,} tickets")
    began, worked = time.perf_counter(), time.process_time()
    model = RoutingModel.train(history, COLUMNS, seed=1)
    yield _result("routing_training", time.perf_counter() - began, "s", tickets)
    yield _result("routing_training_cpu", time.process_time() - worked, "s", tickets)
    yield _result("routing_model_size", _megabytes(model), "MB", tickets)
    yield _result("routing_model_in_memory", _resident(model), "MB", tickets)

    progress(f"similar: remembering {tickets:,} tickets")
    reports = _reports(past)
    began = time.perf_counter()
    taught = learn_pair_model(reports[:LESSONS], _duplicates(LESSONS), {}, seed=1)
    yield _result("similar_training", time.perf_counter() - began, "s", LESSONS)
    index = SimilarIndex(model=replace(taught, suggest_from=0.0))
    began = time.perf_counter()
    for report in reports[:tickets]:
        index.add(report)
    yield _result(
        "similar_remembering", (time.perf_counter() - began) / tickets * 1e6, "us a ticket", tickets
    )
    yield _result("similar_index_size", _megabytes(index), "MB", tickets)
    yield _result("similar_index_in_memory", _resident(index), "MB", tickets)
    yield _result(
        "insights_peak_memory", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, "GB", tickets
    )

    rows = [new.iloc[[number]] for number in range(ASKED)]
    worked = time.process_time()
    route = [_milliseconds(partial(model.guess, row)) for row in rows]
    match = [_milliseconds(partial(index.rank, one, now=one.opened_at)) for one in reports[tickets:]]
    worked = time.process_time() - worked
    both = [one + other for one, other in zip(route, match, strict=True)]
    yield _result("routing_one_ticket", statistics.median(route), "ms", ASKED)
    yield _result("similar_one_ticket", statistics.median(match), "ms", ASKED)
    yield _result("routing_and_similar_one_ticket", statistics.median(both), "ms", ASKED)
    # The processor's time: what it would be on a machine with nothing else to do.
    yield _result("routing_and_similar_one_ticket_cpu_mean", worked / ASKED * 1e3, "ms", ASKED)
    yield _result("routing_and_similar_one_ticket_p95", float(np.percentile(both, 95)), "ms", ASKED)


def made_tickets(count: int, *, seed: int) -> pd.DataFrame:
    """Tickets a minute apart, their services one to some four intents of the customers' questions."""
    chance = np.random.default_rng(seed)
    queries = pd.read_csv(DATA / "banking77" / "queries.csv.gz", dtype=str)
    issues = pd.read_csv(DATA / "gitbugs_hadoop" / "issues.csv.gz", dtype=str, keep_default_na=False)
    intents = sorted(queries["category"].unique())
    services = {intent: f"service-{number % SERVICES}" for number, intent in enumerate(intents)}
    asked = chance.integers(0, len(queries), count)
    repeats = np.arange(REPEATS, count, REPEATS)
    asked[repeats] = asked[repeats - BACK]
    subjects = queries["text"].to_numpy()[asked]
    starts = chance.integers(0, 200, count)
    bodies = issues["Description"].to_numpy()[chance.integers(0, len(issues), count)]
    return pd.DataFrame(
        {
            "subject": subjects,
            "body": [text[start : start + 600] for text, start in zip(bodies, starts, strict=True)],
            "product": chance.integers(0, PRODUCTS, count).astype(str),
            "channel": "mail",
            "service": [services[intent] for intent in queries["category"].to_numpy()[asked]],
            "created_at": pd.date_range(START, periods=count, freq="min"),
        }
    )


def _reports(tickets: pd.DataFrame) -> list[TicketReport]:
    columns = [tickets[name].tolist() for name in ("service", "subject", "body", "product")]
    return [
        TicketReport(
            id=str(number),
            opened_at=START + timedelta(minutes=number),
            service=service,
            title=subject,
            body=body,
            kind=product,
        )
        for number, (service, subject, body, product) in enumerate(zip(*columns, strict=True))
    ]


def _duplicates(count: int) -> list[KnownDuplicate]:
    return [
        KnownDuplicate(
            newer=str(number), older=str(number - BACK), known_at=START + timedelta(minutes=number + 30)
        )
        for number in range(REPEATS, count, REPEATS)
    ]


def _milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1e3


def _megabytes(model: object) -> float:
    """Its size when stored."""
    return len(pickle.dumps(model, protocol=5)) / 1e6


_LOADED = """
import pickle, sys
import psutil
import {module}
data = sys.stdin.buffer.read()
before = psutil.Process().memory_info().rss
model = pickle.loads(data)
print(psutil.Process().memory_info().rss - before)
"""


def _resident(model: object) -> float:
    """By how many megabytes a process that has its module and its bytes grows when it loads it."""
    program = _LOADED.format(module=type(model).__module__)
    data = pickle.dumps(model, protocol=5)
    done = subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, check=True)
    return int(done.stdout) / 1e6


def _result(name: str, value: float, unit: str, count: int) -> Result:
    return Result(name=name, value=round(value, 3), unit=unit, ratio=None, against="", n=count)
