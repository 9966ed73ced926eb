"""The policy: which services there are, who looks after them, and how the process treats their incidents.

A `Policy` never points to a team or service that does not exist, however it was made. It is read from a file
by `incidents.policy.file.load_policy`, which says all that is wrong at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Self

from pydantic import Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from incidents.events import AlertLabels
from incidents.models import JoinOrigin, Severity, Ticket
from incidents.policy.acting.major import MajorRules
from incidents.policy.acting.section import ActionConditions, ActionMode, ActionPolicy
from incidents.policy.alerts import AlertMatch, AlertRules
from incidents.policy.board import BoardRules
from incidents.policy.calendars import WorkCalendar, WorkHolidays
from incidents.policy.commands.section import CommandRules
from incidents.policy.egress.section import Egress
from incidents.policy.insights import Insights
from incidents.policy.language.section import LanguageRules
from incidents.policy.ownership import OwnerHours, Ownership
from incidents.policy.process import (
    Cadence,
    ChatRights,
    Closure,
    Correlation,
    CustomerTemplates,
    Escalation,
    Flapping,
    KnownFix,
    Links,
    Sla,
    SlaTarget,
    Templates,
    Validation,
)
from incidents.policy.public import AffectedRules, IssueRules, PublicRules
from incidents.policy.references import DANGLING, dangling_references
from incidents.policy.retention import Retention
from incidents.policy.rotas import OnCallLayer, OnCallOverride, OnCallPerson, OnCallRota, OnCallWay, roster_of
from incidents.policy.routing import (
    Route,
    Router,
    RoutingRule,
    corrected_service,
)
from incidents.policy.rungs import Rung
from incidents.policy.sla.credits import Review
from incidents.policy.sla.ladder import SlaStep
from incidents.policy.sla.policies import (
    SlaPolicy,
    SlaTargets,
    SlaWhen,
)
from incidents.policy.sync import SyncRules
from incidents.policy.words import (
    Connection,
    Duration,
    Name,
    PolicySection,
    WebAddress,
)
from incidents.rotas.rota import Roster
from incidents.texts.team import team_reads, worded

__all__ = [
    "ActionConditions",
    "ActionMode",
    "ActionPolicy",
    "AffectedRules",
    "AlertMatch",
    "AlertRules",
    "BoardRules",
    "Cadence",
    "Catalog",
    "ChatRights",
    "Closure",
    "CommandRules",
    "Correlation",
    "CustomerTemplates",
    "Customers",
    "Egress",
    "Escalation",
    "Flapping",
    "Insights",
    "KnownFix",
    "Links",
    "MajorRules",
    "OnCallLayer",
    "OnCallOverride",
    "OnCallPerson",
    "OnCallRota",
    "OnCallWay",
    "Ownership",
    "Policy",
    "Retention",
    "Review",
    "Route",
    "RoutingRule",
    "Rung",
    "Service",
    "Sla",
    "SlaPolicy",
    "SlaStep",
    "SlaTarget",
    "SlaTargets",
    "SlaWhen",
    "SyncRules",
    "Team",
    "Templates",
    "Tier",
    "Validation",
    "WorkCalendar",
    "WorkHolidays",
]


class Service(PolicySection):
    """Something customers use and would miss."""

    title: str = Field(min_length=1, max_length=100, description="The name customers know it by.")
    team: str = Field(description="Team that looks after it.")
    depends_on: list[str] = Field(default_factory=list, description="Services it cannot do without.")
    runbook: WebAddress | None = Field(default=None, description="Where engineers read how to mend it.")
    probes: list[Connection] = Field(
        default_factory=list, description="Connections that can tell whether it is really failing."
    )
    alerts: list[AlertMatch] = Field(
        default_factory=list, description="Alerts that are about it; of several services the first one named."
    )
    actions: list[ActionPolicy] = Field(default_factory=list, description="Remedies, tried in this order.")
    status_page: Connection | None = Field(
        default=None, description="Connection that tells the public, if not the team's: staticpage/main."
    )
    tracker: Connection | None = Field(
        default=None,
        description="Connection for the issue of the lasting fix, if not the team's: redmine/main.",
    )
    severity: Severity = Field(
        default=Severity.HIGH, description="Severity of its incidents unless a rule says otherwise, 1 to 4."
    )


class Team(PolicySection):
    """Engineers who can be reached."""

    title: str = Field(min_length=1, max_length=100, description="The team's name, for people.")
    pager: Connection = Field(description="Connection to page the team by, such as pagerduty/main.")
    pager_target: str = Field(
        default="", description="Whom to page, in the on-call tool's own words; empty is its default."
    )
    chat: Connection | None = Field(
        default=None, description="Connection for chat rooms, such as slack/main."
    )
    status_page: Connection | None = Field(
        default=None, description="Connection that tells the public, such as staticpage/main."
    )
    tracker: Connection | None = Field(
        default=None, description="Connection for issues of lasting fixes, such as redmine/main."
    )
    ladder: list[Rung] = Field(default_factory=list, description="Next levels when nobody answers, in order.")
    lead: Rung | None = Field(default=None, description="Whom tell_lead in an SLA's ladder pages.")
    manager: Rung | None = Field(default=None, description="Whom tell_manager in an SLA's ladder pages.")


class Tier(PolicySection):
    """A class of customers. Its key is the value the helpdesk has on the ticket."""

    title: str = Field(min_length=1, max_length=100, description="The tier's name, for people.")
    weight: int = Field(default=1, ge=1, le=1000, description="How much one of its customers counts.")


class Customers(PolicySection):
    """Where it is looked up who a customer is."""

    directory: Connection | None = Field(
        default=None,
        description="Connection that knows the tier of customers whose helpdesk does not say it: customersql/crm.",
    )
    remember: Duration = Field(
        default=timedelta(minutes=15),
        description="How long a tier that was looked up is not asked for again.",
    )


class Catalog(PolicySection):
    """The catalogue of services that engineers keep: `liaison check` compares it with this policy, and who is hit by an
    outage goes by both (docs/affected.md)."""

    connection: Connection | None = Field(
        default=None, description="Connection to the catalogue, such as catalogfile/main."
    )
    teams: dict[str, str] = Field(
        default_factory=dict,
        description="The catalogue's owners to the teams of this policy, where names differ.",
    )
    ignore: list[str] = Field(
        default_factory=list,
        description="Services whose differences are meant: not told, and what they need goes by the policy alone.",
    )


class Policy(PolicySection):
    """Everything the operator decides, in one place."""

    services: dict[Name, Service] = Field(min_length=1, description="The services, by name.")
    teams: dict[Name, Team] = Field(min_length=1, description="The teams, by name.")
    people: dict[Name, OnCallPerson] = Field(
        default_factory=dict, description="Who can be on call, where no on-call tool knows it."
    )
    rotas: dict[Name, OnCallRota] = Field(
        default_factory=dict, description="Who is on call when, where no on-call tool knows it."
    )
    tiers: dict[str, Tier] = Field(default_factory=dict, description="Classes of customers, by name.")
    customers: Customers = Field(default_factory=Customers, description="Where customers are looked up.")
    catalog: Catalog = Field(default_factory=Catalog, description="The catalogue to compare with.")
    helpdesks: list[Connection] = Field(
        min_length=1, description="Helpdesk connections that tickets come from."
    )
    routing: list[RoutingRule] = Field(
        default_factory=list, description="Which service a ticket is about; the first match decides."
    )
    correlation: Correlation = Field(
        default_factory=Correlation, description="Which tickets belong together."
    )
    validation: Validation = Field(default_factory=Validation, description="When a claim counts as true.")
    alerts: AlertRules = Field(default_factory=AlertRules, description="What alerts of monitors may do.")
    escalation: Escalation = Field(default_factory=Escalation, description="When engineers are mobilised.")
    closure: Closure = Field(default_factory=Closure, description="When it is over.")
    status_page: PublicRules = Field(
        default_factory=PublicRules, description="When the public is told, and who must allow it."
    )
    major: MajorRules = Field(
        default_factory=MajorRules, description="When somebody is asked whether it is a major incident."
    )
    affected: AffectedRules = Field(
        default_factory=AffectedRules, description="Customers who are hit and have not written."
    )
    issues: IssueRules = Field(
        default_factory=IssueRules, description="When an issue for the lasting fix is opened."
    )
    sla: Sla = Field(default_factory=Sla, description="What we have promised, and by which hours.")
    cadence: Cadence = Field(default_factory=Cadence, description="How often customers hear from us.")
    language: LanguageRules = Field(
        default_factory=LanguageRules, description="In which language customers and colleagues are told."
    )
    templates: Templates = Field(default_factory=Templates, description="What customers read.")
    insights: Insights = Field(default_factory=Insights, description="What is learnt, and how far it may go.")
    retention: Retention = Field(default_factory=Retention, description="How long what is kept.")
    review: Review = Field(default_factory=Review, description="What the review of an incident counts.")
    ownership: Ownership = Field(default_factory=Ownership, description="Who is accountable for an incident.")
    egress: Egress = Field(default_factory=Egress, description="What leaves customer service.")
    chat: ChatRights = Field(default_factory=ChatRights, description="Who may act from chat.")
    commands: CommandRules = Field(default_factory=CommandRules, description="Commands in private notes.")
    board: BoardRules = Field(default_factory=BoardRules, description="Who sees the board.")
    sync: SyncRules = Field(default_factory=SyncRules, description="Whose word counts where tools disagree.")
    links: Links = Field(default_factory=Links, description="Addresses for people to follow.")

    _router: Router | None = PrivateAttr(default=None)
    _roster: Roster | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        dangling = list(dangling_references(self.model_dump()))
        if dangling:
            dangling_words = "; ".join(f"{'.'.join(map(str, path))}: {message}" for path, message in dangling)
            raise PydanticCustomError(DANGLING, "{message}", {"message": dangling_words})
        return self

    def service(self, name: str) -> Service:
        """The service's entry; for one that left the policy while it had an incident, a bare one of the first team.

        An open incident may outlive its service's entry, and must neither stop the others nor be forgotten.
        """
        return self.services.get(name) or Service(title=name, team=next(iter(self.teams)))

    def roster(self) -> Roster:
        """Who is on call by the policy's own rotas. Made once: its calendars work out a year at first use."""
        if self._roster is None:
            self._roster = roster_of(self.people, self.rotas)
        return self._roster

    def owner_hours(self) -> OwnerHours:
        """What owners' shifts go by."""
        return OwnerHours(self.sla.working_calendars(), self.roster())

    def team_of(self, service: str) -> Team:
        """The team that looks after the service."""
        return self.teams[self.service(service).team]

    def action_of(self, service: str, name: str) -> ActionPolicy | None:
        """The service's action of this name, as it is now; None where it has none."""
        return next((one for one in self.service(service).actions if one.name == name), None)

    def status_page_of(self, service: str) -> str | None:
        """The connection that tells the public of the service; None where nothing does."""
        return self.service(service).status_page or self.team_of(service).status_page

    def tracker_of(self, service: str) -> str | None:
        """The connection that issues of the service's lasting fixes are opened at; None where none are."""
        return self.service(service).tracker or self.team_of(service).tracker

    def pagers(self) -> list[str]:
        """The connections that page the teams' engineers, each once."""
        rungs = (rung.pager for team in self.teams.values() for rung in team.ladder)
        return list(dict.fromkeys((*(team.pager for team in self.teams.values()), *filter(None, rungs))))

    def status_pages(self) -> list[str]:
        """The connections that tell the public, each once."""
        return list(dict.fromkeys(one for _, one in self._named_status_pages()))

    def route(self, ticket: Ticket) -> Route | None:
        """Where an agent's tag, else the first matching rule sends the ticket; None leaves it to a person."""
        said = corrected_service(ticket)
        if said in self.services:
            with team_reads(self.language.team):
                why = worded("an agent's tag says so")
            return Route(service=said, severity=None, origin=JoinOrigin.AGENT, reason=why)
        if self._router is None or self._router.rules is not self.routing:
            self._router = Router(self.routing)
        # What is found is remembered, whoever asks first.
        with team_reads(self.language.team):
            return self._router.route(ticket)

    def service_of_alert(self, connection: str, labels: AlertLabels) -> str | None:
        """The first service that alerts with these labels are about; None where there is none."""
        given = dict(labels)
        for name, service in self.services.items():
            if any(match.matches(connection, given) for match in service.alerts):
                return name
        return None

    def alert_connections(self) -> list[str]:
        """The connections whose alerts are about services, each once."""
        named = (match.connection for service in self.services.values() for match in service.alerts)
        return list(dict.fromkeys(named))

    def connections(self) -> set[str]:
        """Every connection the policy names."""
        return set(self.connection_uses())

    def connection_uses(self) -> dict[str, list[str]]:
        """Every connection the policy names, with the keys that name it (`services.checkout.probes`)."""
        uses: dict[str, list[str]] = {}
        for key, connection in self._named_connections():
            uses.setdefault(connection, []).append(key)
        return uses

    def _named_status_pages(self) -> Iterator[tuple[str, str]]:
        named = [(f"services.{name}", one.status_page) for name, one in self.services.items()]
        named += [(f"teams.{name}", one.status_page) for name, one in self.teams.items()]
        yield from ((f"{key}.status_page", one) for key, one in named if one is not None)

    def _named_trackers(self) -> Iterator[tuple[str, str]]:
        named = [(f"services.{name}", one.tracker) for name, one in self.services.items()]
        named += [(f"teams.{name}", one.tracker) for name, one in self.teams.items()]
        yield from ((f"{key}.tracker", one) for key, one in named if one is not None)

    def _named_connections(self) -> Iterator[tuple[str, str]]:
        yield from self._named_status_pages()
        yield from self._named_trackers()
        for helpdesk in self.helpdesks:
            yield "helpdesks", helpdesk
        if self.affected.by is not None:
            yield "affected.by", self.affected.by
        if self.customers.directory is not None:
            yield "customers.directory", self.customers.directory
        if self.catalog.connection is not None:
            yield "catalog.connection", self.catalog.connection
        yield from (("alerts.acknowledge", monitor) for monitor in self.alerts.acknowledge)
        for name, service in self.services.items():
            for probe in service.probes:
                yield f"services.{name}.probes", probe
            for match in service.alerts:
                yield f"services.{name}.alerts", match.connection
            for action in service.actions:
                yield f"services.{name}.actions", action.connection
                yield from ((f"services.{name}.probes", probe) for probe in action.only_if.healthy)
        yield from self._named_by_people()

    def _named_by_people(self) -> Iterator[tuple[str, str]]:
        for name, team in self.teams.items():
            yield f"teams.{name}.pager", team.pager
            if team.chat is not None:
                yield f"teams.{name}.chat", team.chat
            people = [("ladder", rung) for rung in team.ladder]
            people += [(key, one) for key, one in (("lead", team.lead), ("manager", team.manager)) if one]
            yield from ((f"teams.{name}.{key}", one.pager) for key, one in people if one.pager is not None)
        if self.ownership.lead is not None and self.ownership.lead.pager is not None:
            yield "ownership.lead", self.ownership.lead.pager
        if self.egress.alarm is not None and self.egress.alarm.pager is not None:
            yield "egress.alarm", self.egress.alarm.pager
