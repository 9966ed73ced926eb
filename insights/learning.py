"""What all insights share: their kinds, their reasons, and the two ways in which they say that they cannot.

An insight never stops the process: who asks for one catches `CannotLearn`, tells it, and goes by the policy's
rules.
"""

from __future__ import annotations

from dataclasses import dataclass

from incidents.errors import LiaisonError

SEED = 1
"""The same history makes the same model."""


class CannotLearn(LiaisonError):
    """There is no model to be had, or none to go by; the message says why, and what would help.

    `short` is the why in a few words, for a run's name; it may be empty.
    """

    def __init__(self, message: str, *, short: str = "") -> None:
        super().__init__(message)
        self.short = short


class NotEnoughHistory(CannotLearn):
    """Too few examples, or all of one kind. The message has how many there are and how many are needed."""


class UnusableHistory(CannotLearn):
    """The history lacks columns or its values make no sense. The message names the column and the cure."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One thing that spoke for a prediction, for people: `word "checkout"`, `product is Checkout`.

    `weight` is its share in the model's own units (log-odds where it has them); the bigger, the more it spoke for it,
    and below zero it spoke against.
    """

    text: str
    weight: float
