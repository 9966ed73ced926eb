"""What should be private and is not: never sent without the right, and taken back where Redmine stored it as public."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.kit.fields import any_text, records, whole
from connectors.redmine.api import RedmineApi
from incidents.errors import Exposed, LiaisonError, NotAllowed, NotShown, Refused, Unknown

PRIVATE_NOTES = "set_notes_private"
PRIVATE_ISSUES = frozenset({"set_issues_private", "set_own_issues_private"})


async def require_private(api: RedmineApi, project_id: int | None, *, notes: bool, issues: bool) -> None:
    """Raises `NotAllowed` unless our roles in that project have the rights that privacy needs."""
    rights = await api.rights(project_id)
    if rights is None:
        return
    missing = []
    if notes and PRIVATE_NOTES not in rights:
        missing.append("Set notes as private")
    if issues and not rights & PRIVATE_ISSUES:
        missing.append("Set issues public or private")
    if missing:
        raise NotAllowed(
            f"redmine: what should be private would be stored as public: give our role {' and '.join(missing)!r}"
            " (Administration, Roles and permissions), or say that it need not be private"
        )


async def refuse_exposed(api: RedmineApi, key: str, note: Mapping[str, Any]) -> None:
    """A note of ours that should be private and stands there for everybody is emptied at once, and `Exposed`, however
    that went. One that is private is left alone."""
    if note.get("private_notes") is True:
        return
    journal = whole(note.get("id"))
    told = f"redmine: the note on issue {key} was stored as public, not private"
    by_hand = f"{told}, and could not be taken back: delete it by hand"
    try:
        await api.call("PUT", f"journals/{journal}.json", {"journal": {"notes": ""}}, is_state=True)
        seen = await api.issue(key, "journals")
    except LiaisonError as error:
        raise Exposed(by_hand) from error
    if any(one.get("id") == journal and any_text(one.get("notes")) for one in records(seen.get("journals"))):
        raise Exposed(by_hand)
    raise Exposed(f"{told}, and was taken back; give our role SetNotesPrivate")


def require_shown(key: str, note: Mapping[str, Any]) -> None:
    """Raises `NotShown` for a reply of ours that is a private note there."""
    if note.get("private_notes") is True:
        raise NotShown(
            f"redmine: the reply on issue {key} was stored as a private note that its customer cannot read: look at"
            " Redmine's plugins, and tell the customer by hand"
        )


async def hide_issue(api: RedmineApi, key: str) -> None:
    """Make an issue private that stands there for everybody. Raises `Exposed` if it stays public, and `Unknown` where
    that was not seen."""
    told = f"redmine: issue {key} was stored as public, not private"
    cure = "make it private or delete it by hand, and give our role 'Set own issues public or private'"
    try:
        await api.change(key, {"is_private": True}, is_state=True)
        seen = await api.issue(key)
    except Refused as error:
        raise Exposed(f"{told}, and could not be changed: {cure}") from error
    except LiaisonError as error:
        raise Unknown(f"{told}, and whether it was changed is not known: {error}") from error
    if seen.get("is_private") is not True:
        raise Exposed(f"{told}, and stays so: {cure}")
