"""What is sent elsewhere and what stands there, in a word or two, how it stands with it, and what came of an action."""

from __future__ import annotations

from incidents.actions import DRY_RUN, NOT_STARTED, ActionState
from incidents.effects import EffectKind, EffectState
from incidents.texts.team import Sentence, sentence, worded_as

_KINDS: dict[str, Sentence] = {
    EffectKind.PAGE: sentence("page"),
    EffectKind.PAGE_NOTE: sentence("page note"),
    EffectKind.PAGE_ACKNOWLEDGE: sentence("page acknowledge"),
    EffectKind.PAGE_RESOLVE: sentence("page resolve"),
    EffectKind.CHAT_ROOM: sentence("chat room"),
    EffectKind.CHAT_POST: sentence("chat post"),
    EffectKind.CHAT_ANSWER: sentence("chat answer"),
    EffectKind.TICKET_NOTE: sentence("ticket note"),
    EffectKind.TICKET_STATUS: sentence("ticket status"),
    EffectKind.CUSTOMER_MESSAGE: sentence("customer message"),
    EffectKind.ACTION: sentence("action"),
    EffectKind.STATUS_PAGE_OPEN: sentence("status page open"),
    EffectKind.STATUS_PAGE_UPDATE: sentence("status page update"),
    EffectKind.OUTBOUND_MESSAGE: sentence("outbound message"),
    EffectKind.ISSUE_OPEN: sentence("issue open"),
    EffectKind.ISSUE_COMMENT: sentence("issue comment"),
    EffectKind.ALERT_ACKNOWLEDGE: sentence("alert acknowledge"),
    EffectKind.ALERT_UNACKNOWLEDGE: sentence("alert unacknowledge"),
    "room": sentence("room"),
}
_STATES: dict[EffectState, Sentence] = {
    EffectState.PENDING: sentence("pending"),
    EffectState.SENDING: sentence("sending"),
    EffectState.UNKNOWN: sentence("unknown"),
    EffectState.DONE: sentence("done"),
    EffectState.HELD: sentence("held"),
    EffectState.DEAD: sentence("dead"),
}
_RESULTS: dict[str, Sentence] = {
    ActionState.SUCCEEDED: sentence("succeeded"),
    ActionState.FAILED: sentence("failed"),
    NOT_STARTED: sentence("not started"),
    DRY_RUN: sentence("dry run"),
}


def kind_words(kind: str) -> str:
    """A kind of effect, or of an object that an incident has elsewhere; one that we do not know as it is written."""
    known = _KINDS.get(kind)
    return kind.replace("_", " ") if known is None else worded_as(known)


def effect_state_words(state: EffectState) -> str:
    """How it stands with an effect."""
    return worded_as(_STATES[state])


def result_words(result: str) -> str:
    """What came of an action, by the ledger's word; another one as it is written."""
    known = _RESULTS.get(result)
    return result if known is None else worded_as(known)
