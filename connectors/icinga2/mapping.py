"""Icinga's objects as we read them.

https://icinga.com/docs/icinga-2/latest/doc/12-icinga2-api/ ; numbers are floats, times are Unix seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from connectors.kit.fields import record, text, unix_time
from incidents.errors import Unreachable, Unrecognised
from incidents.events import AlertEvent
from incidents.texts.plain_text import cut, one_line
from incidents.texts.times import clock

VENDOR = "icinga2"
MAX_WORDS = 500
_OUTPUT = 120
_VALUE = 200
_MOST_VARS = 20
COMMON = (
    "__name", "name", "display_name", "state", "state_type", "acknowledgement", "downtime_depth", "handled",
    "last_check", "last_check_result", "last_hard_state_change", "last_reachable", "vars",
)  # fmt: skip
SERVICE_ATTRS = [*COMMON, "host_name", "last_state_ok"]
HOST_ATTRS = [*COMMON, "last_state_up"]
_SERVICE_WORDS = {0: "OK", 1: "WARNING", 2: "CRITICAL", 3: "UNKNOWN"}
_HOST_WORDS = {0: "UP", 1: "DOWN"}


@dataclass(frozen=True, kw_only=True, slots=True)
class MonitoredObject:
    """A host or a service at Icinga, as it is now. `last_check` is None for one that was never checked; `last_well` is
    the moment of its last good check, None if there never was one."""

    name: str
    is_host: bool
    labels: tuple[tuple[str, str], ...]
    state: int
    is_hard: bool
    is_acknowledged: bool
    downtimes: int
    is_handled: bool
    is_reachable: bool
    last_check: datetime | None
    since: datetime | None
    last_well: datetime | None
    output: str

    @property
    def is_problem(self) -> bool:
        """Whether it is not as it should be, and that is certain: what is still tried again may be well."""
        return self.last_check is not None and self.state != 0 and self.is_hard

    @property
    def word(self) -> str:
        """Icinga's word for the state."""
        words = _HOST_WORDS if self.is_host else _SERVICE_WORDS
        return words.get(self.state, f"state {self.state}")

    def words(self) -> str:
        """How it stands, for people."""
        since = f" since {self.since:%Y-%m-%d} {clock(self.since)}" if self.since is not None else ""
        marks = [
            *(["acknowledged"] if self.is_acknowledged else []),
            *(["in downtime"] if self.downtimes else []),
        ]
        marked = f" ({', '.join(marks)})" if marks else ""
        said = f": {self.output}" if self.output else ""
        return f"{self.name} {self.word}{since}{marked}{said}"


def objects_in(data: Any, *, are_hosts: bool) -> list[MonitoredObject]:
    """Every object of an answer. Raises `Unreachable` for one that cannot be read: half a list looks like a whole."""
    results = record(data).get("results")
    if not isinstance(results, list):
        raise Unreachable(f"{VENDOR}: answered without results")
    return [_object(record(record(one).get("attrs")), is_host=are_hosts) for one in results]


def alert_of(found: MonitoredObject, connection: str, web_url: str | None, remark: str) -> AlertEvent:
    """A problem as an alert. It began when the object was last seen well: that stays the same when it gets worse or
    better without being well. `remark` says who has silenced it, and why."""
    started = found.last_well or found.since or found.last_check
    if started is None:
        raise Unreachable(f"{VENDOR}: a problem that never began")
    quiet = f" ({remark})" if remark and found.is_handled else ""
    summary = f"{found.name} is {found.word}{quiet}" + (f": {found.output}" if found.output else "")
    return AlertEvent(
        connection=connection,
        key=found.name,
        started_at=started,
        labels=found.labels,
        summary=cut(summary, MAX_WORDS),
        url=page_of(found.name, web_url),
        is_silenced=found.is_handled,
    )


def page_of(name: str, web_url: str | None) -> str | None:
    """Where people see the object in Icinga DB Web."""
    if web_url is None:
        return None
    host, _, service = name.partition("!")
    if service:
        return f"{web_url}/icingadb/service?{urlencode({'name': service, 'host.name': host})}"
    return f"{web_url}/icingadb/host?{urlencode({'name': host})}"


def joined(words: Sequence[str]) -> str:
    """Several sentences as one, no longer than people read."""
    return cut("; ".join(words), MAX_WORDS)


def _object(attrs: dict[str, Any], *, is_host: bool) -> MonitoredObject:
    name = text(attrs.get("__name"))
    if not name:
        raise Unreachable(f"{VENDOR}: an object without a name")
    return MonitoredObject(
        name=name,
        is_host=is_host,
        labels=_labels(attrs, is_host=is_host),
        state=_whole(attrs, "state"),
        is_hard=_whole(attrs, "state_type") == 1,
        is_acknowledged=_whole(attrs, "acknowledgement") != 0,
        downtimes=_whole(attrs, "downtime_depth"),
        is_handled=attrs.get("handled") is True,
        is_reachable=attrs.get("last_reachable") is not False,
        last_check=_moment(attrs, "last_check"),
        since=_moment(attrs, "last_hard_state_change"),
        last_well=_moment(attrs, "last_state_up" if is_host else "last_state_ok"),
        output=cut(one_line(text(record(attrs.get("last_check_result")).get("output"))), _OUTPUT),
    )


def _labels(attrs: dict[str, Any], *, is_host: bool) -> tuple[tuple[str, str], ...]:
    """Its names, and the custom variables that are plain texts."""
    name = text(attrs.get("name"))
    labels = {"host": name} if is_host else {"host": text(attrs.get("host_name")), "service": name}
    plain = {
        f"vars.{key}"[:_VALUE]: value[:_VALUE]
        for key, value in sorted(record(attrs.get("vars")).items())[:_MOST_VARS]
        if isinstance(value, str) and value
    }
    return tuple(sorted((plain | labels).items()))


def _whole(attrs: dict[str, Any], key: str) -> int:
    value = attrs.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Unreachable(f"{VENDOR}: an object whose {key} is no number")
    return int(value)


def _moment(attrs: dict[str, Any], key: str) -> datetime | None:
    """0 and -1 stand for never."""
    value = attrs.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
        return None
    try:
        return unix_time(value, of=VENDOR)
    except Unrecognised as error:
        raise Unreachable(f"{VENDOR}: an object whose {key} is no time") from error
