"""Silences as an action: once for each key, for a stated time, with the incident and who approved it in its words.

The API makes a second silence of the same POST (seen on 0.25), so the key stands in the comment and is looked for
first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.alertmanager.mapping import (
    ListedSilence,
    listed_silence,
    matchers,
    silences_in,
    written,
)
from connectors.alertmanager.settings import AlertmanagerSettings
from connectors.kit.fields import record, text
from connectors.kit.http import VendorHttp
from incidents.actions import ActionRun, ActionState
from incidents.errors import Busy, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.texts.plain_text import cut, did_you_mean, one_line
from incidents.texts.times import clock

_SILENCES, _SILENCE = "/api/v2/silences", "/api/v2/silence"
_ID = re.compile(r"[0-9a-zA-Z-]{1,64}")
_WORDS = 100  # characters


class Silences:
    """The action side of one connection."""

    def __init__(
        self, name: str, settings: AlertmanagerSettings, http: VendorHttp, now: Callable[[], datetime]
    ) -> None:
        self._name = name
        self._settings = settings
        self._http = http
        self._now = now

    async def run(self, action: str, arguments: Mapping[str, str], *, once: str) -> ActionRun:
        """Silence the service's alerts. Raises `NotAllowed` where nobody approved it, `Refused` for a silence that the
        settings do not have."""
        plan = self._settings.silences.get(action)
        if plan is None:
            known = list(self._settings.silences)
            raise Refused(
                f"{self._name} has no silence {action!r} in its settings{did_you_mean(action, known)}"
            )
        service = arguments.get("service", "")
        labels = self._settings.labels_of(service) if service else None
        if labels is None:
            raise Refused(f"{self._name}: no labels are named for the alerts of {service or 'no service'!r}")
        approved_by = one_line(arguments.get("approved_by", ""))
        if not approved_by:
            raise NotAllowed(
                f"{self._name}: nobody approved the silence; where it may be made without asking, put"
                " approved_by into the action's arguments in the policy"
            )
        marker = f"liaison:{hashlib.sha256(once.encode()).hexdigest()[:24]}"
        found = await self._marked(marker)
        if found is not None:
            return await self.follow(found.id)
        now = self._now()
        incident = cut(one_line(arguments.get("incident", "")), _WORDS)
        words = f"{incident}: {action}" if incident else action
        body = {
            "matchers": matchers(labels),
            "startsAt": written(now),
            "endsAt": written(now + timedelta(minutes=plan.minutes)),
            "createdBy": cut(approved_by, _WORDS),
            "comment": f"{words} [{marker}]",
        }
        try:
            silence_id = await self._post(body, marker)
        except Refused as error:
            return ActionRun(id=marker, state=ActionState.FAILED, detail=str(error))
        try:
            return await self.follow(silence_id)
        except (Unreachable, Busy):
            return ActionRun(id=silence_id, state=ActionState.RUNNING)

    async def _post(self, body: Mapping[str, Any], marker: str) -> str:
        """Its id. A lost answer, or one that names none, is looked up; raises `Unknown` if that does not help."""
        try:
            answer = await self._http.call("POST", _SILENCES, json=body)
            silence_id = text(record(answer.data).get("silenceID"))
            if _ID.fullmatch(silence_id):
                return silence_id
            lost = Unknown(f"{self._name}: the answer to a new silence names no id")
        except Unknown as error:
            lost = error
        try:
            found = await self._marked(marker)
        except (Unreachable, Busy):
            raise lost from None
        if found is None:
            raise lost
        return found.id

    async def _marked(self, marker: str) -> ListedSilence | None:
        """The newest silence that carries the key, also one that is over."""
        data = (await self._http.call("GET", _SILENCES)).data
        found = [one for one in silences_in(data) if f"[{marker}]" in one.comment and _ID.fullmatch(one.id)]
        return max(found, key=lambda one: one.ends_at, default=None)

    async def follow(self, run_id: str) -> ActionRun:
        """Read back: it counts when the server has it and it is in force."""
        if _ID.fullmatch(run_id) is None:
            raise Refused(f"{self._name}: {run_id[:40]!r} is no silence's id")
        try:
            silence = listed_silence((await self._http.call("GET", f"{_SILENCE}/{run_id}")).data)
        except NotFound:
            return ActionRun(id=run_id, state=ActionState.FAILED, detail="the silence is not there any more")
        if silence.state in ("active", "pending"):
            detail = f"silenced until {clock(silence.ends_at)}, as silence {run_id}"
            return ActionRun(id=run_id, state=ActionState.SUCCEEDED, detail=detail)
        return ActionRun(id=run_id, state=ActionState.FAILED, detail="the silence was ended, or has run out")
