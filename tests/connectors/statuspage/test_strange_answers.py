"""Whatever JSON Statuspage answers with, the connector fails with our errors only, never an `AttributeError`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.statuspage import AtlassianStatuspage
from connectors.statuspage.fake.records import PAGE
from connectors.statuspage.mapping import OURS
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicState
from tests.connectors.statuspage import conftest as statuspage
from tests.connectors.strange_answers import Call, Scripted, use

pytestmark = pytest.mark.usefixtures("no_repeats")

ID = "p31zjtct2jer"
WORDS = (
    f"id name url status group metadata incident_updates components body message opened said {OURS}".split()
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 3)
    | st.sampled_from(("", ID, PAGE, "Checkout", "resolved", "major_outage", "ö"))
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(WORDS), part, max_size=8),
    max_leaves=20,
)
INCIDENT = st.fixed_dictionaries(
    {"id": st.just(ID)},
    optional={
        "status": LEAVES,
        "metadata": ANYTHING,
        "incident_updates": ANYTHING,
        "components": ANYTHING,
    },
)
REPLIES = st.lists(ANYTHING | INCIDENT | st.lists(INCIDENT, max_size=3), min_size=1, max_size=6)
TEXT = PublicText("We see it.")
CALLS: dict[str, Call] = {
    "check": lambda page: page.check(),
    "restore": lambda page: page.restore(),
    "open": lambda page: page.open(TEXT, TEXT, Severity.HIGH, services=["Checkout"], once="o"),
    "post_update": lambda page: page.post_update(ID, TEXT, PublicState.IDENTIFIED, once="u"),
    "resolve": lambda page: page.resolve(ID, TEXT, once="r"),
    "find": lambda page: page.find("o"),
    "was_done": lambda page: page.was_done(ID, "u"),
}


@pytest.mark.parametrize("call", CALLS)
@settings(deadline=None, max_examples=60)
@given(replies=REPLIES)
def test_statuspage(call: str, replies: list[Any]) -> None:
    transport = Scripted(replies)
    use(AtlassianStatuspage("statuspage/a", statuspage.settings(), transport=transport), CALLS[call])
