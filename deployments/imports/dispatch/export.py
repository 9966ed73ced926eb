"""A Dispatch organisation as its API answers it, saved as files: services as a policy file, incidents as a history.

`services.json` of `GET /api/v1/ORGANISATION/services?itemsPerPage=-1`, `incidents.json` of `.../incidents` likewise.
One of the two must be there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployments.imports.dispatch.answers import LISTS, DispatchService, PastIncident
from deployments.imports.dispatch.history import DispatchHistory, history_of
from deployments.imports.export_files import ExportFolder
from incidents.errors import Refused
from incidents.imports.names import Names
from incidents.imports.policy_yaml import policy_yaml
from incidents.imports.report import Fate, Imported, ImportLine, called
from incidents.imports.sections import SetupNames, title_of, unsaved_connections

_PAGERDUTY = "pagerduty"


@dataclass(frozen=True, kw_only=True, slots=True)
class DispatchImport:
    """`policy` has all lines of the report; its text is "" where there is no service."""

    policy: Imported
    history: DispatchHistory


def read_dispatch(folder: Path, names: SetupNames) -> DispatchImport:
    """Raises `Refused` for a file that is not what it must be, naming file and field, and where there is none."""
    files = ExportFolder(folder, LISTS)
    services = files.all("services", DispatchService)
    incidents = files.all("incidents", PastIncident)
    if not services and not incidents:
        raise Refused(f"{folder} has neither services nor incidents; docs/importing.md says how to get them")
    lines = files.unread()
    history = history_of(incidents)
    text, told = _policy_text(services, names)
    return DispatchImport(policy=Imported(text=text, lines=(*lines, *told, *history.lines)), history=history)


def _policy_text(services: Sequence[DispatchService], names: SetupNames) -> tuple[str, list[ImportLine]]:
    """A service and a team for each: whoever is on call for it is all that Dispatch knows of its team."""
    lines: list[ImportLine] = []
    keys = Names()
    teams: dict[str, Any] = {}
    sections: dict[str, Any] = {}
    for service in services:
        shown = service.name or f"service {service.id}"
        what = called("service", shown)
        if not service.is_active:
            lines.append(ImportLine(fate=Fate.LEFT, what=what, words="it is not enabled"))
            continue
        key = keys.name(shown, otherwise=f"service-{service.id}")
        teams[key] = {"title": title_of(shown, key), "pager": names.pager, "pager_target": key}
        sections[key] = {"title": title_of(shown, key), "team": key}
        lines.append(_service_line(what, service, key, names))
    if not sections:
        words = "there is none that is enabled, so no policy file was made"
        lines.append(
            ImportLine(fate=Fate.LEFT, what="services", words=words, cure="`liaison init` makes one")
        )
        return "", lines
    lines.append(unsaved_connections(names))
    return policy_yaml({"helpdesks": [names.helpdesk], "services": sections, "teams": teams}), lines


def _service_line(what: str, service: DispatchService, key: str, names: SetupNames) -> ImportLine:
    words = f"as service and team {key}, paged by {names.pager} as {key}"
    there = f"{service.external_id[:60]!r} of {service.type[:40]!r}"
    if service.type.startswith(_PAGERDUTY) and names.pager.startswith(f"{_PAGERDUTY}/"):
        cure = f"give routing_keys of {names.pager} the name {key} with an integration key of {there}"
        return ImportLine(fate=Fate.TAKEN, what=what, words=words, cure=cure)
    cure = f"its on-call was {there or 'nothing'}: name the pager and the target that this is now"
    return ImportLine(fate=Fate.DIFFERS, what=what, words=words, cure=cure)
