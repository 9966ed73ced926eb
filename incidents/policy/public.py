"""When the public is told, and customers who have not written; who must allow it, and what they read; and when an issue
is opened."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator

from incidents.errors import PolicyError
from incidents.models import Severity
from incidents.policy.messages import (
    FIXED,
    FIXED_UNCHECKED,
    MONITORING,
    PROGRESS,
    UPDATE,
    CustomerTemplates,
)
from incidents.policy.words import Connection, Duration, PolicySection
from incidents.texts.messages import check_template

_NEXT = "{% if next_update %} The next update comes by {{ next_update }}.{% endif %}"
_PROGRESS = "Our engineers are working on the problem with {{ service }}." + _NEXT
_UPDATE = "We are still working on the problem with {{ service }}." + _NEXT
_MONITORING = (
    "There is a fix for the problem with {{ service }}, and we are watching whether it holds." + _NEXT
)
_FIXED = "The problem with {{ service }} is fixed, and we have checked it. We are sorry for the trouble."
_FIXED_UNCHECKED = (
    "Our engineers tell us that the problem with {{ service }} is fixed. We are sorry for the trouble."
)
_ELSE = "Left out, it is what customers read if you reworded that, else the same as theirs without greeting."


class PublicRules(PolicySection):
    """When a service's incident is told on its status page."""

    severity: Severity = Field(
        default=Severity.HIGH, description="Incidents of this severity and worse are for the public, 1 to 4."
    )
    approval: Literal["needed", "not_needed"] = Field(
        default="needed",
        description="Whether a person must say yes first; not_needed tells the public once the fault is confirmed.",
    )
    expires_after: Duration = Field(
        default=timedelta(hours=2), description="How long the question waits; then nothing is published."
    )
    title: str = Field(default="Problem with {{ service }}", description="The public incident's title.")
    opening: str = Field(
        default="We see a problem with {{ service }} and are looking into it." + _NEXT,
        description="The first words; templates as for customers, without a customer's name.",
    )
    progress: str | None = Field(default=None, description=f"When an engineer has it. {_ELSE}")
    update: str | None = Field(default=None, description=f"Each further word while it lasts. {_ELSE}")
    monitoring: str | None = Field(default=None, description=f"Once it is said to be fixed. {_ELSE}")
    again: str = Field(
        default="The problem with {{ service }} is not solved yet. We are working on it again." + _NEXT,
        description="When a fix that was being watched did not hold.",
    )
    merged: str = Field(
        default="The problem with {{ service }} is the same as another one that we tell of here. Please read on there.",
        description="The last words of one of two that turned out to be the same; the other one goes on.",
    )
    fixed: str | None = Field(default=None, description=f"The last words, once the fix is proven. {_ELSE}")

    def progress_text(self, customers: CustomerTemplates) -> str:
        """The template when an engineer has it."""
        return self.progress or _own(customers.progress, PROGRESS, _PROGRESS)

    def update_text(self, customers: CustomerTemplates) -> str:
        """The template of each further word."""
        return self.update or _own(customers.update, UPDATE, _UPDATE)

    def monitoring_text(self, customers: CustomerTemplates) -> str:
        """The template while a fix is watched."""
        return self.monitoring or _own(customers.monitoring_text, MONITORING, _MONITORING)

    def fixed_text(self, customers: CustomerTemplates, *, is_checked: bool) -> str:
        """The template of the last words; what nobody checked is not said to be."""
        if self.fixed is not None:
            return self.fixed
        theirs = customers.fixed_text(is_checked=is_checked)
        return {FIXED: _FIXED, FIXED_UNCHECKED: _FIXED_UNCHECKED}.get(theirs, theirs)

    @field_validator("title", "opening", "progress", "update", "monitoring", "again", "merged", "fixed")
    @classmethod
    def _compiles(cls, template: str | None) -> str | None:
        if template is None:
            return None
        try:
            check_template(template)
        except PolicyError as error:
            raise ValueError(str(error)) from error
        return template


def _own(theirs: str, default: str, ours: str) -> str:
    """What customers read, if the operator reworded it."""
    return ours if theirs == default else theirs


_NEWS_TITLE = "Problem with {{ service }}"
_NEWS = (
    "Hello,\n\n"
    "you use {{ service }}, so we tell you before you need ask: there is a problem with it, and our engineers are "
    "working on it. You need do nothing. We tell you when it works again.\n\n"
    "Your reference is {{ incident }}."
)
_NEWS_FIXED = (
    "Hello,\n\n"
    "the problem with {{ service }} that we told you of is fixed. We are sorry for the trouble. "
    "If it does not work for you, just answer this message.\n\n"
    "Your reference is {{ incident }}."
)


class AffectedRules(PolicySection):
    """Customers who are known to use what is broken (`customers.directory`) and have not written."""

    by: Connection | None = Field(
        default=None,
        description="Connection that writes to them, such as mail/support or zendesk/support; left out, nobody does.",
    )
    severity: Severity = Field(
        default=Severity.HIGH, description="For incidents of this severity and worse, 1 to 4."
    )
    expires_after: Duration = Field(
        default=timedelta(hours=2), description="How long the question waits; then nobody is told."
    )
    most: int = Field(
        default=500, ge=1, le=5_000, description="Where there are more, nobody is asked: use the status page."
    )
    opt_outs: list[str] = Field(
        default_factory=list,
        description="Who wishes no such message: addresses, and whole domains as @shop.example.",
    )
    title: str = Field(default=_NEWS_TITLE, description="The subject; templates as for customers.")
    opening: str = Field(
        default=_NEWS, description="The first message; without a time, as no second one follows it."
    )
    fixed: str = Field(default=_NEWS_FIXED, description="The last message, to those who had the first one.")

    def wishes_none(self, address: str) -> bool:
        """Whether they have opted out."""
        known = {one.casefold() for one in self.opt_outs}
        return address in known or f"@{address.rpartition('@')[2]}" in known

    @field_validator("opt_outs")
    @classmethod
    def _are_addresses(cls, listed: list[str]) -> list[str]:
        for one in listed:
            if "@" not in one or any(character.isspace() for character in one):
                raise ValueError(
                    f"{one[:80]!r} is no address; write zoe@shop.example, or @shop.example for all of it"
                )
        return listed

    @field_validator("title", "opening", "fixed")
    @classmethod
    def _compile(cls, template: str) -> str:
        try:
            check_template(template)
        except PolicyError as error:
            raise ValueError(str(error)) from error
        return template


class IssueRules(PolicySection):
    """When an issue for the lasting fix is opened, for services that name a tracker."""

    open_when: Literal["mitigated", "closed", "never"] = Field(
        default="mitigated",
        description="mitigated: once it is said to work again; closed: once that is proven and everybody is told.",
    )
    severity: Severity = Field(
        default=Severity.LOW, description="Incidents of this severity and worse have an issue, 1 to 4."
    )
