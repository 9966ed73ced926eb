"""`liaison import`: a tool's export as a policy file, which loads or is not written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from deployments.imports.dispatch.export import DispatchImport, read_dispatch
from deployments.imports.grafana_oncall.export import read_grafana_oncall
from deployments.imports.opsgenie.export import read_opsgenie
from incidents.errors import PolicyError, Refused
from incidents.imports.on_call_setup import OnCallSetup
from incidents.imports.report import Imported
from incidents.imports.sections import SetupNames, policy_text
from incidents.policy.file import parse_policy


def import_opsgenie(folder: Path, names: SetupNames, *, now: datetime) -> Imported:
    """A whole policy file of the folder's answers. Raises `Refused`, naming file and field, for what cannot be read."""
    return _loading(read_opsgenie, folder, names, now)


def import_grafana_oncall(folder: Path, names: SetupNames, *, now: datetime) -> Imported:
    """A whole policy file of the folder's answers. Raises `Refused`, naming file and field, for what cannot be read."""
    return _loading(read_grafana_oncall, folder, names, now)


def import_dispatch(folder: Path, names: SetupNames) -> DispatchImport:
    """A policy file of the folder's services, and a history of its incidents. Raises `Refused`, naming file and field,
    for what cannot be read."""
    imported = read_dispatch(folder, names)
    if imported.policy.text:
        _check(imported.policy.text, folder)
    return imported


def _loading(read: Callable[[Path], OnCallSetup], folder: Path, names: SetupNames, now: datetime) -> Imported:
    imported = policy_text(read(folder), names, now=now)
    _check(imported.text, folder)
    return imported


def _check(text: str, folder: Path) -> None:
    try:
        parse_policy(text, file="the policy file made of it")
    except PolicyError as error:
        raise Refused(
            f"{folder} makes no policy file that loads, and nothing was written:\n{error}"
        ) from error
