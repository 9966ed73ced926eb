"""Customers as contacts: their tier by their address, who uses a service by an object of the house's own.

An address is a customer's choice: what no query can carry is nobody's.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.kit.fields import any_text
from connectors.salesforce.mapping import value_at
from connectors.salesforce.rest.api import SalesforceApi
from connectors.salesforce.rest.soql import all_of, is_plain, quoted, select
from connectors.salesforce.settings import SalesforceSettings
from incidents.models import Contact


class SalesforcePeople:
    """Reads contacts. All raise `incidents.errors`; none of them quotes an address."""

    def __init__(self, api: SalesforceApi, settings: SalesforceSettings) -> None:
        self._api = api
        self._settings = settings

    async def tier(self, contact: Contact) -> str | None:
        """In the policy's words; None for a stranger, and for a customer without one. Of several contacts with one
        address the eldest that has a tier counts."""
        field, address = self._settings.contact_tier_field, contact.email.strip()
        if not field or not is_plain(address):
            return None
        where = f"Email = {quoted(address)}"
        rows = await self._api.rows(select(f"Id, Email, {field}", "Contact", where, order="CreatedDate, Id"))
        # SOQL does not look at case; nothing else is taken for equal here.
        same = (row for row in rows if value_at(row, "Email").casefold() == address.casefold())
        word = next((found for row in same if (found := value_at(row, field).strip())), "")
        return self._settings.tiers.get(word, word) or None

    async def users_of(self, service: str) -> Sequence[Contact]:
        """Each contact once, by address; who has none could not be told."""
        settings = self._settings
        contact, field = settings.users_contact_field, settings.users_service_field
        if not settings.users_object or not is_plain(service):
            return []
        names = [f"{contact}.{one}" for one in ("Id", "Name", "Email")]
        where = all_of(f"{field} = {quoted(service)}", f"{contact}.Email != null")
        fields = ", ".join(dict.fromkeys([field, *names]))
        soql = select(fields, settings.users_object, where, order="Id")
        found: dict[str, Contact] = {}
        for row in await self._api.rows(soql):
            email = value_at(row, f"{contact}.Email").strip()
            if email and value_at(row, field).casefold() == service.casefold():
                person = Contact(
                    id=any_text(value_at(row, names[0])), name=value_at(row, names[1]), email=email
                )
                found.setdefault(email.casefold(), person)
        return list(found.values())

    async def require_fields(self) -> None:
        """Ask for each once; Salesforce refuses what is not there by name. Raises `Refused`."""
        settings = self._settings
        if settings.contact_tier_field:
            await self._api.rows(select(f"Id, {settings.contact_tier_field}", "Contact", limit=1))
        if settings.users_object:
            names = f"{settings.users_service_field}, {settings.users_contact_field}.Email"
            await self._api.rows(select(names, settings.users_object, limit=1))
