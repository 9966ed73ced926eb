"""How the fake Zammad says things: tickets, articles and users, with names where `expand` is asked for."""

from __future__ import annotations

from typing import Any

from connectors.zammad.fake.desk import GROUPS, PRIORITIES, SENDERS, TYPES, ZammadDesk


def ticket_json(desk: ZammadDesk, ticket: dict[str, Any], *, is_expanded: bool) -> dict[str, Any]:
    """As `GET tickets/{id}` gives it."""
    ids = {"article_ids": [one["id"] for one in desk.articles_of(ticket["id"])]}
    if not is_expanded:
        return {**ticket, **ids}
    return {
        **ticket,
        **ids,
        "state": desk.states[ticket["state_id"]]["name"],
        "group": GROUPS[ticket["group_id"]],
        "priority": PRIORITIES[ticket["priority_id"]],
        "owner": _login(desk, ticket["owner_id"]),
        "customer": _login(desk, ticket["customer_id"]),
        "organization": None,
        "create_article_type": TYPES.get(ticket["create_article_type_id"] or 0),
        "create_article_sender": SENDERS.get(ticket["create_article_sender_id"] or 0),
        "created_by": _login(desk, ticket["created_by_id"]),
        "updated_by": _login(desk, ticket["updated_by_id"]),
    }


def article_json(desk: ZammadDesk, article: dict[str, Any]) -> dict[str, Any]:
    """As the calls on articles give it: always with the names of type and sender."""
    return {
        **article,
        "type": TYPES[article["type_id"]],
        "sender": SENDERS[article["sender_id"]],
        "created_by": _login(desk, article["created_by_id"]),
        "updated_by": _login(desk, article["updated_by_id"]),
    }


def payload(desk: ZammadDesk, ticket: dict[str, Any], article: dict[str, Any] | None) -> dict[str, Any]:
    """A webhook's default body: https://admin-docs.zammad.org/en/latest/manage/webhook/payload.html."""
    people = {
        name: desk.users.get(ticket[f"{name}_id"], {})
        for name in ("customer", "owner", "created_by", "updated_by")
    }
    told = ticket_json(desk, ticket, is_expanded=True)
    said = {**told, **people, "group": {"id": ticket["group_id"], "name": told["group"]}}
    return {
        "ticket": said | {"priority": {"id": ticket["priority_id"], "name": told["priority"]}},
        "article": {} if article is None else article_json(desk, article) | {"accounted_time": 0},
    }


def _login(desk: ZammadDesk, user_id: int) -> str:
    return str(desk.users.get(user_id, {}).get("login", "-"))
