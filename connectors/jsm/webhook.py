"""What webhooks say of requests; how they are proven and read stands in `connectors.kit.atlassian.webhooks`."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.jsm.mapping import id_from
from connectors.jsm.settings import ServiceManagementSettings
from connectors.kit.atlassian.site import person_id
from connectors.kit.atlassian.webhooks import DELETED, ISSUE_EVENTS, delivery_from
from connectors.kit.fields import text
from incidents.errors import Unrecognised
from incidents.events import Event, Ignored, TicketEvent, Verified
from incidents.models import Departure, TicketRef

COMMENT_EVENTS = frozenset({"comment_created", "comment_updated"})
NEEDED = ISSUE_EVENTS | COMMENT_EVENTS


def events_from(
    verified: Verified, *, connection: str, settings: ServiceManagementSettings, own_id: str
) -> Sequence[Event]:
    """The ticket that changed, `by_us` where it was our own user. It is read again, and its comments with it: order is
    not promised. `Ignored` for other kinds and other projects. Raises `Unrecognised`."""
    said = delivery_from(verified, vendor="jsm", settings=settings)
    if said.kind not in NEEDED:
        return [Ignored(connection=connection, kind=said.kind[:80])]
    ticket = id_from(text(said.issue.get("id")))
    if ticket is None or not said.key:
        raise Unrecognised("jsm: a change of a request that names none")
    former = {key.rpartition("-")[0] for key in said.former_keys}
    is_ours = said.key.rpartition("-")[0] == settings.project
    if not is_ours and settings.project not in former:
        return [Ignored(connection=connection, kind="of another project")]
    return [
        TicketEvent(
            ref=TicketRef(connection=connection, id=ticket),
            at=said.at,
            comments_to_read=said.kind != DELETED,
            gone=Departure.DELETED if said.kind == DELETED else None,
            by_us=bool(own_id) and person_id(said.user) == own_id,
        )
    ]
