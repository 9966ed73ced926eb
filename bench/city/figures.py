"""`make bench only=city`: the outage of a whole city, and what it costs by the number of services.

Each arm is a process of its own with an installation of its own; they run one after another:

    city            20,000 tickets of 200 services in 60 s, two thirds of them about 20
    before          the same by the code of the tag `base-before`, where this checkout has it, for a bounded time
    20, 60, 200     2,000 tickets of so many services
    plain           as many Prefect runs that do nothing as there are services, by the same worker
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.city import arm as arm_module
from bench.city.arm import Arm
from bench.result import Result, progress

CODE = Path(__file__).parents[2]
BEFORE = "base-before"
SERVICES, TICKETS, SECONDS = 200, 20_000, 60.0
SMALL_TICKETS, SMALL_SECONDS = 2_000, 10.0
PATIENCE = 300.0
NOT_YET = float("inf")


@dataclass(frozen=True, kw_only=True)
class Outage:
    """How many tickets of how many services in what time, and how long is looked on, in seconds."""

    services: int
    tickets: int
    seconds: float
    patience: float = PATIENCE


def city_figures(
    city: Outage = Outage(services=SERVICES, tickets=TICKETS, seconds=SECONDS),
    by_services: Sequence[int] = (20, 60, 200),
) -> Iterator[Result]:
    """Each figure as it comes."""
    now = run_arm(city, CODE, is_plain=True)
    with checkout(BEFORE) as before:
        then = run_arm(city, before) if before is not None else None
    yield from compared(now, then)
    for services in by_services:
        small = Outage(services=services, tickets=SMALL_TICKETS, seconds=SMALL_SECONDS)
        yield from _by_services(run_arm(small, CODE))


def run_arm(outage: Outage, code: Path, *, is_plain: bool = False) -> Arm:
    """One outage by the code in this folder. Raises `CalledProcessError` when it breaks down."""
    command = [
        sys.executable,
        # Not the script's own folder: it holds modules of this commit.
        *("-P", str(arm_module.__file__)),
        *("--services", str(outage.services), "--tickets", str(outage.tickets)),
        *("--seconds", str(outage.seconds), "--patience", str(outage.patience)),
        *(["--plain"] if is_plain else []),
    ]
    progress(
        f"{outage.tickets} tickets of {outage.services} services in {outage.seconds:g} s, code in {code}"
    )
    ended = subprocess.run(
        command,
        cwd=code,
        env=os.environ | {"PYTHONPATH": str(code)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Arm(**json.loads(ended.stdout.splitlines()[-1]))


@contextmanager
def checkout(tag: str) -> Iterator[Path | None]:
    """The code of a tag in a folder of its own; None where git or the tag is missing."""
    git = shutil.which("git")
    archive = (
        subprocess.run([git, "archive", "--format=tar", tag], cwd=CODE, capture_output=True, check=False)
        if git is not None
        else None
    )
    if archive is None or archive.returncode != 0:
        progress(f"no code of {tag} here, so nothing to compare with")
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="liaison-before-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
            tar.extractall(folder, filter="data")
        yield Path(folder)


def compared(now: Arm, then: Arm | None) -> Iterator[Result]:
    """The city's figures, each beside what the commit before came to in the same time."""
    rows = [
        ("first_page", now.first_page, then and then.first_page),
        ("median_page", now.median_page, then and then.median_page),
        ("all_pages", now.all_pages, then and then.all_pages),
        ("all_linked", now.all_linked, then and then.all_linked),
    ]
    for name, value, before in rows:
        yield _figure(f"city_{name}", value, now, _words(then, before), before)
    yield _figure(
        "city_acknowledged",
        now.acknowledged / now.acknowledged_seconds,
        now,
        f"{now.acknowledged} of {now.tickets}, the slowest answer after {now.slowest_answer_seconds} s",
        None,
        unit="tickets/s",
    )
    slowest = max((NOT_YET if one is None else one for one in now.answers), default=None)
    yield _figure(
        "city_taken_page_heard",
        slowest,
        now,
        f"the slowest of {len(now.answers)} pages taken in the middle of it, 10 s promised",
        None,
    )
    yield _figure("city_worker_memory", now.worker_megabytes, now, "at most 500 MB promised", None, unit="MB")
    yield _figure(
        "city_plain_runs",
        now.plain_runs,
        now,
        f"until {now.services} Prefect runs that do nothing have begun, by the same worker on an idle system",
        None,
    )


def _by_services(arm: Arm) -> Iterator[Result]:
    cost = arm.worker_cpu_seconds + arm.server_cpu_seconds
    for name, value in (("all_pages", arm.all_pages), ("all_linked", arm.all_linked)):
        against = f"{arm.tickets} tickets; {cost:.0f} s of CPU in worker and Prefect server"
        yield _figure(f"city_{arm.services}_{name}", value, arm, against, None)


def _words(then: Arm | None, before: float | None) -> str:
    if then is None:
        return f"{BEFORE} is not here to be compared with"
    if before is None:
        return (
            f"{BEFORE}: not within {then.gave_up_after:g} s; then {then.paged} of {then.services} were paged and"
            f" {then.linked} of {then.tickets} linked"
        )
    return f"{BEFORE}: {before} s"


def _figure(
    name: str, value: float | None, arm: Arm, against: str, before: float | None, *, unit: str = "s"
) -> Result:
    """A value that is missing did not happen in the time; JSON has no infinity, so it is -1 and said."""
    if value is None or value == NOT_YET:
        seen = f"not within {arm.gave_up_after} s; {arm.paged} paged, {arm.linked} linked; "
        return Result(name=name, value=-1, unit=unit, ratio=None, against=seen + against, n=1)
    ratio = round(value / before, 2) if before else None
    return Result(name=name, value=round(value, 1), unit=unit, ratio=ratio, against=against, n=1)
