"""Lists that come in pages: how the next page is named, where the list ends, and how many pages are read at most.

What names the next page comes out of an answer, so it is hostile: a cursor that stands still ends in `Unreachable`,
and an address is followed only below the connection's own (same host, same path prefix). The size of one page is
bounded by `answer_body.MAX_ANSWER_BYTES`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote, urljoin, urlsplit

from connectors.kit.answers import VendorAnswer
from incidents.errors import Refused, Unreachable

AnyPage = TypeVar("AnyPage")
Read = Callable[[str, dict[str, str]], Awaitable[AnyPage]]
"""Reads one page: the path and its parameters. Raises `incidents.errors`."""

_LINK = re.compile(r"<(?P<url>[^<>]{1,4000})>(?P<params>[^<,]{0,1000})")
_IS_NEXT = re.compile(
    r""";\s{0,10}rel\s{0,10}=\s{0,10}(?:"(?:[^"]{0,200}\s)?next(?:\s[^"]{0,200})?"|next\b)""", re.I
)


@dataclass(frozen=True, slots=True)
class PageAsk:
    """One page: the path, and what is asked with it."""

    path: str
    params: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ByNumber(Generic[AnyPage]):
    """`page=1`, `page=2` ...; `has_more` says whether another one follows a page."""

    has_more: Callable[[AnyPage], bool]
    param: str = "page"
    first: int = 1

    def start(self, ask: PageAsk) -> PageAsk:
        """The first page."""
        return PageAsk(ask.path, {**ask.params, self.param: str(self.first)})

    def after(self, ask: PageAsk, page: AnyPage) -> PageAsk | None:
        """What follows a page; None at the end."""
        if not self.has_more(page):
            return None
        return PageAsk(ask.path, {**ask.params, self.param: str(int(ask.params[self.param]) + 1)})


@dataclass(frozen=True, kw_only=True, slots=True)
class ByOffset(Generic[AnyPage]):
    """`offset=0`, `offset=100` ...: by as many as came, since vendors give fewer than were asked for and do not say so.

    A page with nothing on it is the last one, whatever `has_more` says.
    """

    count: Callable[[AnyPage], int]
    has_more: Callable[[AnyPage], bool]
    param: str = "offset"

    def start(self, ask: PageAsk) -> PageAsk:
        """The first page."""
        return PageAsk(ask.path, {**ask.params, self.param: "0"})

    def after(self, ask: PageAsk, page: AnyPage) -> PageAsk | None:
        """What follows a page; None at the end."""
        count = self.count(page)
        if count <= 0 or not self.has_more(page):
            return None
        return PageAsk(ask.path, {**ask.params, self.param: str(int(ask.params[self.param]) + count)})


@dataclass(frozen=True, kw_only=True, slots=True)
class ByCursor(Generic[AnyPage]):
    """A word out of the page before; "" from `cursor` is the end.

    `only_first` names parameters that only the first page is asked with.
    """

    cursor: Callable[[AnyPage], str]
    param: str = "cursor"
    only_first: frozenset[str] = frozenset()

    def start(self, ask: PageAsk) -> PageAsk:
        """The first page."""
        return ask

    def after(self, ask: PageAsk, page: AnyPage) -> PageAsk | None:
        """What follows a page; None at the end."""
        cursor = self.cursor(page)
        if not cursor:
            return None
        kept = {name: value for name, value in ask.params.items() if name not in self.only_first}
        return PageAsk(ask.path, {**kept, self.param: cursor})


@dataclass(frozen=True, kw_only=True, slots=True)
class ByAddress(Generic[AnyPage]):
    """An address out of the page before: its `next_page`, `@odata.nextLink`; "" or null from `address` is the end.

    `base_url` is the connection's: where the address must be, and what is cut off it before it is called.
    """

    address: Callable[[AnyPage], str]
    base_url: str

    def start(self, ask: PageAsk) -> PageAsk:
        """The first page."""
        return ask

    def after(self, ask: PageAsk, page: AnyPage) -> PageAsk | None:
        """What follows a page; None at the end."""
        address = self.address(page)
        return _below(self.base_url, ask.path, address) if address else None


def by_link(base_url: str) -> ByAddress[VendorAnswer]:
    """The address with `rel="next"` in the `Link` header (RFC 8288): GitHub, GitLab, Okta."""
    return ByAddress(address=next_link, base_url=base_url)


Pagination = ByNumber[AnyPage] | ByOffset[AnyPage] | ByCursor[AnyPage] | ByAddress[AnyPage]


async def pages(
    read: Read[AnyPage],
    path: str,
    params: Mapping[str, str],
    *,
    by: Pagination[AnyPage],
    most: int,
    stops_at_most: bool = False,
) -> AsyncIterator[AnyPage]:
    """Page after page, `most` of them at most; none is asked for before the one before it was taken.

    A list that goes on after `most` pages raises `Unreachable`: half a list looks like a whole one. `stops_at_most` is
    for whoever looks only for what is near its beginning. Raises `Refused` for a next page at another address.
    """
    ask: PageAsk | None = by.start(PageAsk(path, dict(params)))
    for _ in range(most):
        if ask is None:
            return
        page = await read(ask.path, dict(ask.params))
        yield page
        following = by.after(ask, page)
        if following == ask:
            raise Unreachable(f"{path}: the next page is the same one: its cursor does not move")
        ask = following
    if ask is not None and not stops_at_most:
        raise Unreachable(f"{path}: the list goes on after {most} pages")


def next_link(answer: VendorAnswer) -> str:
    """The address of the next page out of an answer's `Link` header; "" where it names none."""
    header = answer.headers.get("link", "")[:20_000]
    found = (link["url"] for link in _LINK.finditer(header) if _IS_NEXT.search(link["params"]))
    return next(found, "")


def _below(base_url: str, path: str, address: str) -> PageAsk:
    """The address as a path of the connection with its parameters. Raises `Refused` where it leads elsewhere; its words
    are not quoted.
    """
    base = urlsplit(base_url)
    root = base.path.rstrip("/")
    try:
        target = urlsplit(urljoin(f"{base_url.rstrip('/')}/{path.lstrip('/')}", address.strip()))
        is_ours = (target.scheme, target.hostname, target.port or _PORTS.get(target.scheme)) == (
            base.scheme,
            base.hostname,
            base.port or _PORTS.get(base.scheme),
        )
    except ValueError:
        is_ours = False
    if not is_ours or target.username is not None or not _is_under(root, target.path):
        raise Refused(f"{path}: its next page is at another address than the connection's; not followed")
    # The parameters as they were written: some vendors say one of them twice.
    return PageAsk(
        target._replace(scheme="", netloc="", path=target.path[len(root) :], fragment="").geturl(), {}
    )


_PORTS = {"http": 80, "https": 443}


def _is_under(root: str, path: str) -> bool:
    """Whether the path is below the root, and stays there when somebody resolves its dots."""
    plain = unquote(path)
    # Some servers take a backslash for a slash.
    has_steps = "\\" in plain or any(part in (".", "..") for part in plain.split("/"))
    return path.startswith(f"{root}/") and not has_steps and plain.isprintable()
