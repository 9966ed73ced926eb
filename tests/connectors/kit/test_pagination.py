"""Lists in pages: each way to name the next one, its end, its cap, and addresses that lead elsewhere."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kit.answers import VendorAnswer
from connectors.kit.pagination import ByAddress, ByCursor, ByNumber, ByOffset, by_link, next_link, pages
from incidents.errors import Refused, Unreachable
from tests.connectors.kit.scripted_vendor import Vendor, http

BASE = "https://api.example/v1"


class Shelf:
    """Gives each page once and remembers what was asked."""

    def __init__(self, *given: Any) -> None:
        self.given = list(given)
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def read(self, path: str, params: dict[str, str]) -> Any:
        self.asked.append((path, params))
        return self.given[min(len(self.asked), len(self.given)) - 1]


async def taken(shelf: Shelf, by: Any, **how: Any) -> list[Any]:
    return [page async for page in pages(shelf.read, "/things", {"q": "x"}, by=by, **{"most": 10, **how})]


HAS_MORE = ByNumber(has_more=lambda page: page["more"])
CURSOR = ByCursor(cursor=lambda page: page["next"], only_first=frozenset({"q"}))
OFFSET = ByOffset(count=lambda page: len(page["items"]), has_more=lambda page: page["more"])
ADDRESS = ByAddress(address=lambda page: page["next"], base_url=BASE)


async def test_by_number():
    shelf = Shelf({"more": True}, {"more": True}, {"more": False})
    assert len(await taken(shelf, HAS_MORE)) == 3
    assert [params for _, params in shelf.asked] == [{"q": "x", "page": number} for number in "123"]


async def test_by_offset_goes_on_where_the_page_really_ended():
    """A vendor that caps a page below what was asked for says so nowhere; nothing is skipped."""
    shelf = Shelf({"items": "abc", "more": True}, {"items": "d", "more": True}, {"items": "e", "more": False})
    assert len(await taken(shelf, OFFSET)) == 3
    assert [params["offset"] for _, params in shelf.asked] == ["0", "3", "4"]


async def test_by_offset_an_empty_page_is_the_end_whatever_it_says():
    assert len(await taken(Shelf({"items": "", "more": True}), OFFSET)) == 1


async def test_by_cursor_some_parameters_are_for_the_first_page_only():
    shelf = Shelf({"next": "c1"}, {"next": "c2"}, {"next": ""})
    assert len(await taken(shelf, CURSOR)) == 3
    assert [params for _, params in shelf.asked] == [{"q": "x"}, {"cursor": "c1"}, {"cursor": "c2"}]


@pytest.mark.parametrize("by", [CURSOR, ADDRESS])
async def test_a_cursor_that_stands_still_ends_the_reading(by):
    shelf = Shelf({"next": "/v1/things?page=2"})
    with pytest.raises(Unreachable, match="does not move"):
        await taken(shelf, by)
    assert len(shelf.asked) == 2


async def test_a_list_without_end_is_given_up_and_not_taken_for_whole():
    shelf = Shelf({"more": True})
    with pytest.raises(Unreachable, match="after 10 pages"):
        await taken(shelf, HAS_MORE)
    assert len(shelf.asked) == 10


async def test_who_looks_only_near_the_beginning_may_stop_there():
    assert len(await taken(Shelf({"more": True}), HAS_MORE, most=4, stops_at_most=True)) == 4


async def test_a_list_that_ends_with_the_last_page_allowed_is_whole():
    assert len(await taken(Shelf({"more": True}, {"more": False}), HAS_MORE, most=2)) == 2


async def test_no_page_is_asked_for_that_nobody_takes():
    shelf = Shelf({"more": True})
    async for _ in pages(shelf.read, "/things", {}, by=HAS_MORE, most=10):
        break
    assert len(shelf.asked) == 1


# -- addresses out of an answer


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("https://api.example/v1/things?after=7", "/things?after=7"),
        ("https://API.example:443/v1/other/things?after=7#top", "/other/things?after=7"),
        ("/v1/things?after=7", "/things?after=7"),
        ("?after=7", "/things?after=7"),
        ("https://api.example/v1/things?f=1&f=2", "/things?f=1&f=2"),
        (" https://api.example/v1/things?a=%2F%20b ", "/things?a=%2F%20b"),
    ],
)
async def test_an_address_below_the_connections_own_is_followed(address, path):
    shelf = Shelf({"next": address}, {"next": ""})
    await taken(shelf, ADDRESS)
    assert shelf.asked[1] == (path, {})


ELSEWHERE = [
    "https://evil.example/v1/things",
    "http://api.example/v1/things",
    "https://api.example:8443/v1/things",
    "https://api.example.evil.example/v1/things",
    "https://user@api.example/v1/things",
    "https://api.example@evil.example/v1/things",
    "//evil.example/v1/things",
    "\\\\evil.example\\v1",
    "https://api.example/v2/things",
    "https://api.example/v10/things",
    "https://api.example/v1/../admin",
    "https://api.example/v1/%2e%2e/admin",
    "https://api.example/v1/..%5cadmin",
    "https://api.example/v1",
    "https://[api.example/v1/things",
    "https://api.example:x/v1/things",
    "file:///etc/passwd",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("address", ELSEWHERE)
async def test_an_address_elsewhere_is_refused_and_never_called(address):
    shelf = Shelf({"next": address})
    with pytest.raises(Refused, match="another address") as caught:
        await taken(shelf, ADDRESS)
    assert "evil" not in str(caught.value)
    assert len(shelf.asked) == 1


@given(st.text(max_size=60) | st.from_regex(r"(https?:)?[/\\]{0,3}[a-z.@:\[\]]{0,30}[/?#%.]{0,5}\w{0,5}"))
async def test_whatever_an_answer_names_our_credentials_stay_at_the_vendor(address):
    vendor = Vendor(lambda: httpx.Response(200, json={"next": address}))
    by: ByAddress[VendorAnswer] = ByAddress(address=lambda answer: answer.data["next"], base_url=BASE)
    async with http(vendor) as client:

        async def read(path: str, params: dict[str, str]) -> VendorAnswer:
            return await client.call("GET", path, params=params)

        try:
            async for _ in pages(read, "/things", {}, by=by, most=3, stops_at_most=True):
                pass
        except (Refused, Unreachable):
            pass
    for request in vendor.requests:
        assert (request.url.scheme, request.url.host, request.url.port) == ("https", "api.example", None)
        assert request.url.path.startswith("/v1/")


@pytest.mark.parametrize(
    ("header", "url"),
    [
        ('<https://api.example/v1/things?page=2>; rel="next"', "https://api.example/v1/things?page=2"),
        ('<https://a/1>; rel="prev", <https://a/3>; rel="next", <https://a/9>; rel="last"', "https://a/3"),
        ("<https://a/2>;rel=next", "https://a/2"),
        ('<https://a/2>; title="x"; rel="last next"', "https://a/2"),
        ('<https://a/2>; REL="Next"', "https://a/2"),
        ('<https://a/2?x=1,2>; rel="next"', "https://a/2?x=1,2"),
        ('<https://a/2>; rel="nextcloud"', ""),
        ('<https://a/2>; rel="prev"', ""),
        ("<<<<;rel=next", ""),
        ("", ""),
    ],
)
def test_the_next_page_in_a_link_header(header, url):
    answer = VendorAnswer(status=200, data=[], headers={"link": header} if header else {})
    assert next_link(answer) == url


async def test_a_list_by_link_header_over_http():
    """The page's own query replaces ours: what an address says is the whole of what is asked."""
    vendor = Vendor(
        httpx.Response(200, json=[1], headers={"Link": f'<{BASE}/things?page=2>; rel="next"'}),
        httpx.Response(200, json=[2]),
    )
    async with http(vendor) as client:

        async def read(path: str, params: dict[str, str]) -> VendorAnswer:
            return await client.call("GET", path, params=params)

        found = [page.data async for page in pages(read, "/things", {"q": "x"}, by=by_link(BASE), most=5)]
    assert found == [[1], [2]]
    assert [str(request.url) for request in vendor.requests] == [
        f"{BASE}/things?q=x",
        f"{BASE}/things?page=2",
    ]
