"""HubSpot's JSON and our words, both ways; plain functions.

Shapes: https://developers.hubspot.com/docs/api-reference/latest/crm/objects/tickets/guide; all properties are texts, or
null. A ticket's status is the stage that it has in its pipeline, and a stage says of itself only whether it is closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connectors.hubspot.settings import HubSpotSettings
from connectors.kit.fields import any_text, record, records, text, utc_time, whole
from incidents.errors import Unrecognised
from incidents.models import Contact, Departure, Ticket, TicketRef, TicketStatus
from incidents.texts.markup import looks_like_markup, text_of_markup

NAME = "hubspot"
MODIFIED, CREATED = "hs_lastmodifieddate", "createdate"
MERGED = "hs_merged_object_ids"
FIRST_MESSAGE = "hs_conversations_originating_message_id"
PROPERTIES = (
    "subject", "content", "hs_pipeline", "hs_pipeline_stage", "hubspot_owner_id", "source_type", "hs_ticket_priority",
    CREATED, MODIFIED, MERGED, FIRST_MESSAGE,
)  # fmt: skip
CONTACT_PROPERTIES = ("email", "firstname", "lastname")
_ID = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)
_SETTLED = (TicketStatus.SOLVED, TicketStatus.CLOSED)
_WAITING = (TicketStatus.WAITING_FOR_CUSTOMER, TicketStatus.WAITING_FOR_VENDOR)


@dataclass(frozen=True, kw_only=True, slots=True)
class PipelineStage:
    """One status of a pipeline; `order` is its place there."""

    id: str
    pipeline: str
    order: int
    is_closed: bool
    is_archived: bool


def id_from(value: object) -> str | None:
    """A record's or a thread's id, or None for what cannot be one; ids go into paths. HubSpot writes them as texts and
    as numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    # The length first: a number's text may be refused as too long.
    if isinstance(value, int) and not 0 < value < 10**19:
        return None
    told = str(value)
    return told if _ID.fullmatch(told) else None


def stages_from(pipelines: Iterable[Mapping[str, Any]]) -> list[PipelineStage]:
    """All stages of all pipelines, in their order."""
    found = [
        PipelineStage(
            id=any_text(stage.get("id")),
            pipeline=any_text(pipeline.get("id")),
            order=whole(stage.get("displayOrder")) or 0,
            is_closed=record(stage.get("metadata")).get("ticketState") == "CLOSED",
            is_archived=stage.get("archived") is True or pipeline.get("archived") is True,
        )
        for pipeline in pipelines
        for stage in records(pipeline.get("stages"))
    ]
    return sorted(found, key=lambda one: (one.pipeline, one.order))


def status_of(stage_id: str, stages: Sequence[PipelineStage], settings: HubSpotSettings) -> TicketStatus:
    """What a stage means. One that nobody told us of is not taken for an ending."""
    found = next((one for one in stages if one.id == stage_id), None)
    if found is not None and found.is_closed:
        return TicketStatus.SOLVED
    if stage_id in settings.waiting_stages:
        return TicketStatus.WAITING_FOR_CUSTOMER
    return TicketStatus.NEW if stage_id in settings.new_stages else TicketStatus.OPEN


def stage_for(
    status: TicketStatus, now: str, pipeline: str, stages: Sequence[PipelineStage], settings: HubSpotSettings
) -> str | None:
    """The stage of the pipeline by which a status is set: the one that it has `now` if that will do, else the first. A
    pipeline without a stage that waits is kept open instead; None where it has none that will do."""
    own = [one for one in stages if one.pipeline == pipeline and not one.is_archived]
    closed = [one.id for one in own if one.is_closed]
    still = [one.id for one in own if not one.is_closed]
    waiting = [one for one in still if one in settings.waiting_stages]
    new = [one for one in still if one in settings.new_stages]
    active = [one for one in still if one not in waiting and one not in new]
    if status in _SETTLED:
        fits = closed
    elif status in _WAITING:
        fits = waiting or active or still
    elif status is TicketStatus.NEW:
        fits = new or active or still
    else:
        fits = active or new or still
    return now if now in fits else next(iter(fits), None)


def properties_of(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record's properties."""
    return record(data.get("properties"))


def tags_of(data: Mapping[str, Any], name: str) -> list[str]:
    """What the property for tags holds."""
    return [one for one in (part.strip() for part in text(properties_of(data).get(name)).split(";")) if one]


def merged_ids(data: Mapping[str, Any]) -> list[str]:
    """Which tickets went into this one."""
    return [one for one in text(properties_of(data).get(MERGED)).split(";") if id_from(one)]


def contact_ids(data: Mapping[str, Any]) -> list[str]:
    """Whom a ticket that was read with its contacts is of."""
    found = record(record(data.get("associations")).get("contacts"))
    return [own_id for own_id in (id_from(one.get("id")) for one in records(found.get("results"))) if own_id]


def contact_from(data: Mapping[str, Any]) -> Contact:
    """A person of the portal's."""
    said = properties_of(data)
    name = f"{text(said.get('firstname'))} {text(said.get('lastname'))}".strip()
    return Contact(id=id_from(data.get("id")) or "", name=name, email=text(said.get("email")).strip())


def ticket_from(
    data: Mapping[str, Any],
    requester: Contact,
    stages: Sequence[PipelineStage],
    connection: str,
    settings: HubSpotSettings,
) -> Ticket:
    """One ticket. Raises `Unrecognised` without an id or a time."""
    own_id = id_from(data.get("id"))
    if own_id is None:
        raise Unrecognised("hubspot: a ticket without an id")
    said = properties_of(data)
    created = _time(said.get(CREATED), data.get("createdAt"))
    updated = max(created, _time(said.get(MODIFIED), data.get("updatedAt")))
    tags = tags_of(data, settings.tags_property)
    stage = text(said.get("hs_pipeline_stage"))
    body = text(said.get("content")).strip()
    return Ticket(
        ref=TicketRef(connection=connection, id=own_id),
        subject=text(said.get("subject")).strip(),
        body=text_of_markup(body).strip() if looks_like_markup(body) else body,
        status=status_of(stage, stages, settings),
        source_status=stage,
        requester=requester,
        version=int(updated.timestamp() * 1000),
        created_at=created,
        updated_at=updated,
        assignee=text(said.get("hubspot_owner_id")) or None,
        group=text(said.get("hs_pipeline")) or None,
        priority=text(said.get("hs_ticket_priority")).lower() or None,
        channel=text(said.get("source_type")).lower() or None,
        tier=_tier(tags, settings.tier_tag_prefix),
        tags=tuple(tags),
        url=f"{settings.app_url}/contacts/{settings.portal_id}/record/0-5/{own_id}",
        gone=Departure.DELETED if data.get("archived") is True else None,
        is_reachable=bool(requester.id),
    )


def as_merged(survivor: Ticket, own_id: str) -> Ticket:
    """What is left of one that went into another."""
    ref = replace(survivor.ref, id=own_id)
    return replace(survivor, ref=ref, gone=Departure.MERGED, merged_into=survivor.ref.id)


def _time(value: Any, otherwise: Any) -> datetime:
    return utc_time(value or otherwise, of=NAME)


def _tier(tags: Sequence[str], prefix: str) -> str | None:
    found = (tag.removeprefix(prefix) for tag in tags if prefix and tag.startswith(prefix))
    return next(found, None) or None
