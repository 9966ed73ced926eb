"""The file that names a drill's accounts: `liaison drill STORY --on sandbox.yaml`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import AfterValidator, Field, ValidationError

from incidents.errors import LiaisonError
from incidents.policy.words import Connection, PolicySection

RESERVED = "example.org"
"""Nobody's mail arrives there: RFC 2606 keeps it for examples."""
_DOMAIN = re.compile(
    r"(?=.{4,120}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"
)
_MOST_BYTES = 10_000


class SandboxFileError(LiaisonError):
    """The file cannot be used; the message has what to change."""


def _domain(value: str) -> str:
    if not _DOMAIN.fullmatch(value):
        raise ValueError("a domain in small letters is wanted, such as example.org")
    return value


class SandboxFile(PolicySection):
    """Which saved connection plays which part, and how much may be written."""

    helpdesk: Connection = Field(description="Where customers' tickets are opened: zendesk/sandbox.")
    pager: Connection = Field(description="By which engineers are paged: pagerduty/sandbox.")
    pager_target: str = Field(
        default="", description="Whom to page, in the on-call tool's own words; empty is its default."
    )
    customers: Annotated[str, AfterValidator(_domain)] = Field(
        default=RESERVED, description="Domain of the invented customers' addresses."
    )
    tickets: int = Field(default=6, ge=2, le=30, description="Tickets that are opened at most.")


def read_sandbox_file(path: Path) -> SandboxFile:
    """Raises `SandboxFileError`, with everything that is wrong."""
    try:
        with path.open("rb") as file:
            content = yaml.safe_load(file.read(_MOST_BYTES))
    except OSError as error:
        raise SandboxFileError(
            f"{path}: {error.strerror}; write helpdesk: and pager:, each a saved connection of a sandbox account"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SandboxFileError(f"{path} is no YAML") from error
    try:
        return SandboxFile.model_validate(content)
    except ValidationError as error:
        wrong = [
            f"{path}: {'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors()
        ]
        raise SandboxFileError("\n".join(wrong)) from None
