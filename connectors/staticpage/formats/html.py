"""The page as HTML: no script, nothing loaded from anywhere, readable by eye and by ear, in the dark and on a phone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from zoneinfo import ZoneInfo

from connectors.staticpage.mapping import SERVICE_WORDS, STATE_WORDS, ServiceState, StatusView
from incidents.public_incident import PublicIncident, PublicUpdate

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #4c5561; --ground: #ffffff; --card: #f4f6f8; --line: #c9d0d8;
  --good: #0b6b3a; --watched: #1f5fa8; --partly: #8a4b00; --bad: #b3261e; --link: #0b57a4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebef; --soft: #b3bcc7; --ground: #14171b; --card: #1e2329;
  --line: #434b55; --good: #6fd69b; --watched: #8fc1ff; --partly: #ffbe73; --bad: #ff9d94; --link: #8fc1ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 1rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0.5rem 0; } h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; }
h3 { font-size: 1.05rem; margin: 0; } a { color: var(--link); }
.now { border: 2px solid currentColor; border-radius: 0.5rem; padding: 0.75rem 1rem; font-size: 1.15rem;
  font-weight: 600; margin: 0; }
.services { list-style: none; margin: 0; padding: 0; }
.services li { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.25rem 1rem; padding: 0.5rem 0;
  border-bottom: 1px solid var(--line); }
article { background: var(--card); border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.75rem 1rem;
  margin: 0.75rem 0; }
article p { margin: 0.25rem 0; } .updates { list-style: none; margin: 0.5rem 0 0; padding: 0; }
.updates li { border-top: 1px solid var(--line); padding: 0.5rem 0; }
.said { font-weight: 600; } .soft { color: var(--soft); font-size: 0.9rem; font-weight: 400; }
.working { color: var(--good); } .watched { color: var(--watched); } .partly_disrupted { color: var(--partly); }
.disrupted { color: var(--bad); } .services span + span { font-weight: 600; }
footer { margin: 2rem 0 1rem; border-top: 1px solid var(--line); }
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
"""What a browser may do for the page: show it, with the one style that is in it."""

FIRST_PAGE = "index.html"
HISTORY = "history.html"
FEED = "atom.xml"
JSON = "status.json"


def first_page(shown: StatusView) -> bytes:
    """index.html: how it stands, problems now, and those of the last days."""
    days = shown.settings.days
    past = _articles(shown.recent, shown) or f'<p class="soft">None in the last {days} days.</p>\n'
    older = f'<p><a href="{HISTORY}">All past problems</a></p>\n' if shown.past else ""
    body = (
        f'<p class="now {_worst(shown)}">{_text(shown.headline)}</p>\n'
        f"{_services(shown)}"
        f"{_section('Problems now', _articles(shown.opened, shown)) if shown.opened else ''}"
        f"{_section('Past problems', past + older)}"
    )
    return _document(shown, f"{shown.headline} – {shown.settings.title}", body)


def history_page(shown: StatusView) -> bytes:
    """history.html: everything that is over, the newest first."""
    body = (
        f'<p><a href="{FIRST_PAGE}">How it stands now</a></p>\n'
        f"{_section('Past problems', _articles(shown.past, shown) or '<p>None.</p>')}"
    )
    return _document(shown, f"Past problems – {shown.settings.title}", body)


def _document(shown: StatusView, title: str, body: str) -> bytes:
    settings = shown.settings
    changed_at = shown.changed_at
    last = f" Last change: {_time(changed_at, settings.time_zone)}." if changed_at is not None else ""
    document = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{_text(title)}</title>
<link rel="alternate" type="application/atom+xml" title="{_text(settings.title)}" href="{FEED}">
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>{_text(settings.title)}</h1>
</header>
<main>
{body}</main>
<footer>
<p class="soft">This page is written anew whenever something changes.{last}</p>
<p><a href="{FEED}">Follow it in a feed reader</a> · <a href="{JSON}">For programs</a></p>
</footer>
</body>
</html>
"""
    return document.encode()


def _section(title: str, body: str) -> str:
    name = title.lower().replace(" ", "-")
    return f'<section aria-labelledby="{name}">\n<h2 id="{name}">{title}</h2>\n{body}</section>\n'


def _services(shown: StatusView) -> str:
    if not shown.services:
        return ""
    lines = "".join(
        f'<li><span dir="auto">{_text(name)}</span> <span class="{state}">{SERVICE_WORDS[state]}</span></li>\n'
        for name, state in shown.services
    )
    return _section("Services", f'<ul class="services">\n{lines}</ul>\n')


def _articles(incidents: Sequence[PublicIncident], shown: StatusView) -> str:
    return "".join(_article(one, shown.settings.time_zone) for one in incidents)


def _article(one: PublicIncident, zone: str) -> str:
    name = f"incident-{one.id}"
    services = f"{_text(', '.join(one.services))} · " if one.services else ""
    until = f" until {_time(one.resolved_at, zone)}" if one.resolved_at is not None else ""
    updates = "".join(_update(said, zone) for said in reversed(one.updates))
    return (
        f'<article id="{name}" aria-labelledby="{name}-title">\n'
        f'<h3 id="{name}-title" dir="auto">{_text(one.title)}</h3>\n'
        f'<p class="soft">{services}{"from" if until else "since"} {_time(one.opened_at, zone)}{until}</p>\n'
        f'<ol class="updates" reversed>\n{updates}</ol>\n</article>\n'
    )


def _update(said: PublicUpdate, zone: str) -> str:
    paragraphs = "".join(
        f'<p dir="auto">{"<br>".join(_text(line) for line in part.splitlines())}</p>\n'
        for part in said.text.split("\n\n")
        if part.strip()
    )
    return (
        f'<li>\n<p class="said">{STATE_WORDS[said.state]} <span class="soft">{_time(said.at, zone)}</span></p>\n'
        f"{paragraphs}</li>\n"
    )


def _worst(shown: StatusView) -> str:
    states = {state for _, state in shown.services}
    worst = next((state for state in reversed(ServiceState) if state in states), ServiceState.WORKING)
    if worst is ServiceState.WORKING and shown.opened:
        return ServiceState.PARTLY_DISRUPTED.value
    return worst.value


def _time(at: datetime, zone: str) -> str:
    there = at.astimezone(ZoneInfo(zone))
    iso = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f'<time datetime="{iso}">{there.day} {there:%B %Y, %H:%M} {there:%Z}</time>'


def _text(text: str) -> str:
    return escape(text, quote=True)
