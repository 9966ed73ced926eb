"""What an operator tells us about one page at Statuspage."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.kit.addresses import over_https
from connectors.kit.auth.ways import BearerToken
from connectors.kit.status_pages.notified import Notified
from connectors.kit.status_pages.settings import a_key, said_components


class StatuspageSettings(BaseModel):
    """One page, reached by one API key."""

    # Else a mistake in the key would print it.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(
        default="https://api.statuspage.io/v1",
        description="Address of Statuspage's API with its version; another one only for a fake.",
    )
    page_id: str = Field(
        pattern=r"^[a-z0-9]{1,40}$",
        description="The page's id, as it stands under API info: gytm4qzbx9t6.",
    )
    api_key: SecretStr = Field(
        description="An API key of the organization, made by an account owner under API info."
    )
    components: dict[str, list[str]] = Field(
        default_factory=dict,
        max_length=500,
        description="Ids of the components that show a service, by the service's title in the policy:"
        ' {"Checkout": ["8kbf7d35c070"]}. A service that is not named here is shown by the component with its title.',
    )
    notify: Notified = Field(
        default="every_update",
        description="Of what the page's subscribers are told: every_update, opening_and_end, or nobody.",
    )
    requests_per_minute: float = Field(
        default=30,
        ge=1,
        description="All calls a minute; Statuspage takes 60 of a key, whoever else uses it included.",
    )

    @field_validator("base_url")
    @classmethod
    def _require_a_safe_address(cls, url: str) -> str:
        # The key is on every request: it must not travel in clear.
        return over_https(url, local="a fake")

    @field_validator("api_key")
    @classmethod
    def _fits_a_header(cls, key: SecretStr) -> SecretStr:
        return a_key(key)

    @field_validator("components")
    @classmethod
    def _are_components(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        return said_components(value, such_as="8kbf7d35c070")

    @property
    def auth(self) -> BearerToken:
        """Statuspage's own word stands before the key."""
        return BearerToken(self.api_key, before="OAuth ")
