"""Rows whose drill is a story of tests/stories, control and all: here they are run, again and again, and counted.

A control there is a test too: it is passed when, without the guard, the promise was broken.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.campaign.row import Row, Size
from bench.result import progress

CODE = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Story:
    """`kept` and `control` are tests by their names; their words say what they do and what comes of it."""

    name: str
    file: str
    kept: Sequence[str]
    control: Sequence[str]
    done: str
    promised: str
    control_words: str


RESTORE = Story(
    name="A backup is restored",
    file="tests/stories/test_restore.py",
    kept=["test_what_was_said_after_the_backup_is_not_said_again[restored]"],
    control=["test_what_was_said_after_the_backup_is_not_said_again[control: merely loaded]"],
    done="two customers were told after the backup was taken; it was restored, and the process went on",
    promised="no customer is told twice, no telephone rings twice",
    control_words="the same backup, loaded without `liaison restore`: both customers are told twice",
)
SKEW = Story(
    name="A worker's clock is 60 s off PostgreSQL's",
    file="tests/stories/test_clock_skew.py",
    kept=[
        "test_a_clock_that_is_a_minute_off_changes_nothing[behind]",
        "test_a_clock_that_is_a_minute_off_changes_nothing[ahead]",
    ],
    control=["test_a_worker_that_goes_by_its_own_clock_pages_late"],
    done="an outage from the first ticket to the acknowledgement, a minute behind and a minute ahead",
    promised="paged at once, no promise broken early or late, nothing twice",
    control_words="a worker that goes by its own clock: nobody is paged",
)


ZOMBIE = Story(
    name="A sender sleeps between its commit and its call",
    file="tests/stories/test_sent_late.py",
    kept=[
        "test_what_a_successor_sent_meanwhile_is_not_sent_again[slept]",
        "test_a_worker_that_slept_before_its_call_does_not_send_after_its_time[60.0]",
        "test_a_worker_that_slept_rings_no_telephone[60.0]",
    ],
    control=["test_what_a_successor_sent_meanwhile_is_not_sent_again[control: does not know]"],
    done="asleep for 60 s before a call to a helpdesk and to a pager, while its successor tells the customers",
    promised="it does not send after its time",
    control_words="a worker that does not know that it slept: both customers are told twice",
)


async def tell(story: Story, size: Size) -> Row:
    """Run it so many times, each time anew."""
    times = size.pick(full=20, small=1)
    outcomes: list[Mapping[str, bool]] = [await asyncio.to_thread(_run, story) for _ in range(times)]
    kept = sum(all(outcome.get(test, False) for test in story.kept) for outcome in outcomes)
    failed = sum(all(outcome.get(test, False) for test in story.control) for outcome in outcomes)
    return Row(
        name=story.name,
        size=size,
        done=f"{story.done}; {times} ×, in simulated time",
        promised=story.promised,
        seen=f"kept in {kept} of {times}",
        control=f"{story.control_words}, in {failed} of {times}",
        is_kept=kept == times,
        has_control_failed=failed == times,
    )


async def restored_backup(size: Size) -> Row:
    return await tell(RESTORE, size)


async def zombie_sender(size: Size) -> Row:
    return await tell(ZOMBIE, size)


async def clock_skew(size: Size) -> Row:
    return await tell(SKEW, size)


def _run(story: Story) -> Mapping[str, bool]:
    """Which of its tests passed. A test that is not there any more did not."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        tests = [f"{story.file}::{test}" for test in (*story.kept, *story.control)]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}"]
        finished = subprocess.run([*command, *tests], cwd=CODE, check=False, capture_output=True, text=True)
        if not report.exists():
            progress(finished.stdout[-2000:])
            return {}
        cases = ET.parse(report).iter("testcase")  # noqa: S314  # pytest's own, written a moment ago
        return {str(case.get("name")): len(case.findall("*")) == 0 for case in cases}
