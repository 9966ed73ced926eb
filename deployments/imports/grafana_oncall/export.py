"""A Grafana OnCall organisation as its public API answers it, saved as files, in our words.

Each file is the answer of the list of its name: `users.json` of `GET /api/v1/users/`, and so `teams.json`,
`schedules.json`, `on_call_shifts.json`, `escalation_chains.json`, `escalation_policies.json`, `integrations.json`,
`routes.json` and `shift_swaps.json`. Only `schedules.json` must be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from deployments.imports.export_files import ExportFolder
from deployments.imports.grafana_oncall.answers import (
    LISTS,
    ChainStep,
    EscalationChain,
    Integration,
    IntegrationRoute,
    OnCallSchedule,
    OnCallShiftRule,
    OnCallTeam,
    OnCallUser,
    ShiftSwap,
)
from deployments.imports.grafana_oncall.schedules import ScheduleReading
from incidents.errors import Refused
from incidents.imports.on_call_setup import (
    OnCallSetup,
    TargetKind,
    ToolEscalation,
    ToolPerson,
    ToolService,
    ToolStep,
    ToolTarget,
    ToolTeam,
)
from incidents.imports.report import Fate, ImportLine, called

REPEATS = 5
"""Times that `repeat_escalation` begins anew (MAX_TIMES_REPEAT of engine/apps/alerts/models/escalation_policy.py)."""
_NO_TEAM = OnCallTeam(id="", name="No team")
_UNSAID = {
    "notify_person_next_each_time": ("it takes another person for each alert", "name a rota with turns"),
    "notify_user_group": ("it notifies a group of the chat", "name a person or a rota under then"),
    "notify_whole_channel": ("it notifies a whole channel", "the incident's room is told of it"),
    "notify_team_members": ("it notifies all members of a team", "name a person or a rota under then"),
    "notify_if_time_from_to": ("the steps after it are for some hours only", "give the rota hours"),
    "notify_if_num_alerts_in_window": (
        "the steps after it need so many alerts",
        "see escalation in docs/quiet.md",
    ),
    "trigger_webhook": ("it calls a webhook", "make it an action of the service (docs/actions.md)"),
    "trigger_action": ("it calls a webhook", "make it an action of the service (docs/actions.md)"),
    "resolve": ("it resolves the alert", ""),
}


def read_grafana_oncall(folder: Path) -> OnCallSetup:
    """Raises `Refused` for a file that is not what it must be, naming file and field."""
    files = ExportFolder(folder, LISTS)
    organisation = _Organisation(
        users=files.all("users", OnCallUser),
        teams=files.all("teams", OnCallTeam),
        schedules=files.all("schedules", OnCallSchedule, is_needed=True),
        shifts=files.all("on_call_shifts", OnCallShiftRule),
        chains=files.all("escalation_chains", EscalationChain),
        steps=files.all("escalation_policies", ChainStep),
        integrations=files.all("integrations", Integration),
        routes=files.all("routes", IntegrationRoute),
        swaps=files.all("shift_swaps", ShiftSwap),
    )
    for schedule in organisation.schedules:
        if schedule.type != "ical" and schedule.shifts is None:
            raise Refused(
                f"{folder / 'schedules.json'}: schedule {schedule.name[:60]!r} has no field shifts; "
                f"add the ids that /api/v1/on_call_shifts/?schedule_id={schedule.id[:40]} lists"
            )
    return _Reading(organisation, files.unread()).setup()


@dataclass(frozen=True, kw_only=True)
class _Organisation:
    users: Sequence[OnCallUser]
    teams: Sequence[OnCallTeam]
    schedules: Sequence[OnCallSchedule]
    shifts: Sequence[OnCallShiftRule]
    chains: Sequence[EscalationChain]
    steps: Sequence[ChainStep]
    integrations: Sequence[Integration]
    routes: Sequence[IntegrationRoute]
    swaps: Sequence[ShiftSwap]


class _Reading:
    """Translates part by part, and keeps what there is to tell."""

    def __init__(self, organisation: _Organisation, lines: list[ImportLine]) -> None:
        self._all = organisation
        self._lines = lines

    def setup(self) -> OnCallSetup:
        reading = ScheduleReading({one.id: one for one in self._all.shifts}, self._all.swaps)
        rotas = tuple(reading.rota(one) for one in self._all.schedules)
        self._lines += reading.lines
        escalations = tuple(self._escalation(one) for one in self._all.chains)
        people = {
            one.id: ToolPerson(id=one.id, name=one.username or one.email or one.id, mail=one.email)
            for one in self._all.users
        }
        stepped = (
            step.target.id
            for one in escalations
            for step in one.steps
            if step.target.kind is TargetKind.PERSON
        )
        for user in (*reading.named, *stepped):
            people.setdefault(user, ToolPerson(id=user, name=user))
        for route in self._all.routes:
            if not route.is_the_last_route:
                what = (
                    f"integration {self._name_of(route.integration_id)!r}, route {route.routing_regex[:60]!r}"
                )
                words = "it is for some alerts only"
                self._add(Fate.LEFT, what, words, "say it under alerts of a service (docs/alerts.md)")
        teams, services = self._teams_and_services()
        return OnCallSetup(
            people=tuple(people.values()),
            rotas=rotas,
            escalations=escalations,
            teams=teams,
            services=services,
            lines=tuple(self._lines),
        )

    def _add(self, fate: Fate, what: str, words: str, cure: str = "") -> None:
        self._lines.append(ImportLine(fate=fate, what=what, words=words, cure=cure))

    def _name_of(self, integration: str) -> str:
        return next((one.name for one in self._all.integrations if one.id == integration), integration)[:60]

    def _escalation(self, chain: EscalationChain) -> ToolEscalation:
        what = called("escalation chain", chain.name)
        after, rounds = timedelta(0), 1
        steps: list[ToolStep] = []
        own = [one for one in self._all.steps if one.escalation_chain_id == chain.id]
        for step in sorted(own, key=lambda one: one.position):
            named = f"{what}, step {step.position + 1}"
            if step.type == "wait":
                after += timedelta(seconds=step.duration)
            elif step.type == "repeat_escalation":
                rounds = 1 + REPEATS
            elif step.type in _UNSAID:
                words, cure = _UNSAID[step.type]
                self._add(Fate.LEFT, named, words, cure)
            else:
                targets = list(_targets(step))
                if not targets:
                    self._add(
                        Fate.LEFT,
                        named,
                        f"{step.type[:40]!r} notifies nobody that is known",
                        "look at it there",
                    )
                steps += [ToolStep(after=after, target=one) for one in targets]
        return ToolEscalation(id=chain.id, name=chain.name, steps=tuple(steps), rounds=rounds)

    def _teams_and_services(self) -> tuple[tuple[ToolTeam, ...], tuple[ToolService, ...]]:
        """A team pages one thing: one whose integrations go to several chains becomes several."""
        chains = {one.id: one for one in self._all.chains}
        teams: dict[tuple[str, str], ToolTeam] = {}
        services: list[ToolService] = []
        names = {one.id: one for one in (_NO_TEAM, *self._all.teams)}

        def team(team_id: str, chain: str) -> ToolTeam:
            owner = names.get(team_id) or OnCallTeam(id=team_id, name=team_id)
            is_first = not any(key[0] == team_id for key in teams)
            target = ToolTarget(kind=TargetKind.ESCALATION, id=chain) if chain else self._own_target(team_id)
            chain_name = chains[chain].name if chain in chains else chain
            name = owner.name if is_first else f"{owner.name} {chain_name}"
            return teams.setdefault(
                (team_id, chain), ToolTeam(id=f"{team_id} {chain}", name=name, target=target)
            )

        for one in self._all.integrations:
            chain = one.default_route.escalation_chain_id if one.default_route is not None else ""
            made = team(one.team_id, chain)
            services.append(ToolService(id=one.id, name=one.name or one.type or one.id, team=made.id))
        for unused in self._all.chains:
            if (unused.team_id, unused.id) not in teams and unused.team_id:
                team(unused.team_id, unused.id)
        for owner in self._all.teams:
            if not any(key[0] == owner.id for key in teams):
                team(owner.id, "")
        return tuple(teams.values()), tuple(services)

    def _own_target(self, team: str) -> ToolTarget | None:
        """What a team pages whose integrations name no chain."""
        if not team:
            return None
        chain = next((one.id for one in self._all.chains if one.team_id == team), None)
        if chain is not None:
            return ToolTarget(kind=TargetKind.ESCALATION, id=chain)
        schedule = next((one.id for one in self._all.schedules if one.team_id == team), None)
        return None if schedule is None else ToolTarget(kind=TargetKind.ROTA, id=schedule)


def _targets(step: ChainStep) -> Iterable[ToolTarget]:
    if step.type == "notify_on_call_from_schedule" and step.notify_on_call_from_schedule:
        yield ToolTarget(kind=TargetKind.ROTA, id=step.notify_on_call_from_schedule)
    if step.type in ("notify_persons", "notify_one_person"):
        for person in step.persons_to_notify:
            yield ToolTarget(kind=TargetKind.PERSON, id=person)
