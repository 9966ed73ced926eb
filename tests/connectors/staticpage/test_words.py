"""Whatever a text holds, on the page it is text: no element, no attribute, no character that a format cannot hold."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from connectors.staticpage import StaticPageSettings
from connectors.staticpage.formats.atom import feed
from connectors.staticpage.formats.html import first_page, history_page
from connectors.staticpage.mapping import StatusView, status_json, view
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicIncident, PublicState, PublicUpdate

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MARKUP = st.sampled_from(
    [
        "<script>",
        "</style>",
        "\"'><img src=x onerror=y>",
        "]]>",
        "&lt;",
        "\x00",
        "\u202e",
        "\ufffe",
        "\ud800",
        "\n\n",
    ]
)
WORDS = st.lists(st.one_of(MARKUP, st.text(max_size=20)), max_size=6).map("".join)


class Seen(HTMLParser):
    """Elements, and whatever could run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def _shape(page: bytes) -> tuple[list[str], list[str]]:
    seen = Seen()
    seen.feed(page.decode())
    seen.close()
    return seen.tags, [name for name, _ in seen.attributes]


def _incident(title: str, service: str, text: str, state: PublicState) -> PublicIncident:
    updates = [(PublicState.INVESTIGATING, "x"), (state, text)]
    return PublicIncident(
        id="7",
        title=PublicText(title),
        severity=Severity.HIGH,
        services=(service,),
        updates=tuple(
            PublicUpdate(id=str(n), state=one, text=PublicText(said), at=NOW + timedelta(minutes=n))
            for n, (one, said) in enumerate(updates)
        ),
    )


@given(title=WORDS, service=WORDS, text=WORDS, state=st.sampled_from(PublicState))
def test_words_stay_words(title: str, service: str, text: str, state: PublicState) -> None:
    settings = StaticPageSettings(folder="/s", title='<Acme> & "Co"')
    shown = view([_incident(title, service, text, state)], settings, now=NOW)
    for page in (first_page(shown), history_page(shown)):
        tags, attributes = _shape(page)
        assert {"script", "img", "iframe", "form", "object"}.isdisjoint(tags)
        assert tags.count("style") == 1
        assert not [name for name in attributes if name.startswith("on")]
        assert {"src", "style", "srcset", "action"}.isdisjoint(attributes)
        assert "\x00" not in page.decode()
        assert "\u202e" not in page.decode()
    (one,) = json.loads(status_json(shown))["incidents"]
    assert one["updates"][1]["text"] == shown_text(shown)
    ElementTree.fromstring(feed(shown, name="staticpage/main", owner="abc"))  # noqa: S314  # our own


def shown_text(shown: StatusView) -> str:
    return (*shown.opened, *shown.past)[0].updates[1].text


@given(text=WORDS)
def test_the_shape_is_the_same_whatever_is_said(text: str) -> None:
    """The same elements as for plain words, but for lines and paragraphs."""
    plain = [
        first_page(
            view(
                [_incident("T", "S", said, PublicState.INVESTIGATING)],
                StaticPageSettings(folder="/s"),
                now=NOW,
            )
        )
        for said in (text, "plain")
    ]
    said, expected = ([tag for tag in _shape(page)[0] if tag not in ("p", "br")] for page in plain)
    assert said == expected


def test_the_style_is_the_one_that_is_allowed() -> None:
    """The page's own policy names its style by digest; no other style and nothing else may be loaded."""
    page = first_page(view([], StaticPageSettings(folder="/s"), now=NOW)).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
