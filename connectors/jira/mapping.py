"""Jira's JSON and our words; plain functions. Shapes: https://developer.atlassian.com/cloud/jira/platform/rest/v3/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.kit.atlassian.documents import plain_wiki, shortened, text_of, to_document
from connectors.kit.atlassian.site import Edition, key_from, person_id
from connectors.kit.fields import items, record, records, text, utc_time
from connectors.kit.marks import carries_mark, mark_of, marked
from incidents.errors import Unrecognised
from incidents.issues import Issue
from incidents.texts.plain_text import cut, one_line

MAX_SUMMARY = 255
DONE = "done"
"""The key of the status category in which nothing is left to be done, whatever its statuses are called."""
SERVICE_DESK = "service_desk"
FIELDS = "summary,status,updated,creator,labels,project"


def issue_from(data: Mapping[str, Any], address: str) -> Issue:
    """One issue. Raises `Unrecognised` without a key or a time."""
    key = key_from(data.get("key"))
    if key is None:
        raise Unrecognised("jira: an issue without a key")
    fields = record(data.get("fields"))
    status = record(fields.get("status"))
    return Issue(
        key=key,
        title=text(fields.get("summary")),
        status=text(status.get("name")),
        is_closed=text(record(status.get("statusCategory")).get("key")) == DONE,
        updated_at=utc_time(fields.get("updated"), of="jira"),
        url=f"{address}/browse/{key}",
    )


def is_opened_with(data: Mapping[str, Any], once: str, own_id: str) -> bool:
    """Whether we opened the issue with this key: who clones an issue copies its labels, and is its creator."""
    fields = record(data.get("fields"))
    return person_id(fields.get("creator")) == own_id and mark_of(once) in items(fields.get("labels"))


def own_comment(comments: Sequence[Mapping[str, Any]], once: str, own_id: str) -> dict[str, Any] | None:
    """The comment that we wrote with this key."""
    for one in comments:
        if person_id(one.get("author")) == own_id and carries_mark(text_of(one.get("body")), once):
            return dict(one)
    return None


def is_for_customers(data: Mapping[str, Any]) -> bool:
    """Whether the issue is in a service project, where a comment by this interface is told to its customer."""
    project = record(record(data.get("fields")).get("project"))
    return text(project.get("projectTypeKey")) == SERVICE_DESK


def is_kept_for(comment: Mapping[str, Any], role: str) -> bool:
    """Whether only that project role reads the comment."""
    visibility = record(comment.get("visibility"))
    named = {text(visibility.get("value")), text(visibility.get("identifier"))}
    return text(visibility.get("type")) == "role" and role in named


def body(words: str, once: str, edition: Edition) -> Any:
    """A text with its mark as this edition takes it."""
    if edition is Edition.CLOUD:
        return to_document(marked(shortened(words), once))
    return marked(shortened(plain_wiki(words)), once)


def opening_text(words: str, edition: Edition) -> Any:
    """A description as this edition takes it."""
    return to_document(shortened(words)) if edition is Edition.CLOUD else shortened(plain_wiki(words))


def summary(title: str) -> str:
    """A title as Jira takes it: one line."""
    return cut(one_line(title), MAX_SUMMARY)


def transition_to(transitions: Sequence[Mapping[str, Any]], status: str) -> str | None:
    """The id of a transition that leads to the status, by Jira's own word in any case of letters; one without a screen
    is preferred, since a screen may ask for fields."""
    wanted = status.strip().casefold()
    leading = [one for one in transitions if text(record(one.get("to")).get("name")).casefold() == wanted]
    leading.sort(key=lambda one: one.get("hasScreen") is True)
    return next((text(one.get("id")) for one in leading if text(one.get("id"))), None)


def words_of(transitions: Sequence[Mapping[str, Any]]) -> str:
    """Where an issue can go, for people."""
    names = dict.fromkeys(text(record(one.get("to")).get("name")) for one in transitions)
    return ", ".join(name for name in names if name) or "none"


def names_in(entries: object) -> list[str]:
    """The names of a list of Jira's objects."""
    return [text(one.get("name")) for one in records(entries) if text(one.get("name"))]
