"""What is said of a ticket beside its fields: what it is to another one, and why its texts are gone."""

from __future__ import annotations

from enum import StrEnum


class TextsGone(StrEnum):
    """Why a ticket's texts are not in the store: too old, or its customer was forgotten, which is for ever."""

    AGED = "aged"
    FORGOTTEN = "forgotten"


class Kinship(StrEnum):
    """What a ticket is to the one it came from."""

    FOLLOW_UP = "follow_up"
    SPLIT = "split"
    SIDE_CONVERSATION = "side_conversation"
