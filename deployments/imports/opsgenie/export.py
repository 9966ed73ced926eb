"""An Opsgenie account as its API answers it, saved as files, in our words.

| file | answer to |
| --- | --- |
| `schedules.json` | `GET /v2/schedules?expand=rotation` |
| `overrides-SCHEDULE.json` | `GET /v2/schedules/SCHEDULE/overrides` |
| `escalations.json` | `GET /v2/escalations` |
| `teams.json` | `GET /v2/teams` |
| `routing-rules-TEAM.json` | `GET /v2/teams/TEAM/routing-rules` |
| `users.json` | `GET /v2/users` |
| `services.json` | `GET /v1/services` |

SCHEDULE and TEAM are ids. Only `schedules.json` must be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deployments.imports.export_files import ExportFolder
from deployments.imports.opsgenie.answers import (
    LISTS,
    NamedReference,
    OpsgenieEscalation,
    OpsgenieRoutingRule,
    OpsgenieService,
    OpsgenieTeam,
    OpsgenieUser,
    Recipient,
    RecipientType,
    Schedule,
    ScheduleOverride,
)
from deployments.imports.opsgenie.rotations import layers_of
from incidents.errors import Refused
from incidents.imports.on_call_setup import (
    OnCallSetup,
    TargetKind,
    ToolEscalation,
    ToolLayer,
    ToolOverride,
    ToolPerson,
    ToolRota,
    ToolService,
    ToolStep,
    ToolTarget,
    ToolTeam,
)
from incidents.imports.report import Fate, ImportLine, called
from incidents.texts.time_zones import zone_named

_ROUTING = "say it under routing, or under alerts of a service"


def read_opsgenie(folder: Path) -> OnCallSetup:
    """Raises `Refused` for a file that is not what it must be, naming file and field."""
    files = ExportFolder(folder, LISTS)
    account = _Account(
        schedules=files.all("schedules", Schedule, is_needed=True),
        overrides=dict(files.by_owner("overrides", ScheduleOverride)),
        escalations=files.all("escalations", OpsgenieEscalation),
        teams=files.all("teams", OpsgenieTeam),
        rules=dict(files.by_owner("routing-rules", OpsgenieRoutingRule)),
        users=files.all("users", OpsgenieUser),
        services=files.all("services", OpsgenieService),
    )
    for schedule in account.schedules:
        if schedule.rotations is None:
            raise Refused(
                f"{folder / 'schedules.json'}: schedule {schedule.name[:60]!r} has no rotations; "
                "save /v2/schedules?expand=rotation"
            )
    lines = files.unread()
    lines += _strangers("overrides", account.overrides, account.schedules)
    lines += _strangers("routing-rules", account.rules, account.teams)
    return _Reading(account, lines).setup()


def _strangers(
    kind: str, owners: Iterable[str], known: Sequence[Schedule | OpsgenieTeam]
) -> Iterable[ImportLine]:
    names = {name for one in known for name in (one.id, one.name)}
    for owner in sorted(set(owners) - names):
        words = "it is of none that is in the export"
        yield ImportLine(fate=Fate.LEFT, what=f"file {kind}-{owner}.json", words=words, cure="save both anew")


@dataclass(frozen=True, kw_only=True)
class _Account:
    schedules: Sequence[Schedule]
    overrides: dict[str, list[ScheduleOverride]]
    escalations: Sequence[OpsgenieEscalation]
    teams: Sequence[OpsgenieTeam]
    rules: dict[str, list[OpsgenieRoutingRule]]
    users: Sequence[OpsgenieUser]
    services: Sequence[OpsgenieService]


class _Reading:
    """Translates part by part, and keeps what there is to tell."""

    def __init__(self, account: _Account, lines: list[ImportLine]) -> None:
        self._account = account
        self._lines = lines
        self._people = {
            one.id: ToolPerson(id=one.id, name=one.full_name or one.username, mail=one.username)
            for one in account.users
        }
        self._ids_by_mail = {one.username.casefold(): one.id for one in account.users}

    def setup(self) -> OnCallSetup:
        for user in self._account.users:
            if user.blocked:
                words = "blocked in Opsgenie"
                self._add(Fate.DIFFERS, called("user", user.username), words, "take them out of the rotas")
        rotas = [rota for one in self._account.schedules if (rota := self._rota(one)) is not None]
        teams = tuple(self._team(one) for one in self._account.teams)
        escalations = tuple(self._escalation(one, teams) for one in self._account.escalations)
        services = tuple(
            ToolService(id=one.id, name=one.name, team=one.team_id) for one in self._account.services
        )
        return OnCallSetup(
            people=tuple(self._people.values()),
            rotas=tuple(rotas),
            escalations=escalations,
            teams=teams,
            services=services,
            lines=tuple(self._lines),
        )

    def _add(self, fate: Fate, what: str, words: str, cure: str = "") -> None:
        self._lines.append(ImportLine(fate=fate, what=what, words=words, cure=cure))

    def _rota(self, schedule: Schedule) -> ToolRota | None:
        what = called("schedule", schedule.name)
        if not schedule.enabled:
            self._add(Fate.LEFT, what, "it is disabled", "enable it and import again if it is meant")
            return None
        zone = zone_named(schedule.timezone or "Etc/UTC")
        if zone is None:
            words = f"there is no time zone {schedule.timezone[:40]!r}"
            self._add(
                Fate.LEFT, what, words, "name a city, such as Europe/Berlin, in Opsgenie and save it again"
            )
            return None
        layers: list[ToolLayer] = []
        for rotation in schedule.rotations or ():
            for participant in rotation.participants:
                self._know(participant)
            people = [self._same(one) for one in rotation.participants]
            same = rotation.model_copy(update={"participants": people})
            found, line = layers_of(same, schedule.name, zone)
            layers += found
            if line is not None:
                self._lines.append(line)
        return ToolRota(
            id=schedule.id,
            name=schedule.name,
            zone=schedule.timezone or "Etc/UTC",
            layers=tuple(layers),
            overrides=tuple(self._overrides(schedule)),
        )

    def _overrides(self, schedule: Schedule) -> Iterable[ToolOverride]:
        ids = {one.id: one.id for one in schedule.rotations or ()}
        ids |= {one.name: one.id for one in schedule.rotations or () if one.name}
        for one in self._account.overrides.get(schedule.id, self._account.overrides.get(schedule.name, [])):
            what = f"{called('schedule', schedule.name)}, override from {one.start_date:%Y-%m-%d %H:%M %Z}"
            if one.user.type is not RecipientType.USER or not (one.user.id or one.user.username):
                words = f"it puts no user on call ({one.user.type})"
                self._add(Fate.LEFT, what, words, "write who has it under overrides")
                continue
            if one.end_date <= one.start_date:
                self._add(Fate.LEFT, what, "it ends when it begins")
                continue
            named = [ids.get(other.id) or ids.get(other.name) for other in one.rotations]
            if not all(named):
                self._add(
                    Fate.LEFT, what, "it names a rotation that is not in the schedule", "write it by hand"
                )
                continue
            self._know(one.user)
            user = self._same(one.user)
            yield ToolOverride(
                person=user.id or user.username,
                start=one.start_date,
                end=one.end_date,
                layers=tuple(other for other in named if other),
            )

    def _same(self, user: Recipient) -> Recipient:
        """With the id that the list of users has for the mail address, where the recipient has no id."""
        known = self._ids_by_mail.get(user.username.casefold())
        return user if user.id or known is None else user.model_copy(update={"id": known})

    def _know(self, user: Recipient) -> None:
        """Somebody who is in a schedule and not in the list of users is known by what the schedule says."""
        same = self._same(user)
        key = same.id or same.username
        if user.type is RecipientType.USER and key and key not in self._people:
            self._people[key] = ToolPerson(id=key, name=user.username or key, mail=user.username)

    def _escalation(self, escalation: OpsgenieEscalation, teams: Sequence[ToolTeam]) -> ToolEscalation:
        what = called("escalation", escalation.name)
        steps: list[ToolStep] = []
        for number, rule in enumerate(escalation.rules, start=1):
            target = self._target(rule.recipient, teams)
            named = f"{what}, rule {number}"
            if rule.notify_type != "default":
                words = f"it notifies {rule.notify_type!r} of a {rule.recipient.type}, which has no word"
                self._add(Fate.LEFT, named, words, "name a person or a rota under then")
            elif target is None:
                words = (
                    f"it notifies a {rule.recipient.type} that is no user, schedule, or team with a schedule"
                )
                self._add(Fate.LEFT, named, words, "name a person or a rota under then")
            else:
                steps.append(ToolStep(after=rule.delay.span(), target=target))
            if rule.condition != "if-not-acked":
                words = f"it goes on {rule.condition}; here nobody further is woken once somebody has it"
                self._add(Fate.DIFFERS, named, words, "the SLA's ladder goes on until it is resolved")
        repeat = escalation.repeat
        if repeat is not None and repeat.count and repeat.wait_interval:
            words = f"it repeats {repeat.wait_interval} min after its last step; here the next round comes at once"
            self._add(Fate.DIFFERS, what, words)
        if repeat is not None and repeat.close_alert_after_all:
            self._add(Fate.LEFT, what, "closing the alert at the end: here it stays open")
        return ToolEscalation(
            id=escalation.id,
            name=escalation.name,
            steps=tuple(sorted(steps, key=lambda one: one.after)),
            rounds=1 + ((repeat.count or 0) if repeat is not None else 0),
        )

    def _target(self, recipient: Recipient, teams: Sequence[ToolTeam]) -> ToolTarget | None:
        match recipient.type:
            case RecipientType.USER:
                self._know(recipient)
                user = self._same(recipient)
                return ToolTarget(kind=TargetKind.PERSON, id=user.id or user.username)
            case RecipientType.SCHEDULE:
                found = _named(recipient, self._account.schedules)
                return None if found is None else ToolTarget(kind=TargetKind.ROTA, id=found)
            case RecipientType.ESCALATION:
                found = _named(recipient, self._account.escalations)
                return None if found is None else ToolTarget(kind=TargetKind.ESCALATION, id=found)
            case RecipientType.TEAM:
                found = _named(recipient, self._account.teams)
                target = next((one.target for one in teams if one.id == found), None)
                return None if target is not None and target.kind is TargetKind.ESCALATION else target
            case _:
                return None

    def _team(self, team: OpsgenieTeam) -> ToolTeam:
        what = called("team", team.name)
        rules = self._account.rules.get(team.id, self._account.rules.get(team.name, []))
        for rule in rules:
            if not rule.is_default:
                words = "it is for some alerts only"
                self._add(Fate.LEFT, f"{what}, {called('routing rule', rule.name)}", words, _ROUTING)
        default = next((one.notify for one in rules if one.is_default and one.notify is not None), None)
        if default is not None:
            return ToolTeam(id=team.id, name=team.name, target=self._target(default, ()))
        own = [
            *(
                ToolTarget(kind=TargetKind.ESCALATION, id=one.id)
                for one in _owned(self._account.escalations, team)
            ),
            *(ToolTarget(kind=TargetKind.ROTA, id=one.id) for one in _owned(self._account.schedules, team)),
        ]
        if len(own) > 1:
            words = f"of its {len(own)} escalations and schedules the first is taken: its routing rules are not there"
            self._add(Fate.DIFFERS, what, words, f"save routing-rules-{team.id}.json and import again")
        return ToolTeam(id=team.id, name=team.name, target=own[0] if own else None)


def _named(wanted: Recipient, things: Sequence[Schedule | OpsgenieEscalation | OpsgenieTeam]) -> str | None:
    return next(
        (one.id for one in things if wanted.id == one.id or (not wanted.id and wanted.name == one.name)), None
    )


def _owned(
    things: Sequence[Schedule | OpsgenieEscalation], team: OpsgenieTeam
) -> list[Schedule | OpsgenieEscalation]:
    return [one for one in things if one.owner_team is not None and _is_team(one.owner_team, team)]


def _is_team(reference: NamedReference, team: OpsgenieTeam) -> bool:
    return reference.id == team.id if reference.id else reference.name == team.name
