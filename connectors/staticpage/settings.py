"""What an operator says about one status page of files."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from incidents.texts.plain_text import one_line


class StaticPageSettings(BaseModel):
    """One folder that a status page is written into, and what stands on the page."""

    model_config = ConfigDict(extra="ignore")

    folder: str = Field(
        description="The folder for the page's files, as an absolute path: empty or not there yet, and ours alone."
    )
    title: str = Field(
        default="Service status", min_length=1, max_length=100, description="The page's heading."
    )
    services: list[str] = Field(
        default_factory=list,
        max_length=200,
        description="Services that are listed also while they work, by the titles that the policy gives them.",
    )
    served: bool = Field(
        default=False, description="Whether the gateway serves the page to anybody, at /status/<name>/."
    )
    address: str = Field(
        default="",
        description="Where people open the page: the feed links there. https://status.acme.example/",
    )
    days: int = Field(
        default=14, ge=1, le=365, description="How many days a past problem stays on the first page."
    )
    history_days: int = Field(
        default=365,
        ge=1,
        le=3650,
        description="How many days it stays in history.html, the feed and the JSON.",
    )
    time_zone: str = Field(
        default="UTC", description="The zone of the times on the page, such as Europe/Berlin."
    )

    @field_validator("folder")
    @classmethod
    def _is_a_folder(cls, value: str) -> str:
        path = PurePosixPath(value)
        if not path.is_absolute() or len(path.parts) < 2 or ".." in path.parts or "\x00" in value:
            raise ValueError(
                f"{value[:200]!r} is no place for a status page: write an absolute path without '..', such as"
                " /srv/status"
            )
        return str(path)

    @field_validator("title")
    @classmethod
    def _can_be_read(cls, value: str) -> str:
        if not one_line(value):
            raise ValueError("the title has nothing that can be read")
        return one_line(value)

    @field_validator("services")
    @classmethod
    def _have_names(cls, value: list[str]) -> list[str]:
        names = [one_line(name) for name in value]
        if not all(names):
            raise ValueError("a service without a name; take it out")
        return list(dict.fromkeys(names))

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not value:
            return ""
        try:
            parts = urlsplit(value)
            is_one = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        except ValueError:
            is_one = False
        if not is_one or any(character.isspace() for character in value):
            raise ValueError(f"{value[:200]!r} is no web address; write https://..., without a login")
        return value.rstrip("/") + "/"

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                f"{value[:80]!r} is no time zone; write one such as Europe/Berlin, or UTC"
            ) from error
        return value
