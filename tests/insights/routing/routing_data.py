"""A small helpdesk whose tickets say what they are about, made from a seed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from insights.routing.history import RoutingColumns

COLUMNS = RoutingColumns(label="service", text=("subject",), fields=("product", "channel"), time="created_at")
SUBJECTS = {
    "checkout": (
        "checkout fails",
        "cannot pay my order",
        "payment page is blank",
        "card refused at checkout",
    ),
    "search": ("search finds nothing", "no results shown", "search results are old", "filter is broken"),
    "accounts": ("cannot log in", "password reset mail missing", "locked out of my account", "login loop"),
}
FILLERS = ("please help", "since this morning", "urgent", "hello", "it is still so", "thanks")


def history(count: int = 240, *, seed: int = 3, noise: float = 0.0) -> pd.DataFrame:
    """`noise` is the share of tickets whose service was drawn by lot."""
    chance = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        service = str(chance.choice(list(SUBJECTS)))
        subject = f"{chance.choice(SUBJECTS[service])} {chance.choice(FILLERS)}"
        rows.append(
            {
                "subject": subject,
                "product": service.title() if chance.random() < 0.5 else None,
                "channel": str(chance.choice(["mail", "phone"])),
                "service": str(chance.choice(list(SUBJECTS))) if chance.random() < noise else service,
                "created_at": f"2026-01-{1 + number * 28 // count:02d}T{number % 24:02d}:00:00Z",
            }
        )
    return pd.DataFrame(rows)
