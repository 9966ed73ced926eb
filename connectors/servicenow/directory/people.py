"""Customers as users of the instance: their tier by their address, who uses a service by a table of the house's own.

An address is a customer's choice: what no query can carry is nobody's.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectors.servicenow.settings import ServiceNowSettings
from connectors.servicenow.table.api import Row, ServiceNowApi, columns
from connectors.servicenow.table.queries import both, condition, is_plain
from incidents.errors import NotAllowed, Refused
from incidents.models import Contact

USERS = "sys_user"


class ServiceNowPeople:
    """Reads users. All raise `incidents.errors`; none of them quotes an address."""

    def __init__(self, api: ServiceNowApi, settings: ServiceNowSettings) -> None:
        self._api = api
        self._settings = settings

    async def require_columns(self) -> None:
        """Raises `Refused` for a column of the settings that is not there: it would be left out of every answer."""
        settings = self._settings
        if settings.contact_tier_field:
            query = condition("user_name", "=", settings.user)
            fields = columns("sys_id,user_name", settings.contact_tier_field)
            page = await self._api.page(
                USERS,
                query,
                fields,
                lambda row: row.get("user_name", "").casefold() == settings.user.casefold(),
            )
            _require(page.rows, USERS, "contact_tier_field", settings.contact_tier_field)
        if settings.users_table:
            named = {
                "users_service_field": settings.users_service_field,
                "users_contact_field": settings.users_contact_field,
            }
            fields = columns("sys_id", list(named.values()))
            page = await self._api.page(
                settings.users_table, "ORDERBYsys_created_on", fields, lambda _: True, most=1
            )
            for setting, column in named.items():
                _require(page.rows, settings.users_table, setting, column)

    async def tier(self, contact: Contact) -> str | None:
        """In the policy's words; None for a stranger, and for a customer without one."""
        column, address = self._settings.contact_tier_field, contact.email.strip().casefold()
        if not column or not is_plain(address):
            return None

        def asked(row: Row) -> bool:
            return row.get("email", "").casefold() == address and row.get("active") == "true"

        query = both(condition("email", "=", address), "active=true", "ORDERBYsys_created_on")
        page = await self._api.page(USERS, query, columns("sys_id,email,active", column), asked)
        if page.is_withheld:
            raise NotAllowed(
                "servicenow: users are not shown to us; give our user a role that reads sys_user"
            )
        _require(page.rows, USERS, "contact_tier_field", column)
        words = (row[column].strip() for row in page.rows if row.get(column, "").strip())
        word = next(words, "")
        return self._settings.tiers.get(word, word) or None

    async def users_of(self, service: str) -> Sequence[Contact]:
        """Each active user once, by address; who has none could not be told."""
        table, of_service = self._settings.users_table, self._settings.users_service_field
        contact = self._settings.users_contact_field
        if not table or not is_plain(service):
            return []
        active = f"{contact}.active"
        fields = columns(
            "sys_id", of_service, contact, [f"{contact}.{one}" for one in ("name", "email", "active")]
        )

        def asked(row: Row) -> bool:
            return row.get(of_service, "").casefold() == service.casefold() and row.get(active) == "true"

        query = both(
            condition(of_service, "=", service),
            condition(active, "=", "true"),
            "ORDERBYsys_created_on^ORDERBYsys_id",
        )
        found: dict[str, Contact] = {}
        async for rows in self._api.rows(table, query, fields, asked):
            for row in rows:
                email = row.get(f"{contact}.email", "").strip()
                if email:
                    person = Contact(
                        id=row.get(contact, ""), name=row.get(f"{contact}.name", ""), email=email
                    )
                    found.setdefault(email.casefold(), person)
        return list(found.values())


def _require(rows: Sequence[Row], table: str, setting: str, column: str) -> None:
    if rows and column not in rows[0]:
        raise Refused(f"servicenow: {table} has no column {column!r} that we may read; correct {setting}")
