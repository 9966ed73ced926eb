"""Which story can be played on accounts that are not ours, and how much of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deployments.drill.stories import STORIES, DrillStory, Trouble
from incidents.errors import LiaisonError

A_SERVICE = 3
"""Tickets of each service, where several fail: as in the story on fakes."""


class NotOnAccounts(LiaisonError):
    """The story needs what nobody can order of an outside vendor."""


_NOT_ORDERED: Mapping[Trouble, str] = {
    Trouble.PAGER_DOWN: "a vendor's outage cannot be ordered, and its account would page as ever",
}


def fitted(story: DrillStory, tickets: int) -> DrillStory:
    """The story with so many tickets at most, which are at least two. Raises `NotOnAccounts`, with the reason."""
    if (why := _NOT_ORDERED.get(story.trouble)) is not None:
        raise NotOnAccounts(
            f"{story.name} is not played on accounts of your own: {why}. Play it on fakes, without --on; on accounts"
            f" there are {', '.join(playable())}"
        )
    services = tuple(story.services)
    if len(services) == 1:
        return replace(story, tickets=min(tickets, story.tickets))
    some = services[: max(2, tickets // A_SERVICE)]
    return replace(story, services=some, tickets=min(tickets, len(some) * A_SERVICE))


def playable() -> list[str]:
    """The names of those that can be played there."""
    return [one.name for one in STORIES.values() if one.trouble not in _NOT_ORDERED]
