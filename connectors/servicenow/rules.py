"""Whether the business rule that tells us is there: as far as our user may look."""

from __future__ import annotations

from enum import StrEnum

from connectors.servicenow.table.api import ServiceNowApi
from connectors.servicenow.table.queries import both, condition
from incidents.errors import NotAllowed

RULE_NAME = "Liaison webhook"
"""What README.md has an administrator call it."""


class RuleSeen(StrEnum):
    """What is known of the rule, as `check` says it."""

    ACTIVE = "hears its business rule"
    INACTIVE = "its business rule is there and not active: polled, not told"
    MISSING = f"no business rule {RULE_NAME!r} on this table: polled, not told"
    HIDDEN = "our user may not look whether its business rule is active"
    NOT_ASKED = "no signing secret: polled, not told"


async def rule_of(api: ServiceNowApi, table: str) -> RuleSeen:
    """Needs the right to read business rules, which an integration's user seldom has."""
    query = both(condition("name", "=", RULE_NAME), condition("collection", "=", table))
    try:
        page = await api.page(
            "sys_script",
            query,
            "sys_id,name,collection,active",
            lambda row: row.get("name") == RULE_NAME and row.get("collection") == table,
        )
    except NotAllowed:
        return RuleSeen.HIDDEN
    if page.is_withheld:
        return RuleSeen.HIDDEN
    if not page.rows:
        return RuleSeen.MISSING
    return RuleSeen.ACTIVE if any(row.get("active") == "true" for row in page.rows) else RuleSeen.INACTIVE
