"""Whatever JSON Instatus answers with, the connector fails with our errors only, never an `AttributeError`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.instatus import Instatus
from connectors.instatus.fake.records import PAGE
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicIncident, PublicState, PublicUpdate
from tests.connectors.instatus import conftest as instatus
from tests.connectors.strange_answers import Call, Scripted, use

pytestmark = pytest.mark.usefixtures("no_repeats")

ID = "ckf01m59ueaqb0a32wrljz1yd"
THEN = datetime(2026, 3, 1, 12, 0, 0, 7000, tzinfo=UTC)
WORDS = "id name status started updates components group message error code subdomain customDomain".split()  # noqa: SIM905
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 3)
    | st.sampled_from(
        ("", ID, PAGE, "Checkout", "RESOLVED", "MONITORING", "MAJOROUTAGE", "2026-03-01T12:00:00.007Z")
    )
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(WORDS), part, max_size=8),
    max_leaves=20,
)
INCIDENT = st.fixed_dictionaries(
    {"id": st.just(ID), "started": st.just("2026-03-01T12:00:00.007Z")},
    optional={"status": LEAVES, "updates": ANYTHING, "components": ANYTHING},
)
REPLIES = st.lists(ANYTHING | INCIDENT | st.lists(INCIDENT, max_size=3), min_size=1, max_size=6)
TEXT = PublicText("We see it.")
CALLS: dict[str, Call] = {
    "check": lambda page: page.check(),
    "restore": lambda page: page.restore(),
    "open": lambda page: page.open(TEXT, TEXT, Severity.HIGH, services=["Checkout"], once="o"),
    "post_update": lambda page: page.post_update("1", TEXT, PublicState.IDENTIFIED, once="u"),
    "resolve": lambda page: page.resolve("1", TEXT, once="r"),
    "find": lambda page: page.find("o"),
    "was_done": lambda page: page.was_done("1", "u"),
}


class OneRow:
    """A record in which everything was said already, at one moment."""

    async def owner(self) -> str:
        return "abc"

    async def open(self, *_: object, **__: object) -> str:
        return "1"

    async def add(self, *_: object, **__: object) -> str:
        return "2"

    async def opened_with(self, once: str) -> str | None:
        return "1"

    async def update_with(self, id: str, once: str) -> str | None:
        return "2"

    async def incidents(self, *, resolved_since: datetime, limit: int = 300) -> Sequence[PublicIncident]:
        said = PublicUpdate(id="2", state=PublicState.INVESTIGATING, text=TEXT, at=THEN)
        one = PublicIncident(
            id="1", title=TEXT, severity=Severity.LOW, services=("Checkout",), updates=(said,)
        )
        return [one]


@pytest.mark.parametrize("call", CALLS)
@settings(deadline=None, max_examples=60)
@given(replies=REPLIES)
def test_instatus(call: str, replies: list[Any]) -> None:
    page = Instatus("instatus/a", instatus.settings(), record=OneRow(), transport=Scripted(replies))
    use(page, CALLS[call])
