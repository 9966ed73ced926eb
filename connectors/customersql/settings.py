"""What an operator says about where customers are listed: a database with two queries, or a CSV file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from sqlalchemy import make_url, text
from sqlalchemy.exc import ArgumentError

CONTACT = frozenset({"email", "domain", "id"})
SERVICE = frozenset({"service"})
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION"""
POSTGRESQL_WORDS = frozenset(
    {"host", "port", "user", "password", "database", "passfile", "ssl", "sslmode", "target_session_attrs"}
)
"""Of an address, behind the question mark: arguments of `asyncpg.connect` that are text, and libpq's word for `ssl`."""


class DirectoryDatabase(BaseModel):
    """A database that is only read."""

    # Else a mistake elsewhere would print the address with its password.
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    url: SecretStr = Field(
        description="SQLAlchemy's address: postgresql://reader:password@crm.internal/crm, sqlite:////srv/crm.db."
    )
    tier_query: str = Field(
        description="SELECT of one column, the tier, of the customer with :email (in lower case), :domain or :id."
    )
    users_query: str | None = Field(
        default=None,
        description=(
            "SELECT of the columns email and, if there are, id, name and opt_out: who uses the service :service."
        ),
    )
    timeout_seconds: float = Field(default=5, gt=0, le=60, description="How long one query may take.")
    max_rows: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        description="More users than this are not read: the query is refused.",
    )

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: SecretStr) -> SecretStr:
        try:
            parsed = make_url(url.get_secret_value())
        except (ArgumentError, ValueError):
            # From nothing: the library's error quotes the address with its password.
            raise ValueError(
                "the database's address cannot be read: write it as postgresql://user:password@host/database"
            ) from None
        if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
            raise ValueError("a SQLite address names a file: sqlite:////srv/crm.db")
        if parsed.get_backend_name() == "postgresql":
            _check_postgresql(parsed.query)
        return url

    @model_validator(mode="after")
    def _asks_with_what_there_is(self) -> Self:
        _check_query("tier_query", self.tier_query, CONTACT)
        if self.users_query is not None:
            _check_query("users_query", self.users_query, SERVICE)
        return self


class CustomerFile(BaseModel):
    """A CSV file with a heading, in UTF-8. It is read again when it changes."""

    model_config = ConfigDict(extra="forbid")

    path: Path = Field(description="The file, as the worker sees it.")
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="What stands between fields.")
    tier: str = Field(default="tier", description="Heading of the column with the tier.")
    email: str | None = Field(default="email", description="Heading of the column with the e-mail address.")
    domain: str | None = Field(
        default=None, description="Heading of a column with the domain all users of a customer write from."
    )
    name: str | None = Field(default=None, description="Heading of the column with the name.")
    opt_out: str | None = Field(
        default=None,
        description="Heading of a column that says who wishes no message they did not ask for: yes, true or 1.",
    )
    services: str | None = Field(
        default=None, description="Heading of the column with the services used, separated by semicolons."
    )

    @model_validator(mode="after")
    def _has_a_key(self) -> Self:
        if self.email is None and self.domain is None:
            raise ValueError("name the column of the e-mail address, of the domain, or both")
        return self


class CustomerSqlSettings(BaseModel):
    """Where customers are listed, and what its words for tiers mean in the policy."""

    model_config = ConfigDict(hide_input_in_errors=True)

    database: DirectoryDatabase | None = Field(default=None, description="A database and its queries.")
    csv: CustomerFile | None = Field(default=None, description="Or a CSV file.")
    tiers: dict[str, str] = Field(
        default_factory=dict,
        description="The directory's word for a tier to the policy's, such as Enterprise to gold; others stay as is.",
    )

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        if (self.database is None) == (self.csv is None):
            raise ValueError("give either database or csv")
        return self


def parameters_of(query: str) -> frozenset[str]:
    """The names that a query is asked with."""
    return frozenset(text(query).compile().params)


def _check_postgresql(words: Mapping[str, object]) -> None:
    """What stands behind the question mark goes to the driver as it is, which fails on a word it does not know."""
    unknown = sorted(words.keys() - POSTGRESQL_WORDS)
    if unknown:
        known = ", ".join(sorted(POSTGRESQL_WORDS))
        raise ValueError(
            f"the database's address has {unknown[0][:60]!r} behind the question mark, which asyncpg does not take"
            f" there; it takes {known}"
        )
    modes = [words[word] for word in ("ssl", "sslmode") if word in words]
    if len(modes) > 1:
        raise ValueError("the database's address has both ssl and sslmode: leave one of them")
    if modes and modes[0] not in SSL_MODES:
        raise ValueError(f"the database's address has an sslmode that is none of {', '.join(SSL_MODES)}")


def _check_query(name: str, query: str, offered: frozenset[str]) -> None:
    first = query.split(maxsplit=1)[0].casefold() if query.strip() else ""
    if first not in ("select", "with"):
        raise ValueError(f"{name} must be a SELECT: nothing is ever written")
    asked = parameters_of(query)
    named = ", ".join(f":{one}" for one in sorted(offered))
    if not asked & offered:
        raise ValueError(f"{name} must ask for somebody: it has none of {named}")
    if asked - offered:
        raise ValueError(
            f"{name} has :{min(asked - offered)}, and nothing is given for it; there are {named}"
        )
