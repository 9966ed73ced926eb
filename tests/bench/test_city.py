"""What is measured of a city's outage is a city's outage, and what did not happen is said."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from bench.city.arm import LOUD, Arm, spread
from bench.city.figures import compared

SERVICES = [f"service-{number}" for number in range(200)]


def test_every_service_is_written_about_and_two_thirds_are_about_twenty():
    reports = spread(SERVICES, 20_000, random.Random(7))
    counts = Counter(reports)
    assert len(reports) == 20_000
    assert counts.keys() == set(SERVICES)
    assert sum(counts[name] for name in SERVICES[:LOUD]) / 20_000 == pytest.approx(2 / 3, abs=0.02)


@pytest.mark.parametrize("services", [1, 5, 20])
def test_where_there_are_few_services_all_are_loud(services: int):
    reports = spread(SERVICES[:services], 100, random.Random(7))
    assert len(reports) == 100
    assert set(reports) == set(SERVICES[:services])


def test_what_did_not_happen_is_no_figure():
    """Neither a good one nor one that was never measured."""
    now = Arm(
        services=200,
        tickets=20_000,
        acknowledged=20_000,
        acknowledged_seconds=60.0,
        first_page=4.0,
        answers=[1.0, None],
        paged=150,
        linked=20_000,
        gave_up_after=300.0,
    )
    then = Arm(services=200, tickets=20_000, paged=0, linked=4_000, gave_up_after=300.0)
    rows = {row["name"]: row for row in (json.loads(str(one)) for one in compared(now, then))}
    assert rows["city_first_page"]["value"] == 4.0
    assert "0 of 200 were paged and 4000 of 20000 linked" in rows["city_first_page"]["against"]
    assert rows["city_all_pages"]["value"] == -1
    assert "not within 300.0 s; 150 paged" in rows["city_all_pages"]["against"]
    assert rows["city_taken_page_heard"]["value"] == -1
    assert rows["city_acknowledged"]["value"] == pytest.approx(333.3)
