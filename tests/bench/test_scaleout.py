"""What the model of more workers says is what its text says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bench.scaleout.arm import Arm
from bench.scaleout.figures import compared, modelled

ONE = Arm(
    workers=1,
    tickets=1_000,
    services=50,
    seconds=20.0,
    cpu={"worker": 20.0, "prefect server": 10.0, "gateway": 2.0, "postgres": 99.0},
)


@pytest.mark.parametrize(
    ("workers", "servers", "rate", "narrowest"),
    [
        (1, 1, 50.0, "worker"),
        (2, 1, 100.0, "prefect server"),
        (3, 1, 100.0, "prefect server"),
        (3, 3, 150.0, "worker"),
        (30, 30, 500.0, "gateway"),
    ],
)
def test_the_narrowest_role_counts(workers: int, servers: int, rate: float, narrowest: str):
    found = modelled(replace(ONE, workers=workers), servers=servers)
    assert found == (pytest.approx(rate), narrowest)


def test_what_did_not_happen_in_time_is_no_figure():
    rows = [json.loads(str(one)) for one in compared(replace(ONE, workers=2, seconds=None), ONE)]
    assert [row["value"] for row in rows] == [-1, 100.0, 100.0]
    assert rows[0]["ratio"] is None


def test_two_beside_one():
    measured, *_ = [json.loads(str(one)) for one in compared(replace(ONE, workers=2, seconds=10.0), ONE)]
    assert measured["ratio"] == 2.0
    assert (
        "ms of CPU a ticket: gateway 2.0, postgres 99.0, prefect server 10.0, worker 20.0"
        in measured["against"]
    )
