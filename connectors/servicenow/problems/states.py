"""States as people see them: the instance's choices (`sys_choice`), each house has words and numbers of its own."""

from __future__ import annotations

from connectors.servicenow.table.api import Row, ServiceNowApi
from connectors.servicenow.table.queries import both, one_of
from incidents.errors import Refused

TABLE = "sys_choice"
_PARENT = "task"
"""Whose choices hold where a table has none of its own."""


class TableStates:
    """The states of one table; they are asked for once, and again where a word is not among them."""

    def __init__(self, api: ServiceNowApi, table: str) -> None:
        self._api = api
        self._table = table
        self._labels: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._is_known = False

    async def label(self, value: str) -> str:
        """The word for a state's number; the number where there is none."""
        if not self._is_known:
            await self._ask()
        return self._labels.get(value, value)

    async def value(self, word: str) -> str | None:
        """The number of a state, by its word in any language or by itself; None where there is no such state."""
        wanted = word.strip().casefold()
        if wanted not in self._values:
            await self._ask()
        return self._values.get(wanted)

    def words(self) -> str:
        """All words, for people."""
        return ", ".join(self._labels.values()) or "none that we may read (sys_choice)"

    async def _ask(self) -> None:
        query = both(
            one_of("name", (self._table, _PARENT)), "element=state^inactive=false", "ORDERBYsys_created_on"
        )
        fields = "sys_id,name,element,value,label,language,inactive"

        def asked(row: Row) -> bool:
            return row.get("name") in (self._table, _PARENT) and row.get("element") == "state"

        rows: list[Row] = []
        async for page in self._api.rows(TABLE, query, fields, asked):
            rows += page
        own = [row for row in rows if row["name"] == self._table] or rows
        # English last: its words are what is shown where there are several.
        own.sort(key=lambda row: row.get("language") == "en")
        self._is_known = True
        self._labels = {row.get("value", ""): row.get("label", "") for row in own}
        by_number = {value.casefold(): value for value in self._labels}
        self._values = by_number | {row.get("label", "").casefold(): row.get("value", "") for row in own}


def no_such_state(table: str, key: str, word: str, words: str) -> Refused:
    """What to raise for a word that is no state of the table."""
    return Refused(f"servicenow: {key} cannot go to {word!r}; the states of {table} are: {words}")
