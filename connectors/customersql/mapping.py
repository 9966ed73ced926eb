"""Rows of a directory as people and tiers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.kit.fields import any_text
from incidents.errors import Refused
from incidents.models import Contact


def keys_of(contact: Contact) -> dict[str, str]:
    """What a contact is looked up by; "" where it is not known or is nothing a query should see.

    An address with unprintable characters is nobody's, and some databases take none.
    """
    email = contact.email.strip().casefold()
    _, at, domain = email.rpartition("@")
    found = {"email": email if at else "", "domain": domain, "id": contact.id.strip()}
    return {name: value if value.isprintable() else "" for name, value in found.items()}


def tier_in(rows: list[Mapping[str, Any]], tiers: Mapping[str, str]) -> str | None:
    """The first row's only column, in the policy's words; None without a row, or where it is empty."""
    if not rows:
        return None
    if len(rows[0]) != 1:
        raise Refused(f"the tier_query gives {len(rows[0])} columns; select only the tier")
    return in_our_words(any_text(next(iter(rows[0].values()))), tiers)


def in_our_words(tier: str, tiers: Mapping[str, str]) -> str | None:
    """The policy's name for the directory's tier; None for none."""
    tier = tier.strip()
    return tiers.get(tier, tier) or None


def contacts_in(rows: list[Mapping[str, Any]]) -> list[Contact]:
    """Each person once, by address; a row without one is nobody who could be told."""
    if rows and "email" not in rows[0]:
        raise Refused(f"the users_query gives no column email; it gives {', '.join(rows[0])}")
    found: dict[str, Contact] = {}
    for row in rows:
        email = any_text(row["email"]).strip()
        if email:
            contact = Contact(
                id=any_text(row.get("id")),
                name=any_text(row.get("name")),
                email=email,
                wishes_no_news=says_yes(any_text(row.get("opt_out"))),
            )
            found.setdefault(email.casefold(), contact)
    return list(found.values())


def says_yes(word: str) -> bool:
    """Whether a field says so; an empty one does not, nor does a word for no."""
    return word.strip().casefold() not in ("", "0", "false", "f", "no", "n", "none", "null")
