"""What an operator tells us about one page at Instatus."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.kit.addresses import over_https
from connectors.kit.auth.ways import BearerToken
from connectors.kit.status_pages.notified import Notified
from connectors.kit.status_pages.settings import a_key, said_components


class InstatusSettings(BaseModel):
    """One page, reached by one user's API key."""

    # Else a mistake in the key would print it.
    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(
        default="https://api.instatus.com",
        description="Address of Instatus' API, without a version; another one only for a fake.",
    )
    page_id: str = Field(
        pattern=r"^[a-z0-9]{1,40}$",
        description="The page's id: ckf01fonve9i40a32oas5b0uw. `liaison check` says which ones the key reaches.",
    )
    api_key: SecretStr = Field(description="API key of our own user, from User settings, Developer settings.")
    components: dict[str, list[str]] = Field(
        default_factory=dict,
        max_length=500,
        description="Ids of the components that show a service, by the service's title in the policy:"
        ' {"Checkout": ["ckf01fvnxywz50a35nh1qzssm"]}. A service that is not named here is shown by the component with'
        " its title.",
    )
    notify: Notified = Field(
        default="every_update",
        description="Of what the page's subscribers are told: every_update, opening_and_end, or nobody.",
    )
    requests_per_minute: float = Field(
        default=60, ge=1, description="All calls a minute; Instatus does not say how many it takes."
    )

    @field_validator("base_url")
    @classmethod
    def _require_a_safe_address(cls, url: str) -> str:
        # The key is on every request: it must not travel in clear.
        safe = over_https(url, local="a fake")
        if safe.endswith(("/v1", "/v2")):
            raise ValueError("base_url is the address without a version")
        return safe

    @field_validator("api_key")
    @classmethod
    def _fits_a_header(cls, key: SecretStr) -> SecretStr:
        return a_key(key)

    @field_validator("components")
    @classmethod
    def _are_components(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        return said_components(value)

    @property
    def auth(self) -> BearerToken:
        """As every call shows it."""
        return BearerToken(self.api_key)
