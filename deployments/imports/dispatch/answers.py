"""Dispatch's API answers, as far as they are read. Times are UTC.

Sources: Netflix/dispatch, src/dispatch/incident/models.py (IncidentReadMinimal), incident/type, incident/priority,
incident/severity and service models, docs/docs/administration; its own export asks for `itemsPerPage=-1`
(src/dispatch/static/dispatch/src/incident/TableExportDialog.vue).
"""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import Field, field_validator

from deployments.imports.export_files import ExportObject, ListShape, Moment

LISTS = ListShape(items="items", total="total")


class DispatchService(ExportObject):
    """An on-call service: `type` is the plugin, `external_id` what it is called there."""

    id: int
    name: str = ""
    external_id: str = ""
    type: str = ""
    is_active: bool = True


class DispatchKind(ExportObject):
    """An incident's type, priority or severity. The lowest `view_order` is shown first."""

    id: int
    name: str
    exclude_from_metrics: bool = False
    view_order: int = 9999


class DispatchParticipant(ExportObject):
    """Who commanded an incident."""

    team: str = ""


class DuplicateReference(ExportObject):
    """Another incident."""

    id: int
    name: str = ""


class PastIncident(ExportObject):
    """An incident."""

    id: int
    name: str = ""
    title: str
    description: str = ""
    visibility: str = "Open"
    incident_type: DispatchKind | None = None
    incident_priority: DispatchKind | None = None
    incident_severity: DispatchKind | None = None
    commander: DispatchParticipant | None = None
    participants_team: str = ""
    duplicates: list[DuplicateReference] = Field(default_factory=list)
    created_at: Moment | None = None
    reported_at: Moment | None = None
    stable_at: Moment | None = None
    closed_at: Moment | None = None

    @field_validator("created_at", "reported_at", "stable_at", "closed_at")
    @classmethod
    def _in_utc(cls, at: datetime | None) -> datetime | None:
        if at is None:
            return None
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
