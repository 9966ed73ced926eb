"""What every `ServiceCatalog` must keep: owners, dependencies, all services, and `NotFound` for what it does not know.

Subclass it in `tests/connectors/<vendor>/`:

    class TestCatalogFile(ServiceCatalogContract):
        @pytest.fixture
        def catalog(self, ...) -> CatalogFile: ...    # says what `SERVICES` says
        @pytest.fixture
        def blind(self, ...) -> CatalogFile: ...      # one that cannot be reached
"""

from __future__ import annotations

from typing import Any

import pytest

from incidents.errors import LiaisonError, NotFound, Unknown
from incidents.ports import ServiceCatalog
from incidents.service_catalog.services import CatalogService

SERVICES = (
    CatalogService(name="accounts", title="Customer accounts", owner="platform", depends_on=("accounts-db",)),
    CatalogService(
        name="checkout", title="Checkout", owner="payments", depends_on=("accounts", "orders-db", "tax")
    ),
    CatalogService(name="search", title="search", owner="user:ada", depends_on=()),
    CatalogService(name="tax", title="Tax", owner="money/taxes", depends_on=("checkout",)),
)
"""A circle (checkout and tax) is a fact of life. What checkout needs of tax it needs through an API."""


class ServiceCatalogContract:
    async def test_is_a_service_catalog(self, catalog: Any) -> None:
        assert isinstance(catalog, ServiceCatalog)

    async def test_all_services(self, catalog: ServiceCatalog) -> None:
        assert tuple(await catalog.services()) == SERVICES

    async def test_each_service_by_its_name(self, catalog: ServiceCatalog) -> None:
        for service in SERVICES:
            assert await catalog.owner(service.name) == service.owner
            assert tuple(await catalog.dependencies(service.name)) == service.depends_on

    @pytest.mark.parametrize(
        "service",
        ["", "nothing", "../checkout", "checkout\x00", "*", "checkout checkout", "c" * 10_000, ":", "/"],
    )
    async def test_a_service_nobody_knows(self, catalog: ServiceCatalog, service: str) -> None:
        """It is no service without an owner; and nothing long or odd is quoted whole."""
        for call in (catalog.owner(service), catalog.dependencies(service)):
            with pytest.raises(NotFound) as caught:
                await call
            assert len(str(caught.value)) < 300

    async def test_a_catalogue_out_of_reach_is_an_error_and_not_empty(self, blind: ServiceCatalog) -> None:
        for call in (blind.services(), blind.owner("checkout"), blind.dependencies("checkout")):
            with pytest.raises(LiaisonError) as caught:
                await call
            assert not isinstance(caught.value, Unknown)
