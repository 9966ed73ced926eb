"""The page as a feed (RFC 4287): an entry a public incident, which changes with each update."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5
from xml.etree.ElementTree import Element, SubElement, tostring

from connectors.staticpage.formats.html import FEED
from connectors.staticpage.mapping import STATE_WORDS, StatusView
from incidents.public_incident import PublicIncident

_NAMESPACE = "http://www.w3.org/2005/Atom"
# A feed must say when it last changed (RFC 4287, 4.1.1), also before anything was ever said.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def feed(shown: StatusView, *, name: str, owner: str) -> bytes:
    """`name` is the connection's and `owner` the installation's id: together they make the ids that readers know
    entries by, wherever the page moves."""
    id_ = uuid5(NAMESPACE_URL, f"liaison:{owner}:{name}")
    root = Element("feed", xmlns=_NAMESPACE)
    _add(root, "title", shown.settings.title)
    _add(root, "id", id_.urn)
    _add(root, "updated", _time(shown.changed_at or _NEVER))
    _add(SubElement(root, "author"), "name", shown.settings.title)
    if shown.settings.address:
        SubElement(root, "link", rel="self", href=shown.settings.address + FEED)
        SubElement(root, "link", rel="alternate", href=shown.settings.address)
    for one in (*shown.opened, *shown.past):
        root.append(_entry(one, id_, shown.settings.address))
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode").encode() + b"\n"


def _entry(one: PublicIncident, feed_id: UUID, address: str) -> Element:
    entry = Element("entry")
    _add(entry, "title", f"{STATE_WORDS[one.state]}: {one.title}")
    _add(entry, "id", uuid5(feed_id, one.id).urn)
    _add(entry, "published", _time(one.opened_at))
    _add(entry, "updated", _time(one.changed_at))
    if address:
        SubElement(entry, "link", rel="alternate", href=f"{address}#incident-{one.id}")
    for service in one.services:
        SubElement(entry, "category", term=service)
    said = [
        f"{STATE_WORDS[update.state]}, {update.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC\n{update.text}"
        for update in reversed(one.updates)
    ]
    _add(entry, "content", "\n\n".join(said)).set("type", "text")
    return entry


def _add(parent: Element, tag: str, text: str) -> Element:
    child = SubElement(parent, tag)
    child.text = text
    return child


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
