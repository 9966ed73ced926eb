"""Which of a deployment's settings are the operator's by now: changed on the server since we declared them.

Of each setting there are three values: what was declared when it was registered last, what the server has, and what
prefect.yaml declares now. Where the server still has the first, the third is set; where somebody changed it, his
choice stays, and is told. What was declared last is remembered as a short hash a setting, for that is all that
comparing needs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule

from flows.declaration import Declaration

HASH_DIGITS = 6
_EACH_MINUTE = [["* * * * *", "UTC", True]]
_ONCE_DECLARED: Mapping[str, Any] = dict.fromkeys(
    ("intake", "status_sync", "sla_sweep", "recover"), _EACH_MINUTE
)
"""Schedules that versions without a memory declared, where this one declares others: they are nobody's choice."""


class OperatorSetting(StrEnum):
    """The settings that people change in the Prefect UI; the order is that of the remembered hashes."""

    SCHEDULES = "schedules"
    PARAMETERS = "parameters"
    TAGS = "tags"
    WORK_POOL = "work pool"


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingsMerge:
    """`to_set`: what differs from prefect.yaml and is ours to set. `kept`: what somebody changed, in words."""

    to_set: frozenset[OperatorSetting]
    kept: Sequence[str]


def declared_values(declaration: Declaration) -> Mapping[OperatorSetting, Any]:
    """The settings as the file has them, in a form that compares with `server_values`."""
    return {
        OperatorSetting.SCHEDULES: sorted([one.cron, one.timezone, True] for one in declaration.schedules),
        OperatorSetting.PARAMETERS: declaration.parameters,
        OperatorSetting.TAGS: sorted(declaration.tags),
        OperatorSetting.WORK_POOL: declaration.work_pool.name,
    }


def server_values(deployment: DeploymentResponse) -> Mapping[OperatorSetting, Any]:
    """The settings as the server has them."""
    return {
        OperatorSetting.SCHEDULES: sorted(
            [one.schedule.cron, one.schedule.timezone or "UTC", one.active]
            if isinstance(one.schedule, CronSchedule)
            else [str(one.schedule.model_dump(mode="json")), "", one.active]
            for one in deployment.schedules
        ),
        OperatorSetting.PARAMETERS: deployment.parameters or {},
        OperatorSetting.TAGS: sorted(deployment.tags or []),
        OperatorSetting.WORK_POOL: deployment.work_pool_name,
    }


def fingerprint(declaration: Declaration) -> str:
    """What to remember of a declaration: a hash of each setting, one behind the other."""
    return "".join(_hash(declared_values(declaration)[setting]) for setting in OperatorSetting)


def merged(declaration: Declaration, there: DeploymentResponse, *, before: str | None) -> SettingsMerge:
    """What to set and what to keep. `before` is the fingerprint of what was declared last; without one (registered by
    a version that remembered nothing) whatever differs from the file counts as the operator's, but for what those
    versions declared."""
    declared, found = declared_values(declaration), server_values(there)
    to_set: set[OperatorSetting] = set()
    kept: list[str] = []
    for number, setting in enumerate(OperatorSetting):
        if found[setting] == declared[setting]:
            continue
        last = (
            before[number * HASH_DIGITS : (number + 1) * HASH_DIGITS]
            if before is not None
            else _hash(_ONCE_DECLARED.get(declaration.name))
        )
        if last == _hash(found[setting]):
            to_set.add(setting)
        else:
            kept.append(
                f"{declaration.name}: {setting} kept as changed on the server, {_words(setting, found[setting])};"
                f" prefect.yaml says {_words(setting, declared[setting])}"
            )
    if there.paused:
        kept.append(f"{declaration.name}: still paused, as somebody paused it")
    return SettingsMerge(to_set=frozenset(to_set), kept=tuple(kept))


def _hash(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:HASH_DIGITS]


def _words(setting: OperatorSetting, value: Any) -> str:
    if setting is OperatorSetting.SCHEDULES:
        said = [f"{cron} {zone}".strip() + ("" if is_active else " (off)") for cron, zone, is_active in value]
    elif isinstance(value, list):
        said = [str(one) for one in value]
    else:
        said = [json.dumps(value, sort_keys=True, default=str)] if value else []
    return ", ".join(said) or "none"
