"""What an operator tells us about one Salesforce organization."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from connectors.kit.addresses import over_https
from connectors.kit.auth.grants import JwtAssertion
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets
from connectors.salesforce.rest.ids import ORGANIZATION, id_of
from incidents.models import TicketStatus

FieldPath = Annotated[
    str, StringConstraints(pattern=r"^([A-Za-z][A-Za-z0-9_]{0,79}(\.[A-Za-z][A-Za-z0-9_]{0,79}){0,4})?$")
]
"""A field, or one of what a record refers to, by API names."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}", re.ASCII)
_USER = re.compile(r"[^\s'\\@]{1,80}@[^\s'\\@]{1,80}")


class SalesforceSettings(BaseModel):
    """One organization, reached as one dedicated user through an External Client App."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(
        description="The organization's My Domain login address, such as https://acme.my.salesforce.com."
    )
    client_id: str = Field(
        min_length=1, max_length=500, description="Consumer key of the External Client App."
    )
    private_key: SecretStr = Field(
        description="Private key (PEM, RSA, without a password) whose certificate the External Client App has."
    )
    user: str = Field(
        description="Username of the dedicated user; it looks like an address and need not be one."
    )
    audience: Literal["", "https://login.salesforce.com", "https://test.salesforce.com"] = Field(
        default="",
        description="Login server that the key's assertion names; empty: by the address, test for a sandbox.",
    )
    organization: str = Field(
        default="",
        description="Organization id (00D...), by which outbound messages of another one are known. Needed beside"
        " signing_secrets.",
    )
    signing_secrets: SigningSecrets = Field(
        default_factory=list,
        description="What stands after the question mark in the outbound messages' endpoint, chosen by you; two while"
        " one replaces the other. Empty: polled, not told.",
    )
    record_types: list[str] = Field(
        default_factory=list,
        description="API names of the record types whose cases are listed; empty means every case.",
    )
    statuses: dict[str, TicketStatus] = Field(
        default_factory=lambda: {
            "New": TicketStatus.NEW,
            "Working": TicketStatus.OPEN,
            "Escalated": TicketStatus.OPEN,
            "Closed": TicketStatus.CLOSED,
        },
        description="What values of the case's Status mean, by API names; the first of a meaning is what is set. Others"
        " are open, or closed where Salesforce calls them so.",
    )
    reads_emails: bool = Field(
        default=True,
        description="Whether mails on cases (Email-to-Case) are read; off where the organization has no EmailMessage.",
    )
    tag_field: FieldPath = Field(
        default="",
        description="Field of the case that keeps tags, such as Tags__c: a text, or a multi-select picklist; empty: no"
        " tags.",
    )
    tier_field: FieldPath = Field(
        default="", description="Field with the customer's tier, such as Account.Tier__c; empty: none."
    )
    product_field: FieldPath = Field(
        default="", description="Field with the product, such as Product__c or Asset.Name; empty: none."
    )
    contact_tier_field: FieldPath = Field(
        default="",
        description="Directory: field of a contact with the tier, such as Account.Tier__c; empty: none.",
    )
    tiers: dict[str, str] = Field(
        default_factory=dict,
        description="Directory: its words for tiers to the policy's, such as Enterprise to gold; others stay.",
    )
    users_object: FieldPath = Field(
        default="",
        description="Directory: object whose records say who uses which service, such as Asset; empty: nobody is known"
        " to.",
    )
    users_service_field: FieldPath = Field(
        default="",
        description="Directory: its field with the service as the policy calls it, such as Product2.Name.",
    )
    users_contact_field: FieldPath = Field(
        default="",
        description="Directory: its relationship to the contact, such as Contact or Customer__r.",
    )
    requests_per_minute: float = Field(
        default=100,
        ge=1,
        description="All calls a minute; the organization's own limit counts the calls of 24 hours, of all its apps.",
    )

    @field_validator("base_url")
    @classmethod
    def _require_a_safe_address(cls, url: str) -> str:
        # An access token is on every request: it must not travel in clear.
        return over_https(url, local="a fake")

    @field_validator("user")
    @classmethod
    def _require_a_username(cls, user: str) -> str:
        if not _USER.fullmatch(user):
            raise ValueError("user is the Username of the dedicated user, such as liaison@acme.example")
        return user

    @field_validator("organization")
    @classmethod
    def _require_an_organization(cls, organization: str) -> str:
        if not organization:
            return ""
        if (found := id_of(organization, ORGANIZATION)) is None:
            raise ValueError(
                "organization is the id that begins with 00D (Setup, Company Information), of 15 or 18 characters"
            )
        return found

    @field_validator("record_types")
    @classmethod
    def _require_names(cls, names: list[str]) -> list[str]:
        if not all(_NAME.fullmatch(name) for name in names):
            raise ValueError("record_types are API names of record types, such as Support_Case")
        return names

    @model_validator(mode="after")
    def _require_what_belongs_together(self) -> Self:
        if self.signing_secrets and not self.organization:
            raise ValueError(
                "organization is missing: without it an outbound message of another one would count"
            )
        named = [bool(self.users_object), bool(self.users_service_field), bool(self.users_contact_field)]
        if any(named) and not all(named):
            raise ValueError("users_object, users_service_field and users_contact_field belong together")
        self.grant()
        return self

    def grant(self) -> JwtAssertion:
        """How access tokens are bought. Raises ValueError for a key that cannot sign."""
        return JwtAssertion(
            token_url=f"{self.base_url}/services/oauth2/token",
            issuer=self.client_id,
            subject=self.user,
            audience=self.audience or _audience(self.base_url),
            private_key=self.private_key,
        )

    @property
    def secrets(self) -> list[bytes]:
        """The webhooks' secrets as the verifier takes them."""
        return [usable_secret(secret) for secret in self.signing_secrets]


def _audience(base_url: str) -> str:
    is_sandbox = ".sandbox." in (urlsplit(base_url).hostname or "")
    return f"https://{'test' if is_sandbox else 'login'}.salesforce.com"
