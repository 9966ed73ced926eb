"""How incidents and tickets stand, in a word."""

from __future__ import annotations

from incidents.texts.team import Sentence, sentence, worded_as

_STATES: dict[str, Sentence] = {
    "reported": sentence("reported"),
    "validating": sentence("validating"),
    "confirmed": sentence("confirmed"),
    "not_an_incident": sentence("not an incident"),
    "mitigating": sentence("mitigating"),
    "escalated": sentence("escalated"),
    "acknowledged": sentence("acknowledged"),
    "resolved": sentence("resolved"),
    "closing": sentence("closing"),
    "closed": sentence("closed"),
    "reopened": sentence("reopened"),
    "merged": sentence("merged"),
    "new": sentence("new"),
    "open": sentence("open"),
    "waiting_for_customer": sentence("waiting for customer"),
    "waiting_for_vendor": sentence("waiting for vendor"),
    "solved": sentence("solved"),
}


def state_words(state: str) -> str:
    """A state of an incident or a ticket, for within a sentence; one that we do not know as it is written."""
    known = _STATES.get(state)
    return state.replace("_", " ") if known is None else worded_as(known)
