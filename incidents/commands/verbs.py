"""The verbs of commands, the same wherever they are said."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Verb(StrEnum):
    """What can be said to Liaison about an incident or a ticket: in a private note, in chat, by a form."""

    STATUS = "status"
    ESCALATE = "escalate"
    LINK = "link"
    SPLIT = "split"
    MERGE = "merge"
    OWNER = "owner"
    PROMISE = "promise"
    UPDATE = "update"
    NOTE = "note"
    ACKNOWLEDGE = "ack"
    RESOLVE = "resolve"
    NOT_US = "not-us"
    RUN = "run"
    APPROVE = "approve"
    DENY = "deny"
    CLOSE = "close"
    NOT_AN_INCIDENT = "not-an-incident"
    HELP = "help"


WORDS: Mapping[str, Verb] = {verb.value: verb for verb in Verb} | {
    "acknowledge": Verb.ACKNOWLEDGE,
    "resolved": Verb.RESOLVE,
    "notus": Verb.NOT_US,
    "notanincident": Verb.NOT_AN_INCIDENT,
    "no-incident": Verb.NOT_AN_INCIDENT,
    "false-alarm": Verb.NOT_AN_INCIDENT,
    "?": Verb.HELP,
}
"""What people write for them, in small letters."""
