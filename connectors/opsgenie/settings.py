"""What an operator must say once so that Liaison can page through one Opsgenie account."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator

from connectors.kit.addresses import over_https
from connectors.kit.webhooks.signatures import usable_secret
from connectors.kit.webhooks.signing_secrets import SigningSecrets
from incidents.rehearsals.sandboxes import SandboxMark

# A slash in a name would lead a call to another path.
Responder = Annotated[
    str, StringConstraints(pattern=r"^(team|escalation|schedule|user):[^\s/][^/\r\n]*$", max_length=200)
]


class OpsgenieSettings(BaseModel):
    """Credentials and addresses of one Opsgenie account, reached as one API integration."""

    # Else a mistake in one secret would print all of them.
    model_config = ConfigDict(hide_input_in_errors=True)

    api_key: SecretStr = Field(
        description="Key of an API integration of the account, not of a team, with read, create and update access."
    )
    responder: Responder = Field(
        description="Who is paged when no target is named: team:NAME, escalation:NAME, schedule:NAME or user:ADDRESS."
    )
    responders: dict[str, Responder] = Field(
        default_factory=dict,
        description="Who is paged for further targets by name, such as payments: team:Payments.",
    )
    signing_secrets: SigningSecrets = Field(
        min_length=1,
        description="What the webhook integration shows in the header X-Liaison-Token, chosen by you; two while one"
        " replaces the other.",
    )
    base_url: str = Field(
        default="https://api.opsgenie.com",
        description="API address; https://api.eu.opsgenie.com for accounts in the EU region.",
    )
    is_sandbox: SandboxMark = False

    @field_validator("api_key")
    @classmethod
    def _is_a_key(cls, key: SecretStr) -> SecretStr:
        text = key.get_secret_value()
        if not text or not text.isascii() or any(character.isspace() for character in text):
            raise ValueError("the key is empty or has blanks in it; copy it again from the API integration")
        return key

    @field_validator("responders")
    @classmethod
    def _are_named(cls, responders: dict[str, str]) -> dict[str, str]:
        if any(not name.strip() for name in responders):
            raise ValueError("a target needs a name; who is paged without a target is responder")
        return responders

    @field_validator("base_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        # The key is in every request: it must not travel in clear.
        return over_https(url, local="a sandbox")

    @property
    def secrets(self) -> list[bytes]:
        """The webhooks' secrets as the verifier takes them."""
        return [usable_secret(secret) for secret in self.signing_secrets]
