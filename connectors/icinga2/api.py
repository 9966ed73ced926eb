"""Icinga's API: objects by filter, actions by filter; never without one, as that would take every object there is.

https://icinga.com/docs/icinga-2/latest/doc/12-icinga2-api/#filters
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from connectors.icinga2.mapping import HOST_ATTRS, SERVICE_ATTRS, VENDOR, MonitoredObject, objects_in
from connectors.kit.fields import record, text, unix_time
from connectors.kit.http import VendorHttp
from incidents.errors import Unreachable, Unrecognised
from incidents.texts.plain_text import cut, one_line

# Names travel as variables: what stands in a filter is a program.
_NAMED = {"Service": "service.__name in names", "Host": "host.__name in names"}
_PROBLEMS = {
    "Service": "service.state != 0 && service.state_type == 1",
    "Host": "host.state != 0 && host.state_type == 1",
}
_EVENTS = [
    "StateChange",
    "AcknowledgementSet",
    "AcknowledgementCleared",
    "DowntimeTriggered",
    "DowntimeRemoved",
]
_REMARK, _AUTHOR = 80, 40  # characters
# The later ones outrank the earlier.
_REMARKS = (
    ("downtimes", "downtime.trigger_time > 0", "comment", "in downtime"),
    ("comments", "comment.entry_type == 4", "text", "acknowledged"),
)
_MARKED = {"comments": "match(mark, comment.text)", "downtimes": "match(mark, downtime.comment)"}


@dataclass(frozen=True, kw_only=True, slots=True)
class IcingaMark:
    """A comment or downtime that carries a key: on which object, and until when, if it ends."""

    object: str
    ends_at: datetime | None


class IcingaApi:
    """The calls of one Icinga."""

    def __init__(self, http: VendorHttp) -> None:
        self._http = http

    async def version(self) -> str:
        """The server's version, "" if it does not say."""
        answer = await self._http.call("GET", "/v1/status/IcingaApplication")
        results = record(answer.data).get("results")
        first = results[0] if isinstance(results, list) and results else {}
        app = record(record(record(record(first).get("status")).get("icingaapplication")).get("app"))
        return text(app.get("version"))[:40]

    async def objects(self, names: Sequence[str]) -> list[MonitoredObject]:
        """Those of the hosts and services that there are."""
        found: list[MonitoredObject] = []
        for kind, chosen in by_kind(names).items():
            found += await self._query(kind, _NAMED[kind], {"names": chosen})
        return found

    async def problems(self) -> list[MonitoredObject]:
        """Everything that is certainly not as it should be."""
        return [
            *await self._query("Host", _PROBLEMS["Host"], {}),
            *await self._query("Service", _PROBLEMS["Service"], {}),
        ]

    async def marks(self, kind: str, mark: str) -> list[IcingaMark]:
        """The `comments` or `downtimes` that carry this word of ours."""
        wanted = {"filter": _MARKED[kind], "filter_vars": {"mark": f"*{mark}*"}}
        data = await self._read(f"/v1/objects/{kind}", wanted)
        results = record(data).get("results")
        if not isinstance(results, list):
            raise Unreachable(f"{VENDOR}: answered without results")
        return [_mark(record(record(one).get("attrs"))) for one in results]

    async def remarks(self) -> dict[str, str]:
        """Who acknowledged each object, or put it into a downtime that has begun, and with what words."""
        found: dict[str, str] = {}
        for kind, chosen, said, verb in _REMARKS:
            data = await self._read(f"/v1/objects/{kind}", {"filter": chosen})
            results = record(data).get("results")
            if not isinstance(results, list):
                raise Unreachable(f"{VENDOR}: answered without results")
            for one in results:
                attrs = record(record(one).get("attrs"))
                words = cut(one_line(text(attrs.get(said))), _REMARK)
                told = f"{verb} by {cut(one_line(text(attrs.get('author'))), _AUTHOR) or 'somebody'}"
                found[_mark(attrs).object] = f"{told}: {words}" if words else told
        return found

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Pieces of Icinga's stream of what changes, from now on: that something changed, whatever it was. The first is
        empty. Raises `NotAllowed` where the user may not listen, and `Unreachable` when the line ends."""
        # Icinga gives what is said on a queue to one listener; so each has its own.
        wanted = {"queue": f"liaison-{uuid4().hex}", "types": _EVENTS}
        pieces = self._http.stream("/v1/events", json=wanted)
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                yield piece

    async def act(self, action: str, names: Sequence[str], how: Mapping[str, Any]) -> None:
        """Do something to these objects. Raises `Unknown` where it may have been done: 500 is also Icinga's word for
        a filter that matched nothing."""
        for kind, chosen in by_kind(names).items():
            body = {"type": kind, "filter": _NAMED[kind], "filter_vars": {"names": chosen}, **how}
            await self._http.call("POST", f"/v1/actions/{action}", json=body, is_repeatable=False)

    async def _query(self, kind: str, chosen: str, variables: Mapping[str, Any]) -> list[MonitoredObject]:
        is_host = kind == "Host"
        wanted = {
            "filter": chosen,
            "filter_vars": variables,
            "attrs": HOST_ATTRS if is_host else SERVICE_ATTRS,
        }
        data = await self._read("/v1/objects/hosts" if is_host else "/v1/objects/services", wanted)
        return objects_in(data, are_hosts=is_host)

    async def _read(self, path: str, wanted: Mapping[str, Any]) -> Any:
        headers = {"X-HTTP-Method-Override": "GET"}
        answer = await self._http.call("POST", path, json=wanted, headers=headers, is_repeatable=True)
        return answer.data


def by_kind(names: Sequence[str]) -> dict[str, list[str]]:
    """Hosts and services apart, as Icinga asks for them."""
    kinds = {
        "Host": [name for name in names if "!" not in name],
        "Service": [name for name in names if "!" in name],
    }
    return {kind: chosen for kind, chosen in kinds.items() if chosen}


def _mark(attrs: dict[str, Any]) -> IcingaMark:
    host, service = text(attrs.get("host_name")), text(attrs.get("service_name"))
    end = attrs.get("end_time")
    try:
        ends_at = unix_time(end, of=VENDOR) if end else None
    except Unrecognised as error:
        raise Unreachable(f"{VENDOR}: a downtime whose end is no time") from error
    return IcingaMark(object=f"{host}!{service}" if service else host, ends_at=ends_at)
