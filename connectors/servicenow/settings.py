"""What an operator tells us about one table of a ServiceNow instance."""

from __future__ import annotations

import re
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.kit.addresses import over_https
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets
from connectors.servicenow.table.queries import is_plain
from incidents.models import TicketStatus

INCIDENTS, PROBLEMS = "incident", "problem"
_COLUMN = r"^([a-z][a-z0-9_]{0,79}(\.[a-z][a-z0-9_]{0,79}){0,3})?$"
_NUMBER = re.compile(r"-?[0-9]{1,6}", re.ASCII)
_OWN_HOSTS = (".service-now.com", ".servicenowservices.com")


class ServiceNowSettings(BaseModel):
    """One table of one instance, reached as one dedicated user."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(description="Address of the instance, such as https://acme.service-now.com.")
    user: str = Field(
        min_length=1,
        max_length=100,
        description="User ID of the dedicated user; our own comments are known by it.",
    )
    password: SecretStr | None = Field(
        default=None, description="Password of that user; empty with a client of OAuth."
    )
    client_id: str = Field(
        default="", description="Or a client of OAuth (Application Registry) that acts as that user: its id."
    )
    client_secret: SecretStr = Field(default=SecretStr(""), description="Secret of that client.")
    refresh_token: SecretStr | None = Field(
        default=None,
        description="A refresh token of that user, where the client may not act by its own credentials.",
    )
    serves: Literal["customers", "engineers"] = Field(
        default="customers",
        description="customers: the records are their tickets. engineers: issues for the lasting fix.",
    )
    table: str = Field(
        default="",
        pattern=r"^([a-z][a-z0-9_]{1,79})?$",
        description="Table of the records: empty for incident, or for problem where it serves engineers;"
        " sn_customerservice_case for customers' cases.",
    )
    groups: list[str] = Field(
        default_factory=list,
        description="Names of the assignment groups whose records are listed; empty means every group."
        " Issues are opened for the first.",
    )
    signing_secrets: SigningSecrets = Field(
        default_factory=list,
        description="Secrets of the business rule; two while one replaces the other. Empty: polled, not told.",
    )
    instance: str = Field(
        default="",
        pattern=r"^[a-z0-9-]{0,80}$",
        description="Name of the instance, as its property instance_name has it; empty: by its address at"
        " service-now.com. What another one sends, such as its clone, is refused.",
    )
    statuses: dict[str, TicketStatus] = Field(
        default_factory=dict,
        description="What numbers of states of your own mean; those of incident and case are known.",
    )
    resolution_code: str = Field(
        default="",
        max_length=100,
        description="Value of the resolution code that is set with a resolution; empty: for an incident"
        " Solution provided, for a case none.",
    )
    resolution_notes: str = Field(
        default="The fault is resolved.",
        max_length=1_000,
        description="Resolution notes that are set with a resolution; customers may read them.",
    )
    tag_field: str = Field(
        default="",
        pattern=_COLUMN,
        description="Column, a text of your own, that keeps tags, separated by commas; empty: no tags.",
    )
    tier_field: str = Field(
        default="",
        pattern=_COLUMN,
        description="Column with the customer's tier, such as account.u_tier; empty: none.",
    )
    closed_states: list[str] = Field(
        default_factory=lambda: ["Resolved"],
        description="Issues: states, as people see them, in which nothing is left to be done though the record is"
        " active.",
    )
    contact_tier_field: str = Field(
        default="",
        pattern=_COLUMN,
        description="Directory: column of a user (sys_user) with the tier, such as company.u_tier; empty: none.",
    )
    tiers: dict[str, str] = Field(
        default_factory=dict,
        description="Directory: its words for tiers to the policy's, such as Enterprise to gold; others stay.",
    )
    users_table: str = Field(
        default="",
        pattern=r"^([a-z][a-z0-9_]{1,79})?$",
        description="Directory: table whose rows say who uses which service; empty: nobody is known to.",
    )
    users_service_field: str = Field(
        default="",
        pattern=_COLUMN,
        description="Directory: its column with the service as the policy calls it, such as service_offering.name.",
    )
    users_contact_field: str = Field(
        default="",
        pattern=_COLUMN,
        description="Directory: its column that refers to the user, such as sys_user.",
    )
    product_field: str = Field(
        default="",
        pattern=_COLUMN,
        description="Column with the product, such as business_service.name; empty: none.",
    )
    requests_per_minute: float = Field(
        default=300,
        ge=1,
        description="All calls a minute; an instance's own rules count by the hour (Rate Limit Rules).",
    )

    @field_validator("base_url")
    @classmethod
    def _require_a_safe_address(cls, url: str) -> str:
        # The password is on every request: it must not travel in clear.
        return over_https(url, local="a fake")

    @field_validator("user", "groups")
    @classmethod
    def _require_plain_words(cls, value: str | list[str]) -> str | list[str]:
        words = [value] if isinstance(value, str) else value
        if not all(is_plain(word) and "," not in word for word in words):
            raise ValueError(
                "a name may hold no caret, no comma and no line break, nor begin with javascript:"
            )
        return value

    @field_validator("statuses")
    @classmethod
    def _require_numbers(cls, statuses: dict[str, TicketStatus]) -> dict[str, TicketStatus]:
        for number in statuses:
            if not _NUMBER.fullmatch(number):
                raise ValueError(f"statuses are named by their number, such as 10, and not {number[:40]!r}")
        return statuses

    @model_validator(mode="after")
    def _require_one_way_in(self) -> Self:
        if (self.password is None) == (not self.client_id):
            raise ValueError("give either the password of the dedicated user or a client of OAuth")
        if self.client_id and not self.client_secret.get_secret_value():
            raise ValueError("client_secret is missing: the secret of the client in the Application Registry")
        named = [bool(self.users_table), bool(self.users_service_field), bool(self.users_contact_field)]
        if any(named) and not all(named):
            raise ValueError("users_table, users_service_field and users_contact_field belong together")
        return self

    @property
    def records_of(self) -> str:
        """The table: as the operator says, or what it serves says."""
        return self.table or (INCIDENTS if self.serves == "customers" else PROBLEMS)

    @property
    def is_of_cases(self) -> bool:
        """Whether the table's states and customers are those of Customer Service Management."""
        return self.records_of.startswith("sn_customerservice")

    @property
    def known_instance(self) -> str:
        """The instance's name as the operator says, or as the address tells; "" where neither does."""
        host = (urlsplit(self.base_url).hostname or "").casefold()
        if self.instance or not host.endswith(_OWN_HOSTS):
            return self.instance
        return host.partition(".")[0]

    @property
    def secrets(self) -> list[bytes]:
        """The rule's secrets as the verifier takes them."""
        return [usable_secret(secret) for secret in self.signing_secrets]
