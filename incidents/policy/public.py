"""When the public is told, and customers who have not written; who must allow it, and what they read; and when an issue
is opened."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator

from incidents.errors import PolicyError
from incidents.models import Severity
from incidents.policy.messages import CustomerTemplates
from incidents.policy.words import Connection, Duration, PolicySection
from incidents.texts.catalogue import CatalogueText
from incidents.texts.messages import check_template
from incidents.texts.tongues import Wording

_ELSE = "Left out, it is what customers read if you reworded that, else the same as theirs without greeting."
_OURS = "Left out, it is a text of ours in `language.default`."


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
    title: str | None = Field(default=None, description=f"The public incident's title. {_OURS}")
    opening: str | None = Field(
        default=None,
        description=f"The first words; templates as for customers, without a customer's name. {_OURS}",
    )
    progress: str | None = Field(default=None, description=f"When an engineer has it. {_ELSE}")
    update: str | None = Field(default=None, description=f"Each further word while it lasts. {_ELSE}")
    monitoring: str | None = Field(default=None, description=f"Once it is said to be fixed. {_ELSE}")
    again: str | None = Field(
        default=None, description=f"When a fix that was being watched did not hold. {_OURS}"
    )
    merged: str | None = Field(
        default=None,
        description=f"The last words of one of two that turned out to be the same; the other one goes on. {_OURS}",
    )
    fixed: str | None = Field(default=None, description=f"The last words, once the fix is proven. {_ELSE}")

    @property
    def title_text(self) -> Wording:
        """The public incident's title."""
        return Wording(CatalogueText.PUBLIC_TITLE, self.title)

    @property
    def opening_text(self) -> Wording:
        """The first words."""
        return Wording(CatalogueText.PUBLIC_OPENING, self.opening)

    @property
    def again_text(self) -> Wording:
        """When a fix did not hold."""
        return Wording(CatalogueText.PUBLIC_AGAIN, self.again)

    @property
    def merged_text(self) -> Wording:
        """The last words of one that goes on in another."""
        return Wording(CatalogueText.PUBLIC_MERGED, self.merged)

    def progress_text(self, customers: CustomerTemplates) -> Wording:
        """When an engineer has it."""
        return Wording(CatalogueText.PUBLIC_PROGRESS, self.progress or customers.progress)

    def update_text(self, customers: CustomerTemplates) -> Wording:
        """Each further word."""
        return Wording(CatalogueText.PUBLIC_UPDATE, self.update or customers.update)

    def monitoring_text(self, customers: CustomerTemplates) -> Wording:
        """While a fix is watched."""
        return Wording(CatalogueText.PUBLIC_MONITORING, self.monitoring or customers.monitoring_text.own)

    def fixed_text(self, customers: CustomerTemplates, *, is_checked: bool) -> Wording:
        """The last words; what nobody checked is not said to be."""
        ours = CatalogueText.PUBLIC_FIXED if is_checked else CatalogueText.PUBLIC_FIXED_UNCHECKED
        return Wording(ours, self.fixed or customers.fixed_text(is_checked=is_checked).own)

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
    title: str | None = Field(
        default=None,
        description="The subject; templates as for customers. Left out, it is a text of ours, as the others are.",
    )
    opening: str | None = Field(
        default=None, description="The first message; without a time, as no second one follows it."
    )
    fixed: str | None = Field(default=None, description="The last message, to those who had the first one.")

    @property
    def title_text(self) -> Wording:
        """The subject."""
        return Wording(CatalogueText.AFFECTED_TITLE, self.title)

    @property
    def opening_text(self) -> Wording:
        """The first message."""
        return Wording(CatalogueText.AFFECTED_OPENING, self.opening)

    def fixed_text(self, *, is_checked: bool) -> Wording:
        """The last message; where nobody checked, ours says whose word it is."""
        ours = CatalogueText.AFFECTED_FIXED if is_checked else CatalogueText.AFFECTED_FIXED_UNCHECKED
        return Wording(ours, self.fixed)

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
    def _compile(cls, template: str | None) -> str | None:
        if template is None:
            return None
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
