"""A small helpdesk's export, made up: what its tickets say tells their group, and rush hours break promises."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

FIRST = datetime(2026, 1, 5, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GROUPS = {
    "Payments": ("card declined at checkout", "charged twice for one order", "refund has not arrived"),
    "Accounts": ("cannot log in any more", "password reset mail missing", "two factor code refused"),
    "Shipping": ("parcel lost on the way", "wrong address on the label", "courier never came"),
}
HEADINGS = (
    "Ticket ID", "Created at", "Subject", "Description", "Group", "First group", "Product", "Channel", "Requester",
    "Solved at", "Due at", "Duplicate of",
)  # fmt: skip

Row = dict[str, str]


def rows(*, days: int = 200, a_day: int = 8, duplicates: bool = True, seed: int = 3) -> list[Row]:
    """In order of time. One in four goes to a wrong group first; on the web shop promises are broken more often.

    With `duplicates`, one in eight reports an outage of that day again, in other words.
    """
    chance = np.random.default_rng(seed)
    found: list[Row] = []
    for number in range(days * a_day):
        at = FIRST + (number * DAY + float(chance.uniform(0, 0.9)) * DAY) / a_day
        group = str(chance.choice([*GROUPS]))
        product = str(chance.choice(["Web shop", "App", "Till"]))
        said = str(chance.choice(GROUPS[group]))
        subject, repeated = said, ""
        number_of_day = f"order {chance.integers(10_000):05} since {at:%H}"
        if duplicates and number % 8 in (1, 5) and number > a_day:
            older = found[-1]
            group, product, repeated = older["Group"], older["Product"], older["Ticket ID"]
            subject = older["Subject"]
            number_of_day = older["Description"] + " as well"
        is_late = bool(chance.random() < (0.7 if product == "Web shop" else 0.1))
        took = timedelta(hours=float(chance.uniform(26, 60) if is_late else chance.uniform(1, 22)))
        first = str(chance.choice([*GROUPS])) if chance.random() < 0.25 else group
        values = (
            str(1000 + number), _text(at), subject, number_of_day, group, first, product, "mail",
            f"customer {number}", _text(at + took), _text(at + DAY), repeated,
        )  # fmt: skip
        found.append(dict(zip(HEADINGS, values, strict=True)))
    return found


def write(path: Path, tickets: Iterable[Mapping[str, str]], *, separator: str = ",") -> Path:
    tickets = list(tickets)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*tickets[0]], delimiter=separator)
        writer.writeheader()
        writer.writerows(tickets)
    return path


def changed(tickets: Iterable[Row], change: Callable[[Row], Mapping[str, str]]) -> list[Row]:
    return [ticket | change(ticket) for ticket in tickets]


def without(tickets: Iterable[Row], *columns: str) -> list[Row]:
    return [{name: cell for name, cell in ticket.items() if name not in columns} for ticket in tickets]


def _text(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
