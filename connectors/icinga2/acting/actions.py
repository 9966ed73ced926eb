"""Acknowledgements and downtimes as actions: once for each key, with the incident and who approved it in their words.

Icinga makes a second downtime of the same call, and says success to one that begins in the past or ends before it
begins; so the key stands in the comment, is looked for first, and what is there afterwards decides. It refuses (409)
to acknowledge what is acknowledged already, and what is well again: both are what was wanted. Seen on 2.13.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from connectors.icinga2.api import IcingaApi, IcingaMark
from connectors.icinga2.mapping import MonitoredObject, joined
from connectors.icinga2.settings import Icinga2Settings, IcingaAction, IcingaVerb
from incidents.actions import ActionRun, ActionState
from incidents.errors import Busy, NotAllowed, Refused, Unknown, Unreachable
from incidents.texts.plain_text import cut, did_you_mean, one_line
from incidents.texts.times import clock

_WORDS = 100  # characters
_KINDS = {IcingaVerb.ACKNOWLEDGE: "comments", IcingaVerb.DOWNTIME: "downtimes"}


class IcingaActions:
    """The action side of one connection."""

    def __init__(
        self, name: str, settings: Icinga2Settings, api: IcingaApi, now: Callable[[], datetime]
    ) -> None:
        self._name = name
        self._settings = settings
        self._api = api
        self._now = now

    async def run(self, action: str, arguments: Mapping[str, str], *, once: str) -> ActionRun:
        """Raises `NotAllowed` where nobody approved it, `Refused` for what the settings do not have."""
        plan = self._settings.actions.get(action)
        if plan is None:
            known = list(self._settings.actions)
            raise Refused(
                f"{self._name} has no action {action!r} in its settings{did_you_mean(action, known)}"
            )
        service = arguments.get("service", "")
        names = self._settings.objects_of(service) if service else None
        if names is None:
            raise Refused(f"{self._name}: no objects are named for {service or 'no service'!r}")
        approved_by = one_line(arguments.get("approved_by", ""))
        if not approved_by:
            raise NotAllowed(
                f"{self._name}: nobody approved the {plan.do}; where it may be done without asking, put"
                " approved_by into the action's arguments in the policy"
            )
        run_id = f"{plan.do}:liaison:{hashlib.sha256(once.encode()).hexdigest()[:24]}"
        if await self._marked(run_id):
            return await self.follow(run_id)
        objects = await self._api.objects(names)
        missing = sorted(set(names) - {found.name for found in objects})
        if missing:
            detail = f"Icinga has no object {', '.join(missing)}; correct the connection's services"
            return ActionRun(id=run_id, state=ActionState.FAILED, detail=detail)
        words = cut(one_line(arguments.get("incident", "")), _WORDS) or action
        comment = f"{words}: {action} [{run_id.partition(':')[2]}]"
        if plan.do is IcingaVerb.DOWNTIME:
            return await self._downtime(run_id, plan, names, author=approved_by, comment=comment)
        return await self._acknowledge(run_id, plan, objects, author=approved_by, comment=comment)

    async def follow(self, run_id: str) -> ActionRun:
        """Read back: it counts when Icinga has it on every object and it has not ended."""
        marks = await self._marked(run_id)
        if not marks:
            return ActionRun(id=run_id, state=ActionState.FAILED, detail="Icinga does not have it (any more)")
        ends = [mark.ends_at for mark in marks if mark.ends_at is not None]
        if ends and max(ends) <= self._now():
            return ActionRun(id=run_id, state=ActionState.FAILED, detail="the downtime has run out")
        until = f" until {max(ends):%Y-%m-%d} {clock(max(ends))}" if ends else ""
        named = ", ".join(sorted({mark.object for mark in marks}))
        return ActionRun(id=run_id, state=ActionState.SUCCEEDED, detail=f"{named}: in force{until}")

    async def _downtime(
        self, run_id: str, plan: IcingaAction, names: Sequence[str], *, author: str, comment: str
    ) -> ActionRun:
        start = self._now()
        end = start + timedelta(minutes=plan.minutes or 0)
        how = {
            "author": cut(author, _WORDS),
            "comment": comment,
            "start_time": int(start.timestamp()),
            "end_time": int(end.timestamp()),
            "fixed": True,
        }
        return await self._done(run_id, "schedule-downtime", names, how)

    async def _acknowledge(
        self,
        run_id: str,
        plan: IcingaAction,
        objects: Sequence[MonitoredObject],
        *,
        author: str,
        comment: str,
    ) -> ActionRun:
        """Sticky: otherwise it is lost when the service only gets worse or better."""
        open_ones = [one.name for one in objects if one.is_problem and not one.is_acknowledged]
        if not open_ones:
            detail = joined(["nothing is left to acknowledge", *(one.words() for one in objects)])
            return ActionRun(id=run_id, state=ActionState.SUCCEEDED, detail=detail)
        how = {
            "author": cut(author, _WORDS),
            "comment": comment,
            "sticky": True,
            "notify": False,
            **(
                {"expiry": int((self._now() + timedelta(minutes=plan.minutes)).timestamp())}
                if plan.minutes
                else {}
            ),
        }
        run = await self._done(run_id, "acknowledge-problem", open_ones, how)
        if run.state is ActionState.SUCCEEDED:
            return run
        # Somebody was quicker, or it is well again: 409 to us, and what was wanted.
        now = [
            one for one in await self._api.objects(open_ones) if one.is_problem and not one.is_acknowledged
        ]
        if now:
            return run
        return ActionRun(id=run_id, state=ActionState.SUCCEEDED, detail="nothing is left to acknowledge")

    async def _done(
        self, run_id: str, action: str, names: Sequence[str], how: Mapping[str, object]
    ) -> ActionRun:
        """What became of the call, by what is there afterwards. Raises `Unknown` if that cannot be seen."""
        lost: Unknown | None = None
        refused = ""
        try:
            await self._api.act(action, names, how)
        except Unknown as error:
            lost = error
        except NotAllowed:
            raise
        except Refused as error:
            refused = str(error)
        try:
            marked = {mark.object for mark in await self._marked(run_id)}
        except (Unreachable, Busy) as error:
            raise lost or Unknown(
                f"{self._name}: {action} was answered, and could not be read back"
            ) from error
        missing = sorted(set(names) - marked)
        if not missing:
            return await self.follow(run_id)
        if lost is not None and not marked:
            raise lost
        why = refused or "Icinga answered, and it is not there"
        return ActionRun(id=run_id, state=ActionState.FAILED, detail=f"not on {', '.join(missing)}: {why}")

    async def _marked(self, run_id: str) -> list[IcingaMark]:
        verb, _, mark = run_id.partition(":")
        if verb not in _KINDS or not mark.replace(":", "").isalnum():
            raise Refused(f"{self._name}: {run_id[:40]!r} is no action of ours")
        return await self._api.marks(_KINDS[IcingaVerb(verb)], f"[{mark}]")
