"""A `CustomerDirectory` out of what a house already has: a table of its CRM, or the list somebody exports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from connectors.customersql.csv_file import CustomerCsv
from connectors.customersql.database import DirectoryQueries
from connectors.customersql.settings import CustomerSqlSettings
from incidents.models import Contact
from incidents.ports import CustomerDirectory


class CustomerSql(CustomerDirectory):
    """One directory. `name` is the connection's, such as `customersql/crm`."""

    vendor: ClassVar[str] = "customersql"

    def __init__(self, name: str, settings: CustomerSqlSettings) -> None:
        self.name = name
        self._source: CustomerCsv | DirectoryQueries
        if settings.csv is not None:
            self._source = CustomerCsv(settings.csv, settings.tiers)
        elif settings.database is not None:
            self._source = DirectoryQueries(name, settings.database, settings.tiers)

    async def tier(self, contact: Contact) -> str | None:
        return await self._source.tier(contact)

    async def users_of(self, service: str) -> Sequence[Contact]:
        return await self._source.users_of(service)

    async def check(self) -> str:
        """What there is, and that the queries run. Raises like any other call."""
        return await self._source.describe()

    async def aclose(self) -> None:
        await self._source.aclose()
