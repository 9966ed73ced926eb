"""A made-up helpdesk whose breaches have a known cause: the service, and how late it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from insights.breach.rows import CaseView, breach_rows

START = datetime(2026, 1, 5, tzinfo=UTC)
NOW = START + timedelta(days=100)
RISK = {"checkout": 0.75, "search": 0.3, "login": 0.05}
TARGET = timedelta(hours=8)


def views(cases: int = 900, *, seed: int = 1, risk: dict[str, float] = RISK) -> list[CaseView]:
    """Cases spread over 90 days; each is opened, most are moved once, and all end."""
    chance = np.random.default_rng(seed)
    made = []
    for number in range(cases):
        opened = START + timedelta(days=90 * number / cases)
        service = str(chance.choice(list(risk)))
        breached = bool(chance.random() < risk[service])
        took = TARGET * float(chance.uniform(1.05, 3) if breached else chance.uniform(0.05, 0.9))
        moments = [
            opened,
            *([opened + timedelta(hours=2)] if took > timedelta(hours=2) else []),
            opened + took,
        ]
        made += [
            CaseView(
                case=f"zendesk/x#{number}",
                at=at,
                is_open=at < opened + took,
                target=TARGET,
                worked=at - opened,
                due_at=opened + TARGET,
                severity=int(chance.integers(1, 5)),
                service=service,
                team=f"team-{service}",
                channel=str(chance.choice(["mail", "chat"])),
                state="open",
                reassignments=place,
                breached=breached,
                settled_at=opened + TARGET,
            )
            for place, at in enumerate(moments)
        ]
    return made


def history(cases: int = 900, *, seed: int = 1) -> pd.DataFrame:
    return breach_rows(views(cases, seed=seed))
