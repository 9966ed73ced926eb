"""Whatever JSON a HubSpot answers with, the connector fails with our errors only."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connectors.hubspot import HubSpot
from incidents.models import PublicText, TicketChange
from tests.connectors.hubspot.conftest import settings
from tests.connectors.strange_answers import InTurn, a_ticket, helpdesk_calls, use

pytestmark = pytest.mark.usefixtures("no_repeats")

WORDS = (
    "id results paging next after properties subject content hs_pipeline hs_pipeline_stage hs_lastmodifieddate "
    "createdate createdAt updatedAt archived associations contacts toObjectId from to email firstname stages metadata "
    "ticketState displayOrder hs_note_body hs_object_source threadAssociations associatedTicketId type direction "
    "senders actorId deliveryIdentifier value client clientType integrationAppId richText text status statusType "
    "channelId channelAccountId hubId appId scopes name hs_merged_object_ids liaison_tags latestMessageTimestamp"
)
KEYS = st.sampled_from(WORDS.split())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-1, 2**65)
    | st.sampled_from(
        (
            "",
            "1",
            "2",
            "4",
            "0",
            "OPEN",
            "CLOSED",
            "MESSAGE",
            "INCOMING",
            "V-1",
            "2026-03-01T12:00:00.000Z",
            "\u00f6",
        )
    )
)
ANYTHING = st.recursive(
    LEAVES,
    lambda part: st.lists(part, max_size=3) | st.dictionaries(KEYS, part, max_size=6),
    max_leaves=25,
)
ROWS = st.fixed_dictionaries({"results": st.lists(st.dictionaries(KEYS, ANYTHING, max_size=8), max_size=3)})
CALLS = helpdesk_calls(a_ticket("hubspot/a", "1")) | {
    "reply": lambda one: one.update(["1"], TicketChange(public_reply=PublicText("x")), once="a"),
    "tags": lambda one: one.update(["1"], TicketChange(add_tags=("a",)), once="a"),
}


@pytest.mark.parametrize("call", CALLS)
@hypothesis_settings(deadline=None, max_examples=30)
@given(replies=st.lists(ANYTHING | ROWS, min_size=1, max_size=5))
def test_hubspot(call: str, replies: list[Any]) -> None:
    use(HubSpot("hubspot/a", settings(), transport=InTurn(replies)), CALLS[call])


TICKET = {"id": "1", "properties": {"hs_pipeline": "0", "hs_pipeline_stage": "1"}}
LINKED = {"associations": {"contacts": {"results": [{"id": "2"}]}}}


@pytest.mark.parametrize("call", ["reply", "update", "was_done", "comments"])
@hypothesis_settings(deadline=None, max_examples=60)
@given(replies=st.lists(ROWS, min_size=1, max_size=4))
def test_behind_a_ticket(call: str, replies: list[Any]) -> None:
    """What comes after the first call, which most strange answers do not get past."""
    use(HubSpot("hubspot/a", settings(), transport=InTurn([TICKET | LINKED, *replies])), CALLS[call])
