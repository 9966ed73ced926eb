"""What Jira's webhooks say of issues; how they are proven and read stands in `connectors.kit.atlassian.webhooks`."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.jira.settings import JiraSettings
from connectors.kit.atlassian.webhooks import DELETED, ISSUE_EVENTS, UPDATED, delivery_from
from incidents.errors import Unrecognised
from incidents.events import Event, Ignored, IssueEvent, Verified

NEEDED = frozenset({UPDATED, DELETED})
"""Issues that are ours exist already, so their creation tells nothing."""


def events_from(verified: Verified, *, connection: str, settings: JiraSettings) -> Sequence[Event]:
    """The issue that changed, by its key and by those it had: it may be known by one of these. `Ignored` for what is
    no change of an issue. Raises `Unrecognised`."""
    said = delivery_from(verified, vendor="jira", settings=settings)
    if said.kind not in ISSUE_EVENTS:
        return [Ignored(connection=connection, kind=said.kind[:80])]
    if not said.key:
        raise Unrecognised("jira: a change of an issue that names none")
    keys = dict.fromkeys((said.key, *said.former_keys))
    return [IssueEvent(connection=connection, key=key, at=said.at) for key in keys]
