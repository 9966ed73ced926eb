"""Every key that some interview would ask for: where all is kept nothing is asked, and an answer may be misspelt."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from deployments.commands.first_hour.questions import parts, people_of, slug
from deployments.commands.first_hour.vendors import FORMS

_MAIL = ("address", "user", "password", "imap", "smtp", "authority", "sender_name", "colleagues", "plus")
_PLAIN = frozenset(
    {
        *(
            "public_url",
            "prefect_ui",
            "helpdesk",
            "services",
            "prometheus.url",
            "reports",
            "chat",
            "page.folder",
            "page.title",
        ),
        *("oncall", "oncall.people", "oncall.time_zone"),
        *(f"mail.{name}" for name in _MAIL),
        *(f"smtp.{name}" for name in ("address", "server", "user", "password")),
        *(f"{vendor}.{one.field}" for vendor, form in FORMS.items() for one in form.asked),
    }
)
_OF_A_SERVICE = ("words", "health", "query")
_NAMED_ONE = re.compile(rf"services\.[a-z0-9-]+\.({'|'.join(_OF_A_SERVICE)})")
_PERSONS = re.compile(r"oncall\.[a-z0-9-]+\.phone")


def askable(given: Mapping[str, str]) -> Collection[str]:
    """All of them, with those of the services and people that the answers name; of any, where they name none."""
    found = set(_PLAIN)
    if "services" in given:
        for number, title in enumerate(parts(given["services"]), start=1):
            key = slug(title, otherwise=f"service-{number}")
            found |= {f"services.{key}.{name}" for name in _OF_A_SERVICE}
    else:
        found |= {key for key in given if _NAMED_ONE.fullmatch(key)}
    try:
        found |= {f"oncall.{one.key}.phone" for one in people_of(given.get("oncall.people", ""))}
    except ValueError:  # none, or not in form: who would be asked for is not known
        found |= {key for key in given if _PERSONS.fullmatch(key)}
    return found
