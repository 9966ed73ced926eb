"""What can go wrong in a drill: who writes how much about what, and what else does not work meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from incidents.errors import LiaisonError


class Trouble(Enum):
    """What fails besides the customers' service."""

    NONE = "nothing else"
    PAGER_DOWN = "the pager answers 503 at first"
    WEBHOOKS_LOST = (
        "the helpdesk sends no webhook; reconcile, due each five minutes, is run when its export has them"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class DrillStory:
    """`tickets` are spread over the services; `is_real` False is an alarm about a service that works."""

    name: str
    what: str
    tickets: int
    services: Sequence[str] = ("checkout",)
    subject: str = "Checkout fails with an error"
    trouble: Trouble = Trouble.NONE
    is_real: bool = True

    @property
    def policy(self) -> Mapping[str, Any]:
        """What it changes in the demo's policy."""
        if self.services in (("checkout",), ("search",)):
            return {}
        teams = ("payments", "platform")
        return {
            "services": {
                name: {
                    "title": name,
                    "team": teams[number % len(teams)],
                    "severity": 2,
                    "probes": ["http/checkout"],
                }
                for number, name in enumerate(self.services)
            },
            "routing": [{"service": name, "any_keyword": [name]} for name in self.services],
        }

    def subject_of(self, number: int) -> str:
        """What the customer with this number writes."""
        service = self.services[number % len(self.services)]
        return self.subject if len(self.services) == 1 else f"{service} does not work"


STORIES: Mapping[str, DrillStory] = {
    story.name: story
    for story in (
        DrillStory(
            name="helpdesk-storm",
            what="120 customers write about one outage at once: one incident, one page, everybody told.",
            tickets=120,
        ),
        DrillStory(
            name="pager-down",
            what="The pager answers 503 for 15 s while customers write: the page must go out when it is back, once.",
            tickets=12,
            trouble=Trouble.PAGER_DOWN,
        ),
        DrillStory(
            name="webhooks-lost",
            what="The helpdesk's webhooks do not arrive: the reconcile must find the tickets.",
            tickets=12,
            trouble=Trouble.WEBHOOKS_LOST,
        ),
        DrillStory(
            name="wrong-alarm",
            what="Three customers complain of a service that works: nobody may be woken.",
            tickets=3,
            services=("search",),
            subject="The search shows no results",
            is_real=False,
        ),
        DrillStory(
            name="many-services",
            what="Eight services fail at once: an incident and a page each, none of them twice.",
            tickets=24,
            services=tuple(f"shop-{letter}" for letter in "abcdefgh"),
        ),
    )
}
"""By their names."""


class UnknownStory(LiaisonError):
    """No story has this name."""


def story_named(name: str) -> DrillStory:
    """Raises `UnknownStory`, with those that there are."""
    if name not in STORIES:
        raise UnknownStory(f"there is no story {name!r}: take one of {', '.join(STORIES)}")
    return STORIES[name]
