"""In which language, and by whose clock, customers are told what is written by us; and in which one colleagues are."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from incidents.models import Ticket
from incidents.policy.words import Connection, PolicySection
from incidents.texts.catalogue import LANGUAGES
from incidents.texts.team import TEAM_LANGUAGES
from incidents.texts.tongues import Tongue, is_zone, locale_of, tongue


def _spoken(tag: str) -> str:
    if locale_of(tag) is None:
        raise ValueError(
            f"there are no texts in {tag[:40]!r}; write one of {', '.join(LANGUAGES)}, also with a country: de-AT"
        )
    return tag


def _read_by_a_team(tag: str) -> str:
    if tag not in TEAM_LANGUAGES:
        raise ValueError(
            f"there are no texts for colleagues in {tag[:40]!r}; write one of {', '.join(TEAM_LANGUAGES)}"
        )
    return tag


_Language = Annotated[str, AfterValidator(_spoken)]


class LanguageRules(PolicySection):
    """For customers the first that says so decides: `customers`, the ticket itself (unless `from_ticket` is false),
    `helpdesks`, `default`. Words of the policy's own templates and of people stay as they were written."""

    default: _Language = Field(
        default="en",
        description="Language of whoever has none, and of the status page: en, de, fr, es, also with a country: de-AT.",
    )
    time_zone: str = Field(
        default="UTC", description="Zone of whoever has none, and of the status page: Europe/Berlin."
    )
    from_ticket: bool = Field(
        default=True, description="Whether the language and zone that a helpdesk or a mail tells count."
    )
    helpdesks: dict[Connection, _Language] = Field(
        default_factory=dict,
        description=(
            "Language by helpdesk, for a brand that has its own: zendesk/support-de: de. Only where the ticket tells "
            "none: its own goes first, unless from_ticket is false."
        ),
    )
    customers: dict[str, _Language] = Field(
        default_factory=dict,
        description="Language by customer: addresses, and whole domains as @shop.example; before what a ticket says.",
    )

    team: Annotated[str, AfterValidator(_read_by_a_team)] = Field(
        default="en",
        description=(
            "Language that agents and engineers read: notes, pages, posts, the board. en or de; commands are "
            "said in English in each, and what is written already stays as it is."
        ),
    )

    @property
    def of_public(self) -> Tongue:
        """How the public is told, and who has no language."""
        return Tongue(locale_of(self.default) or "", self.time_zone)

    def of_ticket(self, ticket: Ticket) -> Tongue:
        """How this ticket's customer is told."""
        theirs = ticket.requester
        said, zone = (theirs.language, theirs.time_zone) if self.from_ticket else ("", "")
        tags = [self._of_address(theirs.email), said, self.helpdesks.get(ticket.ref.connection, "")]
        return self._tongue(tags, zone)

    def of_address(self, address: str) -> Tongue:
        """How a customer is told who has not written."""
        return self._tongue([self._of_address(address)])

    def _of_address(self, address: str) -> str:
        known = {one.casefold(): tag for one, tag in self.customers.items()}
        address = address.strip().casefold()
        return known.get(address) or known.get(f"@{address.rpartition('@')[2]}", "")

    def _tongue(self, tags: list[str], zone: str = "") -> Tongue:
        return tongue([*tags, self.default], [zone, self.time_zone]) or self.of_public

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        if not is_zone(name):
            raise ValueError(f"{name[:40]!r} is no time zone; write UTC or such as Europe/Berlin")
        return name

    @field_validator("customers")
    @classmethod
    def _are_addresses(cls, named: dict[str, str]) -> dict[str, str]:
        for one in named:
            if "@" not in one or any(character.isspace() for character in one):
                raise ValueError(
                    f"{one[:80]!r} is no address; write zoe@shop.example, or @shop.example for all of it"
                )
        return named
