"""A status page at Instatus: its incidents, what is said about them, and the components they hit.

Instatus has no field for a key of ours, but takes the moment at which an incident or an update began. So what is to be
said is recorded in our store first, with a moment that nothing else of ours has, and is known again by it.
https://instatus.com/help/api
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx

from connectors.instatus import mapping
from connectors.instatus.settings import InstatusSettings
from connectors.kit.answers import VendorAnswer, busy_until_reset, lost
from connectors.kit.fields import record, records, text
from connectors.kit.http import READS, VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByNumber, pages
from connectors.kit.status_pages.components import PageComponent, components_for, gone, listed
from connectors.kit.status_pages.notified import is_told
from connectors.kit.status_pages.settings import is_id
from incidents.errors import NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicIncident, PublicState, PublicUpdate, StatusRecord
from incidents.status_page import StatusPage

LISTED = 100
"""The most that Instatus lists on one page of a list."""
NEWEST_PAGES = 5
"""Among so many of the newest incidents one of ours is looked for, if it is not among the open ones."""
MOST_PAGES = 50
REMEMBERED = timedelta(days=90)
"""So long after its end a public incident of ours is still known."""
MOST_OF_OURS = 2_000
"""Those that a person resolved stay open in our record, so this is more than are ever open at once."""
OPEN = "INVESTIGATING,IDENTIFIED,MONITORING"
_Json = Mapping[str, Any]


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class Instatus(StatusPage):
    """One page. `name` is the connection's (`instatus/main`), `record` where what it says is kept; ids are its own."""

    vendor: ClassVar[str] = "instatus"
    # Seconds until a list shows what was written. Not documented; a few as a rule.
    index_lag = 5.0

    def __init__(
        self,
        name: str,
        settings: InstatusSettings,
        *,
        record: StatusRecord,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = name
        self._settings = settings
        self._record = record
        self._clock = clock
        self._incidents_path = f"v1/{settings.page_id}/incidents"
        self._one_at_a_time = asyncio.Lock()
        self._http = VendorHttp(
            vendor=self.vendor,
            base_url=settings.base_url,
            auth=settings.auth,
            transport=transport,
            pace=Pace(settings.requests_per_minute, 60),
            explain=_explain,
        )

    async def check(self) -> str:
        """The page's name, its components, and of what subscribers are told.

        Raises `NotAllowed` for a key or a page that is not ours, and `Refused` for components that are gone.
        """
        page = await self._page()
        components = await self._components()
        if lost_ones := gone(components, self._settings.components):
            raise Refused(f"instatus: the page has no component {lost_ones}; correct components")
        return (
            f"{text(page.get('name'))} ({text(page.get('customDomain')) or text(page.get('subdomain'))});"
            f" {listed(components)}; subscribers are told: {self._settings.notify.replace('_', ' ')}"
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def open(
        self, title: PublicText, text: PublicText, severity: Severity, *, services: Sequence[str], once: str
    ) -> str:
        mapping.message_of(text)
        async with self._one_at_a_time:
            ours = await self._ours()
            known = await self._record.opened_with(once)
            if known is None:
                now = mapping.moment_after(self._clock(), _moments(ours))
                known = await self._record.open(title, text, severity, services=services, once=once, now=now)
                ours = await self._ours()
            incident = _of(ours, known)
            if await self._theirs(incident) is None:
                await self._create(incident)
            return incident.id

    async def post_update(self, id: str, text: PublicText, state: PublicState, *, once: str) -> None:
        mapping.message_of(text)
        async with self._one_at_a_time:
            ours = await self._ours()
            incident = _of(ours, id)
            theirs = await self._theirs(incident)
            if theirs is None:
                raise NotFound(f"instatus: incident {id} is not on the page; perhaps somebody deleted it")
            said = _update(incident, await self._record.update_with(id, once))
            if said is not None and mapping.says_at(theirs, said.at):
                return
            if not mapping.is_open(theirs):
                raise Refused(f"instatus: incident {id} is resolved; nothing more can be said about it here")
            if said is None:
                now = mapping.moment_after(self._clock(), _moments(ours))
                made = await self._record.add(id, text, state, once=once, now=now)
                said = _update(_of(await self._ours(), id), made)
            if said is None:
                raise Unreachable(f"instatus: what was recorded of incident {id} is not there")
            await self._say(theirs, said)

    async def resolve(self, id: str, text: PublicText, *, once: str) -> None:
        await self.post_update(id, text, PublicState.RESOLVED, once=once)

    async def find(self, once: str) -> str | None:
        known = await self._record.opened_with(once)
        if known is None:
            return None
        theirs = await self._theirs(_of(await self._ours(), known))
        return None if theirs is None else known

    async def was_done(self, id: str, once: str) -> bool:
        known = await self._record.update_with(id, once)
        if known is None:
            return False
        incident = _of(await self._ours(), id)
        theirs, said = await self._theirs(incident), _update(incident, known)
        return theirs is not None and said is not None and mapping.says_at(theirs, said.at)

    async def restore(self) -> bool:
        """What a person deleted stays deleted; the page is only looked at, so that a key that ended is noticed."""
        await self._page()
        return False

    async def _create(self, incident: PublicIncident) -> None:
        components = components_for(incident.services, await self._components(), self._settings.components)
        try:
            answer = await self._post_opening(incident, components)
        except (NotAllowed, NotFound):
            raise
        except Refused:
            # Perhaps as a component was deleted meanwhile: the public is told all the same.
            there = {one.id for one in await self._components()}
            left = [one for one in components if one.id in there]
            if len(left) == len(components):
                raise
            answer = await self._post_opening(incident, left)
        self._require_moment(answer, incident.opened_at)

    async def _post_opening(self, incident: PublicIncident, components: Sequence[PageComponent]) -> _Json:
        written = {
            "name": mapping.name_of(incident.title),
            "message": mapping.message_of(incident.updates[0].text),
            "status": mapping.STATES[PublicState.INVESTIGATING],
            "started": mapping.written_moment(incident.opened_at),
            "components": [one.id for one in components],
            "statuses": mapping.hit_statuses(components, incident.severity),
            # Both are always said: what is left out is decided there.
            "notify": is_told(self._settings.notify, is_in_between=False),
            "shouldPublish": True,
        }
        try:
            return await self._call("POST", self._incidents_path, written)
        except NotFound as error:
            raise self._no_page() from error

    async def _say(self, theirs: _Json, said: PublicUpdate) -> None:
        is_end = said.state is PublicState.RESOLVED
        statuses = (
            mapping.mended_statuses(theirs, await self._open_ones())
            if is_end
            else mapping.kept_statuses(theirs)
        )
        written = {
            "message": mapping.message_of(said.text),
            "status": mapping.STATES[said.state],
            "started": mapping.written_moment(said.at),
            "components": [one["id"] for one in statuses],
            "statuses": statuses,
            "notify": is_told(self._settings.notify, is_in_between=not is_end),
        }
        path = f"{self._incidents_path}/{text(theirs.get('id'))}/incident-updates"
        self._require_moment(await self._call("POST", path, written), said.at)

    async def _ours(self) -> Sequence[PublicIncident]:
        return await self._record.incidents(resolved_since=self._clock() - REMEMBERED, limit=MOST_OF_OURS)

    async def _theirs(self, incident: PublicIncident) -> _Json | None:
        """The incident at Instatus: among the newest, else among the open ones. A person may say that it began earlier:
        then what was said in it is still of our moments."""
        found: Sequence[_Json] = ()
        otherwise: _Json | None = None
        asked = {"per_page": str(LISTED)}
        by = ByNumber(has_more=_is_full)
        async for found in pages(
            self._list, self._incidents_path, asked, by=by, most=NEWEST_PAGES, stops_at_most=True
        ):
            if (one := _began(found, incident.opened_at)) is not None:
                return one
            otherwise = otherwise or _says(found, incident)
        if otherwise is not None or not _is_full(found):
            return otherwise
        still = await self._open_ones()
        return _began(still, incident.opened_at) or _says(still, incident)

    async def _open_ones(self) -> list[_Json]:
        return await self._all(self._incidents_path, status=OPEN)

    async def _components(self) -> list[PageComponent]:
        return mapping.components_from(await self._all(f"v1/{self._settings.page_id}/components"))

    async def _page(self) -> _Json:
        """Raises `NotAllowed` where the key does not reach it."""
        known = await self._all("v2/pages")
        for one in known:
            if one.get("id") == self._settings.page_id:
                return one
        reached = ", ".join(f"{text(one.get('name'))} ({text(one.get('id'))})" for one in known[:10])
        raise self._no_page(f"; it reaches {reached}" if reached else "; it reaches none")

    async def _all(self, path: str, **params: str) -> list[_Json]:
        asked = {"per_page": str(LISTED), **params}
        by = ByNumber(has_more=_is_full)
        return [one async for page in pages(self._list, path, asked, by=by, most=MOST_PAGES) for one in page]

    async def _list(self, path: str, asked: Mapping[str, str]) -> Sequence[_Json]:
        try:
            answer = await self._http.call("GET", path, params=asked)
        except NotFound as error:
            raise self._no_page() from error
        _require_no_error(answer, f"instatus GET {path}", "GET")
        if not isinstance(answer.data, list) or records(answer.data) != answer.data:
            # Taken for an empty one, what it held would be done again.
            raise Unreachable(f"instatus: {path.rpartition('/')[2]}: the answer is not a list")
        return answer.data

    async def _call(self, method: str, path: str, written: _Json) -> _Json:
        answer = await self._http.call(method, path, json=written)
        _require_no_error(answer, f"instatus {method} {path}", method)
        return record(answer.data)

    def _require_moment(self, made: _Json, moment: datetime) -> None:
        """That Instatus kept our moment: with another one it could not be known again, and would be said twice."""
        if not is_id(text(made.get("id"))):
            raise Unknown("instatus: it was taken, and the answer does not say as what")
        if not mapping.began_at(made, moment):
            raise Refused(
                "instatus: it is on the page, but with another time than was sent, so that it cannot be known again:"
                " a person has to tell the public from here on"
            )

    def _no_page(self, more: str = "") -> NotAllowed:
        return NotAllowed(
            f"instatus: no page {self._settings.page_id} that the key reaches{more}; correct page_id, or take a key"
            " of a user who has it"
        )


def _explain(answer: VendorAnswer, what: str) -> None:
    if answer.status == 429:
        # How it counts is not documented; where it does not say when, a minute.
        raise busy_until_reset(what, answer, reset=None)


def _require_no_error(answer: VendorAnswer, what: str, method: str) -> None:
    """An error says its code, whatever its status is; it is not repeated, as its message may hold anything."""
    code = text(record(record(answer.data).get("error")).get("code"))
    if code == "forbidden":
        raise NotAllowed(f"{what}: forbidden; check the connection's credentials")
    if code:
        raise lost(f"{what}: HTTP {answer.status} with an error in it", method in READS)


def _is_full(page: Sequence[_Json]) -> bool:
    return len(page) >= LISTED


def _began(incidents: Sequence[_Json], moment: datetime) -> _Json | None:
    return next(
        (one for one in incidents if mapping.began_at(one, moment) and is_id(text(one.get("id")))), None
    )


def _says(incidents: Sequence[_Json], ours: PublicIncident) -> _Json | None:
    moments = [one.at for one in ours.updates]
    return next(
        (
            one
            for one in incidents
            if is_id(text(one.get("id"))) and any(mapping.says_at(one, moment) for moment in moments)
        ),
        None,
    )


def _moments(ours: Sequence[PublicIncident]) -> list[datetime]:
    return [said.at for one in ours for said in one.updates]


def _of(ours: Sequence[PublicIncident], id: str) -> PublicIncident:
    for one in ours:
        if one.id == id:
            return one
    raise NotFound("instatus: no public incident of ours has this id")


def _update(incident: PublicIncident, id: str | None) -> PublicUpdate | None:
    return next((one for one in incident.updates if one.id == id), None)
