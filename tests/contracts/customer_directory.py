"""What every `CustomerDirectory` must keep: the tier of whom it knows, nothing for a stranger, and all users or none.

Subclass it in `tests/connectors/<vendor>/`:

    class TestCustomersInPostgres(CustomerDirectoryContract):
        @pytest.fixture
        async def directory(self, ...) -> CustomerSql: ...       # lists `CUSTOMERS`
        @pytest.fixture
        def blind(self, ...) -> CustomerSql: ...                 # the same, whose source cannot be reached
"""

from __future__ import annotations

from typing import Any

import pytest

from incidents.errors import LiaisonError, Unknown
from incidents.models import Contact
from incidents.ports import CustomerDirectory

CUSTOMERS = (
    ("Ada Lovelace", "Ada@Engines.example", "gold", ("checkout", "search")),
    ("Böll", "o'hara@books.example", "standard", ("checkout",)),
    ("", "none@books.example", "", ()),
)
"""Name, address, tier and services used; the last has no tier."""

HOSTILE = (
    "' or '1'='1",
    "x'; drop table customers; --@engines.example",
    "%@engines.example",
    "ada@engines.example\x00",
    ":email",
    "=cmd|'/c calc'!A1",
    "*",
    "",
    " ",
    "@",
    "@engines.example",
    "ü" * 5_000 + "@engines.example",
)


class CustomerDirectoryContract:
    secrets: tuple[str, ...] = ()
    """What the directory was given and must never say."""

    async def test_is_a_customer_directory(self, directory: Any) -> None:
        assert isinstance(directory, CustomerDirectory)

    @pytest.mark.parametrize("write", [str, str.upper, str.lower, lambda address: f" {address} "])
    async def test_a_customer_however_the_address_is_written(self, directory: CustomerDirectory, write: Any):
        for name, email, tier, _ in CUSTOMERS[:2]:
            assert await directory.tier(Contact(id="4711", name=name, email=write(email))) == tier

    async def test_a_stranger_has_no_tier(self, directory: CustomerDirectory) -> None:
        assert await directory.tier(Contact(id="1", name="Ada Lovelace", email="ada@evil.example")) is None

    async def test_a_customer_without_a_tier_has_none(self, directory: CustomerDirectory) -> None:
        assert await directory.tier(Contact(id="1", email="none@books.example")) is None

    @pytest.mark.parametrize("address", HOSTILE)
    async def test_an_address_is_data(self, directory: CustomerDirectory, address: str) -> None:
        """A customer chooses it: it finds nobody else, changes nothing, and breaks nothing."""
        assert await directory.tier(Contact(id="", email=address)) is None
        assert await directory.tier(Contact(id="1", email="ada@engines.example")) == "gold"

    async def test_users_of_a_service(self, directory: CustomerDirectory) -> None:
        found = await directory.users_of("checkout")
        assert {user.email.casefold() for user in found} == {"ada@engines.example", "o'hara@books.example"}
        assert len(found) == 2
        assert [user.email.casefold() for user in await directory.users_of("search")] == [
            "ada@engines.example"
        ]

    @pytest.mark.parametrize("service", ["nothing", "", "' or '1'='1", "check%", "CHECKOUT;", "checkout\x00"])
    async def test_a_service_nobody_uses(self, directory: CustomerDirectory, service: str) -> None:
        assert list(await directory.users_of(service)) == []

    async def test_a_source_out_of_reach_is_an_error_and_no_stranger(self, blind: CustomerDirectory) -> None:
        """Else everybody would lose their tier while the database is away."""
        for call in (blind.tier(Contact(id="1", email="ada@engines.example")), blind.users_of("checkout")):
            with pytest.raises(LiaisonError) as caught:
                await call
            assert not isinstance(caught.value, Unknown)
            assert not any(secret in str(caught.value) for secret in (*self.secrets, "ada@"))
