"""A headless Chromium that opens one page, lets its scripts run, and tells what came of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing but this machine can be reached, whatever a page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--virtual-time-budget=15000",
    "--dump-dom",
)
SECONDS = 60.0
TRIES = 3


@dataclass
class Rendered(HTMLParser):
    """The document after its scripts ran: its elements with their attributes, and what is read on it."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""
    title: str = ""
    _inside: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title" and not self.title:
            self.title = data
        elif self._inside not in ("script", "style"):
            self.text += data

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


async def render(chromium: Path, url: str, *, until: str, home: Path) -> Rendered:
    """The page, once it shows the text `until`; on a busy machine its own requests may outlast one visit."""
    seen = Rendered()
    for visit in range(TRIES):
        seen = Rendered()
        seen.feed(await _document(chromium, url, home / f"profile-{visit}"))
        if until in seen.text:
            return seen
    raise AssertionError(f"{url} does not show {until!r} but: {seen.text[-2000:]}")


async def _document(chromium: Path, url: str, profile: Path) -> str:
    browser = await asyncio.create_subprocess_exec(
        *(chromium, *FLAGS, f"--user-data-dir={profile}", url),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(SECONDS):
            return (await browser.communicate())[0].decode()
    finally:
        if browser.returncode is None:
            browser.kill()
            await browser.wait()
