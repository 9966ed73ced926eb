"""What Jira is documented to do, and what an honest client would get wrong about it."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from pydantic import SecretStr

from connectors.jira import Jira
from connectors.jira.fake.app import EMAIL, TOKEN
from connectors.jira.mapping import is_opened_with, transition_to
from connectors.kit.atlassian.documents import plain_wiki, text_of, to_document
from connectors.kit.atlassian.site import Edition
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.fakes.jira.site import ENGINEER, OWN_ID
from connectors.kit.marks import mark_of
from incidents.errors import Busy, Exposed, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.models import InternalText
from tests.connectors.jira.conftest import ADDRESS, JiraWorld, connect, settings

NOTE = InternalText("30 customers by now.")
ONCE = "INC-1/issue/1"
CLOUD = pytest.mark.parametrize("edition", [Edition.CLOUD], indirect=True)


class Answering(httpx.AsyncBaseTransport):
    """Answers everything with this."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer


@CLOUD
async def test_a_search_that_is_behind(world: JiraWorld, tracker: Jira) -> None:
    """What this process opened it finds at once; another one waits for `index_lag`, and opens no second one then."""
    world.site.search_lag = timedelta(seconds=90)
    key = await tracker.open_issue("t", NOTE, once=ONCE)
    assert await tracker.find_issue(ONCE) == key
    assert await tracker.open_issue("t", NOTE, once=ONCE) == key
    another = connect(world)
    assert await another.find_issue(ONCE) is None
    world.let_time_pass(another.index_lag)
    assert await another.find_issue(ONCE) == key
    assert len(world.titles()) == 1


@CLOUD
async def test_a_change_that_the_search_shows_late(world: JiraWorld, tracker: Jira, key: str) -> None:
    """It is found by its own time, whenever the search shows it."""
    world.let_time_pass(3600)
    world.site.search_lag = timedelta(seconds=60)
    since = world.now()
    world.move(key, "Done")
    assert [one async for one in tracker.changed_since(since)] == []
    world.let_time_pass(61)
    assert [one.key async for one in tracker.changed_since(since)] == [key]


@CLOUD
async def test_no_call_goes_to_the_search_that_is_gone(world: JiraWorld, tracker: Jira) -> None:
    """410 since 2025; the token of the next page takes its place."""
    called: list[str] = []

    class Noted(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            called.append(request.url.path)
            return await super().handle_async_request(request)

    noted = connect(world, Noted(world.fake.app))
    keys = [world.create_issue(str(number), "words") for number in range(250)]
    found = [one.key async for one in noted.changed_since(world.now() - timedelta(hours=1))]
    assert found == keys
    assert called == ["/rest/api/3/search/jql"] * 3


async def test_a_clone_is_not_ours(world: JiraWorld, tracker: Jira) -> None:
    """Who clones an issue copies its labels."""
    world.site.create(ENGINEER, "CLONE - t", "words", labels=(mark_of(ONCE),))
    assert await tracker.find_issue(ONCE) is None
    # Also where the search would give it all the same.
    fields = {"creator": {"accountId": ENGINEER, "key": ENGINEER}, "labels": [mark_of(ONCE)]}
    assert not is_opened_with({"fields": fields}, ONCE, OWN_ID)
    key = await tracker.open_issue("t", NOTE, once=ONCE)
    assert await tracker.find_issue(ONCE) == key


async def test_labels_that_a_rule_takes_away(world: JiraWorld, tracker: Jira) -> None:
    """Without its label an issue of ours would be opened again: it is told by its number, once."""
    world.site.loses_labels = True
    with pytest.raises(Refused, match="rules that take labels away"):
        await tracker.open_issue("t", NOTE, once=ONCE)


async def test_an_issue_that_was_moved(world: JiraWorld, tracker: Jira) -> None:
    """Its former key still leads to it; it is read and written there, and found by its label."""
    world.site.projects["OPS"] = "software"
    key = await tracker.open_issue("t", NOTE, once=ONCE)
    world.site.transfer(world.issue(key), ENGINEER, "OPS")
    assert (await tracker.read(key)).key == "OPS-1"
    assert await tracker.find_issue(ONCE) == "OPS-1"
    await tracker.comment(key, NOTE, once="c")
    assert await tracker.was_done(key, "c")


async def test_a_service_project_gets_no_comment(world: JiraWorld, tracker: Jira, key: str) -> None:
    """A comment by this interface is told to its customer: an issue that was moved there gets none."""
    world.site.transfer(world.issue(key), ENGINEER, "HELP")
    with pytest.raises(Refused, match="a service project, whose customers are told"):
        await tracker.comment(key, NOTE, once=ONCE)
    assert world.comments(key) == []
    with pytest.raises(Refused, match="a service project"):
        await connect(world, project="HELP").check()


async def test_a_comment_that_everybody_reads_is_taken_back(
    world: JiraWorld, tracker: Jira, key: str
) -> None:
    """The role was lost on the way: it is deleted at once, and whoever is told reads what to look at."""
    world.site.loses_roles = True
    with pytest.raises(Exposed, match="was taken back"):
        await tracker.comment(key, NOTE, once=ONCE)
    assert world.comments(key) == []
    world.site.rights.discard("DELETE_OWN_COMMENTS")
    with pytest.raises(Exposed, match="delete it by hand"):
        await tracker.comment(key, NOTE, once=ONCE)
    assert len(world.comments(key)) == 1
    assert not await tracker.was_done(key, ONCE)


async def test_a_status_that_no_transition_leads_to(world: JiraWorld, tracker: Jira, key: str) -> None:
    """Those that there are are named."""
    with pytest.raises(Refused, match="can move it to: Done, To Do, In Progress"):
        await tracker.transition(key, "Blocked", once="move")
    world.site.rights.discard("TRANSITION_ISSUES")
    with pytest.raises(Refused, match="can move it to: none"):
        await tracker.transition(key, "Done", once="move")


async def test_a_transition_that_asks_for_a_field(world: JiraWorld, tracker: Jira, key: str) -> None:
    """Where another one leads there without a screen it is taken; where none does, the field is named."""
    await tracker.transition(key, "done", once="move")
    with pytest.raises(Refused, match="refused for its resolution"):
        await tracker.transition(key, "Cancelled", once="move")
    assert (await tracker.read(key)).status == "Done"
    assert transition_to([{"id": "1", "to": {"name": "Done"}}], "Nowhere") is None


async def test_an_issue_of_an_archived_project(world: JiraWorld, tracker: Jira, key: str) -> None:
    """403 is that issue's, not the connection's: others go on."""
    world.issue(key).is_locked = True
    for call in (tracker.comment(key, NOTE, once=ONCE), tracker.transition(key, "Done", once="m")):
        with pytest.raises(Refused, match="whether the project is archived") as caught:
            await call
        assert not isinstance(caught.value, NotAllowed)
    await tracker.comment(world.create_issue("Another", "words"), NOTE, once=ONCE)


async def test_a_wrong_token_is_not_taken_for_the_public(world: JiraWorld, key: str) -> None:
    """Where a site lets the public read, nothing found, or "gone", would be believed."""
    world.fake.platform.is_public = True
    tracker = connect(world, api_token=SecretStr("a-token-that-was-revoked"))
    for call in (
        tracker.check(),
        tracker.find_issue(ONCE),
        tracker.was_done(key, ONCE),
        tracker.read("SHOP-99"),
        anext(tracker.changed_since(world.now() + timedelta(hours=1))),
        tracker.comment(key, NOTE, once=ONCE),
        tracker.open_issue("t", NOTE, once=ONCE),
    ):
        with pytest.raises(NotAllowed):
            await call
    assert len(world.titles()) == 1


async def test_a_token_that_ends_while_we_run(world: JiraWorld, tracker: Jira, key: str) -> None:
    """Who we are is known already; what is not found is not believed all the same."""
    await tracker.comment(key, NOTE, once=ONCE)
    world.fake.platform.is_public = world.fake.platform.is_expired = True
    for call in (tracker.find_issue("other"), tracker.read("SHOP-99"), tracker.comment(key, NOTE, once="2")):
        with pytest.raises(NotAllowed):
            await call


async def test_a_token_without_the_scope_to_write(world: JiraWorld, tracker: Jira, key: str) -> None:
    world.fake.platform.lacks_scope = True
    with pytest.raises(NotAllowed, match="lacks a scope"):
        await tracker.comment(key, NOTE, once=ONCE)


async def test_check_names_what_is_missing(world: JiraWorld) -> None:
    """Before the first incident."""
    assert "comments are read by the role 'Developers'" in await connect(world).check()
    assert "all who see the issue" in await connect(world, comments_for="").check()
    for change, match in (
        ({"project": "NOWHERE"}, "correct project"),
        ({"issue_type": "Incident"}, "correct issue_type; it has: Bug, Task"),
        ({"comments_for": "Nobodies"}, "correct comments_for"),
    ):
        with pytest.raises(LiaisonError, match=match):
            await connect(world, **change).check()
    world.site.rights -= {"ADD_COMMENTS", "DELETE_OWN_COMMENTS"}
    with pytest.raises(NotAllowed, match="may not 'Add Comments', 'Delete Own Comments' in SHOP"):
        await connect(world).check()
    world.site.rights.add("ADD_COMMENTS")
    assert await connect(world, comments_for="").check()


async def test_an_edition_that_is_named_wrong() -> None:
    """Calls, texts and people differ: the server says which it is."""
    world = JiraWorld(Edition.CLOUD)

    class Calling(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            request.headers["authorization"] = httpx.BasicAuth(EMAIL, TOKEN)._auth_header
            return await super().handle_async_request(request)

    tracker = connect(world, Calling(world.fake.app), edition="data_center", email="")
    with pytest.raises(Refused, match="says that it is 'Cloud'; correct edition"):
        await tracker.check()


async def test_a_field_that_the_project_has_not(world: JiraWorld) -> None:
    """Jira refuses the whole of it: the field is named, not Jira's words."""
    with pytest.raises(Refused, match="refused for its priority"):
        await connect(world, priority="Blocker").open_issue("t", NOTE, once=ONCE)
    assert world.titles() == []
    key = await connect(world, priority="High", labels=("from-liaison",)).open_issue("t", NOTE, once=ONCE)
    assert world.issue(key).priority == "High"
    assert world.issue(key).labels == [mark_of(ONCE), "from-liaison"]


async def test_half_an_hour_of_rate_limit(world: JiraWorld, tracker: Jira, key: str) -> None:
    """It is told as it is; nobody sleeps here."""
    world.faults.arm(FaultKind.RATE_LIMIT, seconds=1800, times=None)
    with pytest.raises(Busy) as caught:
        await tracker.read(key)
    assert caught.value.retry_after == 1800


async def test_the_limit_of_one_issue(world: JiraWorld, tracker: Jira, key: str) -> None:
    """So many writes to one issue in two seconds: what was refused was not done."""
    world.site.writes_per_issue = 2
    for number in range(2):
        await tracker.comment(key, NOTE, once=str(number))
    with pytest.raises(Busy) as caught:
        await tracker.comment(key, NOTE, once="3")
    assert caught.value.retry_after == 2
    world.let_time_pass(3)
    await tracker.comment(key, NOTE, once="3")
    assert len(world.comments(key)) == 3


async def test_a_limit_without_retry_after(world: JiraWorld, key: str) -> None:
    """Cloud says when it is over as a time without seconds."""
    headers = {"X-RateLimit-Reset": "2099-01-01T00:00Z", "RateLimit-Reason": "jira-burst-based"}
    tracker = connect(world, Answering(httpx.Response(429, headers=headers, json={})))
    with pytest.raises(Busy, match="jira-burst-based") as caught:
        await tracker.read(key)
    assert caught.value.retry_after == 3600
    tracker = connect(world, Answering(httpx.Response(429, headers={"X-RateLimit-Reset": "soon"}, json={})))
    with pytest.raises(Busy):
        await tracker.read(key)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html><body>Log in</body></html>", headers={"content-type": "text/html"}),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={}),
        httpx.Response(200, json={"key": "SHOP-1", "fields": None}),
        httpx.Response(200, json={"key": 7, "fields": {"updated": "yesterday"}}),
        httpx.Response(302, headers={"location": "https://id.atlassian.com/login"}),
    ],
    ids=["a login page", "a list", "nothing", "no fields", "another type", "a redirect"],
)
async def test_answers_that_are_none(world: JiraWorld, key: str, answer: httpx.Response) -> None:
    """An error of ours, whatever comes."""
    with pytest.raises(LiaisonError):
        await connect(world, Answering(answer)).read(key)


async def test_pages_without_end(world: JiraWorld) -> None:
    """A token that stands still ends the list with an error; an empty page ends it without."""
    page = {"issues": [], "nextPageToken": "same", "isLast": False, "startAt": 0, "total": 10**9}

    class Paging(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("/myself"):
                return httpx.Response(200, json={"accountId": OWN_ID, "key": OWN_ID})
            return httpx.Response(200, json=page)

    tracker = connect(world, Paging())
    if world.edition is Edition.CLOUD:
        with pytest.raises(Unreachable, match="does not move"):
            await tracker.find_issue(ONCE)
    else:
        assert await tracker.find_issue(ONCE) is None


async def test_an_answer_that_names_no_issue(world: JiraWorld) -> None:
    """It may have been opened."""

    class Nameless(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await super().handle_async_request(request)
            return httpx.Response(201, json={"id": "1"}) if request.method == "POST" else answer

    with pytest.raises(Unknown):
        await connect(world, Nameless(world.fake.app)).open_issue("t", NOTE, once=ONCE)


async def test_the_title_is_one_line_of_a_length_that_jira_takes(world: JiraWorld, tracker: Jira) -> None:
    """It would answer 400, and no issue would be opened; a text that is too long is cut, and keeps its mark."""
    key = await tracker.open_issue("long " * 100 + "\nline", InternalText("x" * 60_000), once=ONCE)
    title = (await tracker.read(key)).title
    assert len(title) <= 255
    assert "\n" not in title
    await tracker.comment(key, InternalText("y" * 60_000), once="c")
    assert await tracker.was_done(key, "c")


@pytest.mark.parametrize(
    "hostile",
    [
        "{code}x{code}",
        "[~admin]",
        "!http://evil.example/a.png!",
        "https://evil.example",
        "[here|https://x]",
        r"\{html}",
    ],
)
async def test_hostile_text_is_inert(world: JiraWorld, tracker: Jira, key: str, hostile: str) -> None:
    """Cloud keeps it word for word in a text node; wiki markup is escaped for Data Center."""
    await tracker.comment(key, InternalText(hostile), once=ONCE)
    (written,) = world.comments(key)
    if world.edition is Edition.CLOUD:
        assert written.startswith(hostile)
        assert {one["type"] for one in to_document(hostile)["content"][0]["content"]} == {"text"}
    else:
        assert re.search(r"(?<!\\)[{\[!]|://", written) is None
        plain = written.replace("&#92;", "\0").replace("\\", "").replace("\0", "\\").replace("\u2060", "")
        assert plain.startswith(hostile)
    assert plain_wiki("plain words: INC-42, 5 > 3, a@b, C#") == "plain words: INC-42, 5 > 3, a@b, C#"


def test_documents() -> None:
    """Words go in and come out; what people write in Jira's editor is read for its words, however deep."""
    words = "One\ntwo\n\n\n\nthree\n"
    assert text_of(to_document(words)) == words.strip()
    mention = {"type": "mention", "attrs": {"id": "1", "text": "@Grace"}}
    item = {"type": "listItem", "content": [{"type": "paragraph", "content": [mention]}]}
    card = {"type": "inlineCard", "attrs": {"url": "https://status.example"}}
    document = {"type": "doc", "content": [{"type": "bulletList", "content": [item]}, card, None, 7]}
    assert text_of(document).split() == ["@Grace", "https://status.example"]
    deep: dict[str, object] = {"type": "text", "text": "x"}
    for _ in range(5_000):
        deep = {"type": "panel", "content": [deep]}
    assert text_of(deep).strip() == ""
    assert text_of(7) == text_of(None) == ""


@pytest.mark.parametrize(
    "change",
    [
        {"base_url": "http://acme.atlassian.net"},
        {"project": "../admin"},
        {"base_url": "https://api.atlassian.com/ex/jira/1", "site_url": ""},
        {"webhook_login": "liaison:a-long-random-password"},
        {"signing_secrets": ["short"]},
        {"edition": "server"},
        {"base_url": "https://jira.acme.test"},
    ],
)
def test_a_setting_that_cannot_work_is_refused(change: dict[str, object]) -> None:
    """Before the first call, and without quoting the token."""
    with pytest.raises(ValueError, match=r".") as caught:
        settings(**change)
    assert "fake-jira-token" not in str(caught.value)


async def test_a_key_is_no_path(world: JiraWorld, tracker: Jira) -> None:
    for nonsense in ("SHOP-1/../../serverInfo", "shop-1", "SHOP-0", "SHOP-1?x=1", "SHOP", f"{ADDRESS}"):
        for call in (tracker.read(nonsense), tracker.transition(nonsense, "Done", once="m")):
            with pytest.raises(NotFound):
                await call
