"""Pages by link: looking changes nothing, the button takes the page, and nobody else's token does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deployments.gateway.on_call.page_links import PageAnswers
from incidents.events import PageChange
from incidents.models import PageStatus
from incidents.rotas.page_desk import NoticeKind, PageWords
from incidents.rotas.page_links import link_token
from incidents.rotas.wakes import Wake
from incidents.store.database import Database
from incidents.store.roster.desk import StoredPageDesk
from tests.deployments.gateway.conftest import Clock, Sender
from tests.deployments.gateway.vendors import NOW

WORDS = PageWords(
    summary="Checkout <fails>",
    text="Who is hit: 12 & more",
    links='Run book: https://wiki.example/a?b=1&c="2"\nOdd <one>: javascript:alert(1)',
)
WAKES = [
    Wake(person=key, name=name, way=f"{key}-phone", wait=timedelta(minutes=2))
    for key, name in (("ana", "Ana Silva"), ("bo", "Bo Berg"))
]


@pytest.fixture
async def desk(database: Database) -> StoredPageDesk:
    desk = StoredPageDesk(database, "roster/main")
    await desk.open_page("p", target="payments", words=WORDS, wakes=WAKES, now=NOW)
    await desk.add_note("p", "12 <customers> wait", once="n", now=NOW)
    return desk


@pytest.fixture
async def notices(desk: StoredPageDesk) -> list[int]:
    """Ana's and Bo's."""
    found = []
    for minutes in (0, 3):
        (notice,) = await desk.lease_due(now=NOW + timedelta(minutes=minutes), lease=timedelta(seconds=60))
        await desk.notice_sent(notice, now=NOW)
        found.append(notice.id)
    return found


async def standing(desk: StoredPageDesk) -> tuple[PageStatus, str]:
    state = await desk.read("p")
    assert state is not None
    return state.status, state.changed_by


async def test_looking_changes_nothing(sender: Sender, key: str, desk: StoredPageDesk, notices: list[int]):
    """As often as scanners and previews like, by GET and by HEAD; what tickets say is shown and is no markup."""
    path = f"/pages/{link_token(key, notices[0], now=NOW)}"
    for method in ("GET", "HEAD", "GET"):
        answer = await sender.http.request(method, path)
        assert answer.status_code == 200
    assert "<h1>Checkout &lt;fails&gt;</h1>" in answer.text
    assert "Who is hit: 12 &amp; more" in answer.text
    assert "<li>12 &lt;customers&gt; wait</li>" in answer.text
    assert "<button>I have it (Ana Silva)</button></form>" in answer.text
    assert await standing(desk) == (PageStatus.TRIGGERED, "")
    assert await desk.acts_after(0) == []


async def test_no_script_no_cache_no_trace(sender: Sender, key: str, notices: list[int]):
    """The address is a secret: it is neither kept nor sent on, and the page runs and loads nothing."""
    answer = await sender.http.get(f"/pages/{link_token(key, notices[0], now=NOW)}")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert "<script" not in answer.text


async def test_its_links_are_pressed(sender: Sender, key: str, notices: list[int]):
    """Run book, board and room are a touch away, and nothing but the web's addresses is a link."""
    answer = await sender.http.get(f"/pages/{link_token(key, notices[0], now=NOW)}")
    assert '<a href="https://wiki.example/a?b=1&amp;c=&quot;2&quot;">Run book</a>' in answer.text
    assert "Odd &lt;one&gt;: javascript:alert(1)" in answer.text
    assert answer.text.count("<a ") == 1


async def test_what_wakes_somebody_stands_before_what_ends_it(sender: Sender, key: str, notices: list[int]):
    """Whoever is half awake presses the wrong one less often."""
    text = (await sender.http.get(f"/pages/{link_token(key, notices[0], now=NOW)}")).text
    order = [text.index(words) for words in ("I have it", "Escalate:", "It works again", "Not us")]
    assert order == sorted(order)


async def test_the_button(sender: Sender, key: str, desk: StoredPageDesk, notices: list[int]):
    """One press or two are one act; Bo reads that Ana has it, and may take it over."""
    anas, bos = (f"/pages/{link_token(key, notice, now=NOW)}" for notice in notices)
    for _ in range(2):
        answer = await sender.http.post(anas)
        assert answer.status_code == 200
        assert "You have it since" in answer.text
        assert answer.text.count("<button") == 3, "what is left: it works again, escalate, not us"
    assert await standing(desk) == (PageStatus.ACKNOWLEDGED, "Ana Silva")
    assert [act.actor for act in await desk.acts_after(0)] == ["Ana Silva"]
    shown = (await sender.http.get(bos)).text
    assert "Ana Silva has it since" in shown
    assert "I take it over (Bo Berg)" in shown
    await sender.http.post(bos)
    assert await standing(desk) == (PageStatus.ACKNOWLEDGED, "Bo Berg")


async def test_it_works_again(sender: Sender, key: str, desk: StoredPageDesk, notices: list[int]):
    """Bo, who was woken as well, ends what Ana has: one act, everybody is told, and no button is left."""
    anas, bos = (f"/pages/{link_token(key, notice, now=NOW)}" for notice in notices)
    await sender.http.post(anas)
    shown = (await sender.http.get(bos)).text
    address = shown.partition('action="')[2].partition('action="')[2].partition('"')[0]
    assert address.endswith("/over")
    assert (await sender.http.get(f"/pages/{address}")).status_code == 200
    assert await standing(desk) == (PageStatus.ACKNOWLEDGED, "Ana Silva"), (
        "looking changes nothing there either"
    )
    for _ in range(2):
        answer = await sender.http.post(f"/pages/{address}")
        assert (answer.status_code, "It is over since" in answer.text) == (200, True)
        assert "<button" not in answer.text
    assert await standing(desk) == (PageStatus.RESOLVED, "Bo Berg")
    acts = [(act.change, act.actor) for act in await desk.acts_after(0)]
    assert acts == [(PageChange.ACKNOWLEDGED, "Ana Silva"), (PageChange.RESOLVED, "Bo Berg")]
    told = await desk.lease_due(now=NOW, lease=timedelta(seconds=60))
    assert {(notice.person, notice.kind) for notice in told} == {
        ("ana", NoticeKind.OVER),
        ("bo", NoticeKind.OVER),
    }


async def test_a_page_that_is_over(sender: Sender, key: str, desk: StoredPageDesk, notices: list[int]):
    await desk.resolve("p", now=NOW)
    path = f"/pages/{link_token(key, notices[0], now=NOW)}"
    for answer in (await sender.http.get(path), await sender.http.post(path)):
        assert (answer.status_code, "It is over since" in answer.text) == (200, True)
        assert "<button" not in answer.text
    assert (await standing(desk))[0] is PageStatus.RESOLVED


async def test_too_old(sender: Sender, key: str, clock: Clock, desk: StoredPageDesk, notices: list[int]):
    path = f"/pages/{link_token(key, notices[0], now=NOW)}"
    clock.now = NOW + timedelta(hours=24)
    assert (await sender.http.post(path)).status_code == 410
    assert await standing(desk) == (PageStatus.TRIGGERED, "")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_token_of_ours(
    sender: Sender, key: str, desk: StoredPageDesk, notices: list[int], method: str
):
    """Another key's, another notice's or another day's signature, a page that is gone, and whatever else comes."""
    token = link_token(key, notices[0], now=NOW)
    notice, until, signature = token.split(".")
    wrong = [
        link_token("another key", notices[0], now=NOW),
        f"{notices[1]}.{until}.{signature}",
        f"{notice}.{int(until) + 1}.{signature}",
        f"{notice}.{until}.{signature[:-1]}",
        f"{notice}.{until}.{'A' * 43}",
        f"0{token}",
        f"{token}.",
        f"{token}/x",
        f"{token}%0a",
        link_token(key, 999_999, now=NOW),
        "",
        "..",
        "%00",
        "\u0664.1.x",
    ]
    for one in wrong:
        assert (await sender.http.request(method, f"/pages/{one}")).status_code == 404, one
    assert await standing(desk) == (PageStatus.TRIGGERED, "")


async def test_other_methods(sender: Sender, key: str, notices: list[int]):
    path = f"/pages/{link_token(key, notices[0], now=NOW)}"
    answer = await sender.http.put(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_not_us(sender: Sender, key: str, desk: StoredPageDesk, notices: list[int]):
    """With the reason, as data; the page rings on for the others, and the button is there again."""
    path = f"/pages/{link_token(key, notices[0], now=NOW)}"
    assert '<button class="quiet">Not us</button>' in (await sender.http.get(path)).text
    answer = await sender.http.post(f"{path}/not-us", content="why=the+%3Cindex%3E+is+down", headers=FORM)
    assert answer.status_code == 200
    assert "Told: it is not yours." in answer.text
    assert await standing(desk) == (PageStatus.TRIGGERED, "")
    (act,) = await desk.acts_after(0)
    assert (act.change, act.actor, act.text) == (PageChange.NOT_US, "Ana Silva", "the <index> is down")


@pytest.mark.parametrize(
    "body", [b"", b"why=", b"\xff\xfe=%", b"a=1&b=2&c=3&d=4&e=5&why=x", b"why=" + b"x" * 100_000]
)
async def test_a_form_that_is_none_of_ours(
    sender: Sender, key: str, desk: StoredPageDesk, notices: list[int], body: bytes
):
    """It is handed back all the same: what is unreadable is no reason, and nothing is kept of what is too long."""
    path = f"/pages/{link_token(key, notices[0], now=NOW)}/not-us"
    assert (await sender.http.post(path, content=body, headers=FORM)).status_code == 200
    (act,) = await desk.acts_after(0)
    assert (act.change, act.text) == (PageChange.NOT_US, "")


async def test_not_us_of_who_had_it(sender: Sender, key: str, desk: StoredPageDesk, notices: list[int]):
    """Nobody has it any more; whoever has taken it since keeps it."""
    anas, bos = (f"/pages/{link_token(key, notice, now=NOW)}" for notice in notices)
    await sender.http.post(anas)
    await sender.http.post(f"{anas}/not-us", content="why=no", headers=FORM)
    assert await standing(desk) == (PageStatus.TRIGGERED, "")
    await sender.http.post(bos)
    answer = await sender.http.post(f"{anas}/not-us", content="why=no", headers=FORM)
    assert "Told" not in answer.text
    assert "Nothing was done: it is not yours to hand back." in answer.text
    assert "Bo Berg has it since" in answer.text
    assert await standing(desk) == (PageStatus.ACKNOWLEDGED, "Bo Berg")
    assert [act.change for act in await desk.acts_after(0)] == [
        PageChange.ACKNOWLEDGED,
        PageChange.NOT_US,
        PageChange.ACKNOWLEDGED,
    ]


async def test_the_next_one_by_link(sender: Sender, key: str, desk: StoredPageDesk):
    """As the word by mail does; where nobody is left it says so, and changes nothing."""
    (notice,) = await desk.lease_due(now=NOW, lease=timedelta(seconds=60))
    await desk.notice_sent(notice, now=NOW)
    path = f"/pages/{link_token(key, notice.id, now=NOW)}/next"
    assert "Bo Berg is woken now." in (await sender.http.post(path)).text
    (bos,) = await desk.lease_due(now=NOW, lease=timedelta(seconds=60))
    await desk.notice_sent(bos, now=NOW)
    assert "nobody further" in (await sender.http.post(path)).text
    assert [act.change for act in await desk.acts_after(0)] == [PageChange.ESCALATED]


async def test_a_button_that_there_is_not(sender: Sender, key: str, desk: StoredPageDesk, notices: list[int]):
    answer = await sender.http.post(f"/pages/{link_token(key, notices[0], now=NOW)}/over/over")
    assert answer.status_code == 404
    assert await standing(desk) == (PageStatus.TRIGGERED, "")


async def test_whoever_is_woken_reads_it_in_the_teams_language(
    database: Database, key: str, desk: StoredPageDesk, notices: list[int]
):
    """The standing, the buttons and what they did, and the language that the page says it is in; back to English as
    soon as the policy is."""
    languages = ["de"]
    pages = PageAnswers(database, key, clock=lambda: NOW, language=lambda: languages[-1])
    token = link_token(key, notices[0], now=NOW)

    async def shown(path: str = "", method: str = "GET") -> str:
        return (await pages.answer(f"{token}{path}", method=method)).body.decode()

    page = await shown()
    assert '<html lang="de">' in page
    assert f"Noch von niemandem übernommen. Geweckt wird seit {NOW:%d.%m.%Y, %H:%M} Uhr UTC." in page
    for button in (
        "Ich übernehme (Ana Silva)",
        "Funktioniert wieder",
        "Nicht für uns",
        "Eskalieren: die",
    ):
        assert button in page
    assert "Auf der Liste dieser Alarmierung ist niemand weiter." in await shown("/next", "POST")
    assert (
        f"{(await pages.answer('1.2.3', method='GET')).body.decode()}".count("Diese Seite gibt es nicht") == 2
    )
    assert "Übernommen seit" in await shown("", "POST")
    languages.append("en")
    assert f"You have it since {NOW:%Y-%m-%d %H:%M} UTC, Ana Silva." in await shown()
