"""slack_sdk talks to the fake Slack: the calls that a support or incident tool makes, one a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    DividerBlock,
    HeaderBlock,
    InputBlock,
    PlainTextInputElement,
    SectionBlock,
)
from slack_sdk.models.metadata import Metadata
from slack_sdk.models.views import View
from slack_sdk.webhook import WebhookClient

from connectors.slack.fake.app import TOKEN, FakeSlack
from tests.connectors.served import served
from tests.connectors.slack.official_workspace import Workspace, opened_workspace

TRIGGER = "13345224609.738474920.8088930838d88f008e0"


@pytest.fixture
def slack() -> Iterator[Workspace]:
    with opened_workspace() as workspace:
        yield workspace


def _listed(s: Workspace) -> bool:
    for number in range(25):
        s.client.conversations_create(name=f"team-{number}")
    pages = s.client.conversations_list(limit=10, types=["public_channel", "private_channel"])
    names = [channel["name"] for page in pages for channel in page["channels"]]
    return len(names) == len(set(names)) == 26


def _history(s: Workspace) -> bool:
    for number in range(15):
        s.post(f"update {number}")
    pages = s.client.conversations_history(channel=s.room, limit=4)
    return sum(len(page["messages"]) for page in pages) == 16


def _between(s: Workspace) -> bool:
    last = s.post("later")
    found = s.client.conversations_history(channel=s.room, oldest=s.first, latest=last, inclusive=True)
    alone = s.client.conversations_history(channel=s.room, oldest=s.first)
    return (len(found["messages"]), len(alone["messages"])) == (2, 1)


def _private(s: Workspace) -> bool:
    made = s.client.conversations_create(name="inc-8", is_private=True)["channel"]
    open_ones = s.client.conversations_list(types="public_channel")["channels"]
    return made["is_private"] is True and made["id"] not in [one["id"] for one in open_ones]


def _threads(s: Workspace) -> bool:
    s.post("rolling back", thread_ts=s.first)
    replies = s.client.conversations_replies(channel=s.room, ts=s.first)["messages"]
    return [one["text"] for one in replies] == ["Checkout is down", "rolling back"] and s.texts() == [
        "Checkout is down"
    ]


def _invited(s: Workspace) -> bool:
    s.client.conversations_invite(channel=s.room, users=["U0ANNA", "U0BORIS"])
    s.client.conversations_kick(channel=s.room, user="U0BORIS")
    return set(s.client.conversations_members(channel=s.room)["members"]) == {"U0ANNA", "U0LIAISON"}


def _archived(s: Workspace) -> bool:
    s.client.conversations_archive(channel=s.room)
    rest = s.client.conversations_list(exclude_archived=True)["channels"]
    s.client.conversations_unarchive(channel=s.room)
    return rest == [] and len(s.client.conversations_list()["channels"]) == 1


def _joined(s: Workspace) -> bool:
    other = s.fake.workspace.add_channel("general")
    s.client.conversations_join(channel=other.id)
    s.client.conversations_leave(channel=other.id)
    return s.client.conversations_info(channel=other.id)["channel"]["is_member"] is False


def _direct(s: Workspace) -> bool:
    channel = s.client.conversations_open(users=["U0ANNA"])["channel"]["id"]
    s.client.chat_postMessage(channel="U0ANNA", text="for you")
    found = s.client.conversations_history(channel=channel)["messages"]
    return [one["text"] for one in found] == ["for you"] and s.client.conversations_close(channel=channel)[
        "ok"
    ] is True


def _blocks(s: Workspace) -> bool:
    blocks = [
        HeaderBlock(text="INC-7"),
        SectionBlock(text="*Checkout* is down", fields=["a", "b"]),
        DividerBlock(),
        ActionsBlock(elements=[ButtonElement(text="Ack", action_id="ack", value="INC-7")]),
    ]
    ts = s.post("fallback", blocks=blocks)
    message = s.fake.messages(s.room)[-1]
    return message["ts"] == ts and [block["type"] for block in message["blocks"]] == [
        "header",
        "section",
        "divider",
        "actions",
    ]


def _metadata(s: Workspace) -> bool:
    s.post("marked", metadata=Metadata(event_type="liaison", event_payload={"once": "p:1"}))
    found = s.client.conversations_history(channel=s.room, include_all_metadata=True)["messages"][0]
    return found["metadata"]["event_payload"] == {"once": "p:1"}


def _edited(s: Workspace) -> bool:
    s.client.chat_update(channel=s.room, ts=s.first, text="Checkout works")
    return s.texts() == ["Checkout works"]


def _deleted(s: Workspace) -> bool:
    s.client.chat_delete(channel=s.room, ts=s.first)
    return s.texts() == []


def _whispered(s: Workspace) -> bool:
    s.client.conversations_invite(channel=s.room, users="U0ANNA")
    s.client.chat_postEphemeral(channel=s.room, user="U0ANNA", text="only you")
    return s.fake.chat.ephemeral[0]["text"] == "only you" and "only you" not in s.texts()


def _scheduled(s: Workspace) -> bool:
    at = int(s.fake.workspace.now()) + 3600
    later = s.client.chat_scheduleMessage(channel=s.room, post_at=at, text="still down?")
    waiting = s.client.chat_scheduledMessages_list(channel=s.room)["scheduled_messages"]
    s.client.chat_deleteScheduledMessage(channel=s.room, scheduled_message_id=later["scheduled_message_id"])
    return len(waiting) == 1 and s.client.chat_scheduledMessages_list()["scheduled_messages"] == []


def _unfurled(s: Workspace) -> bool:
    s.client.chat_unfurl(channel=s.room, ts=s.first, unfurls={"https://desk.example/7": {"text": "ZD-7"}})
    return s.fake.messages(s.room)[0]["attachments"][0]["text"] == "ZD-7"


def _reacted(s: Workspace) -> bool:
    s.client.reactions_add(channel=s.room, timestamp=s.first, name="eyes")
    found = s.client.reactions_get(channel=s.room, timestamp=s.first)["message"]["reactions"]
    s.client.reactions_remove(channel=s.room, timestamp=s.first, name="eyes")
    return found[0]["name"] == "eyes" and s.client.reactions_list()["items"] == []


def _pinned(s: Workspace) -> bool:
    s.client.pins_add(channel=s.room, timestamp=s.first)
    pinned = s.client.pins_list(channel=s.room)["items"]
    s.client.pins_remove(channel=s.room, timestamp=s.first)
    return pinned[0]["message"]["ts"] == s.first and s.client.pins_list(channel=s.room)["items"] == []


def _bookmarked(s: Workspace) -> bool:
    made = s.client.bookmarks_add(
        channel_id=s.room, title="Story", type="link", link="https://prefect.example/7"
    )
    own = made["bookmark"]["id"]
    s.client.bookmarks_edit(bookmark_id=own, channel_id=s.room, title="The story")
    found = s.client.bookmarks_list(channel_id=s.room)["bookmarks"]
    s.client.bookmarks_remove(bookmark_id=own, channel_id=s.room)
    return found[0]["title"] == "The story" and s.client.bookmarks_list(channel_id=s.room)["bookmarks"] == []


def _uploaded(s: Workspace) -> bool:
    made = s.client.files_upload_v2(
        channel=s.room, filename="log.txt", content="boom", initial_comment="see there"
    )
    file = made["file"]["id"]
    return s.fake.files.contents[file] == b"boom" and s.texts()[0] == "see there"


def _file(s: Workspace) -> bool:
    made = s.client.files_upload_v2(filename="log.txt", content="boom", title="Log")
    shown = s.client.files_info(file=made["file"]["id"])["file"]
    s.client.files_delete(file=shown["id"])
    return shown["title"] == "Log" and s.client.files_list()["files"] == []


def _modal(title: str) -> View:
    label = InputBlock(label="Why", element=PlainTextInputElement(action_id="why"), block_id="why")
    return View(type="modal", title=title, submit="Send", callback_id="resolve", blocks=[label])


def _viewed(s: Workspace) -> bool:
    opened = s.client.views_open(trigger_id=TRIGGER, view=_modal("Resolve"))["view"]
    pushed = s.client.views_push(trigger_id=TRIGGER + "1", view=_modal("More"))["view"]
    changed = s.client.views_update(view_id=opened["id"], view=_modal("Resolve it"))["view"]
    return pushed["root_view_id"] == opened["id"] and changed["title"]["text"] == "Resolve it"


def _home(s: Workspace) -> bool:
    view = View(type="home", blocks=[SectionBlock(text="Nothing is on fire")])
    return s.client.views_publish(user_id="U0ANNA", view=view)["view"]["type"] == "home"


def _people(s: Workspace) -> bool:
    pages = s.client.users_list(limit=1)
    return [user["name"] for page in pages for user in page["members"]] == ["anna", "boris", "liaison"]


def _group(s: Workspace) -> bool:
    made = s.client.usergroups_create(name="On call")["usergroup"]["id"]
    s.client.usergroups_users_update(usergroup=made, users=["U0ANNA"])
    members = s.client.usergroups_users_list(usergroup=made)["users"]
    s.client.usergroups_disable(usergroup=made)
    return members == ["U0ANNA"] and s.client.usergroups_list()["usergroups"] == []


def _hooked(s: Workspace) -> bool:
    hook = WebhookClient(s.address + s.fake.add_hook(s.room))
    answer = hook.send(text="by webhook", blocks=[SectionBlock(text="*x*")])
    return (answer.status_code, answer.body) == (200, "ok") and s.texts()[0] == "by webhook"


CALLS: list[tuple[str, Callable[[Workspace], object]]] = [
    ("api.test", lambda s: s.client.api_test(foo="bar")["args"] == {"foo": "bar"}),
    ("auth.test", lambda s: s.client.auth_test()["user_id"] == "U0LIAISON"),
    ("bots.info", lambda s: s.client.bots_info(bot="B0LIAISON")["bot"]["name"] == "liaison"),
    ("team.info", lambda s: s.client.team_info()["team"]["name"] == "Fake Inc"),
    ("emoji.list", lambda s: s.client.emoji_list()["emoji"] == {}),
    # Channels
    (
        "conversations.create",
        lambda s: s.client.conversations_create(name="inc-8")["channel"]["name"] == "inc-8",
    ),
    ("conversations.create private", _private),
    ("conversations.list over pages", _listed),
    (
        "conversations.info",
        lambda s: s.client.conversations_info(channel=s.room)["channel"]["name"] == "inc-7",
    ),
    ("conversations.history over pages", _history),
    ("conversations.history between times", _between),
    ("conversations.replies", _threads),
    ("conversations.invite, kick, members", _invited),
    ("conversations.join, leave", _joined),
    ("conversations.open, close", _direct),
    ("conversations.archive, unarchive", _archived),
    (
        "conversations.rename",
        lambda s: (
            s.client.conversations_rename(channel=s.room, name="inc-7-old")["channel"]["name"] == "inc-7-old"
        ),
    ),
    (
        "conversations.setTopic",
        lambda s: (
            s.client.conversations_setTopic(channel=s.room, topic="t")["channel"]["topic"]["value"] == "t"
        ),
    ),
    (
        "conversations.setPurpose",
        lambda s: s.client.conversations_setPurpose(channel=s.room, purpose="p")["purpose"] == "p",
    ),
    ("conversations.mark", lambda s: s.client.conversations_mark(channel=s.room, ts=s.first)["ok"]),
    ("users.conversations", lambda s: len(s.client.users_conversations()["channels"]) == 1),
    # Messages
    ("chat.postMessage", lambda s: s.post("hello") and s.texts()[0] == "hello"),
    (
        "chat.postMessage by name",
        lambda s: s.client.chat_postMessage(channel="#inc-7", text="x")["channel"] == s.room,
    ),
    ("chat.postMessage with blocks", _blocks),
    ("chat.postMessage with metadata", _metadata),
    (
        "chat.postMessage with attachments",
        lambda s: s.client.chat_postMessage(
            channel=s.room, attachments=[{"text": "a", "fallback": "a"}], text=""
        )["ok"],
    ),
    ("chat.update", _edited),
    ("chat.delete", _deleted),
    ("chat.postEphemeral", _whispered),
    ("chat.meMessage", lambda s: s.client.chat_meMessage(channel=s.room, text="shrugs")["ts"]),
    (
        "chat.getPermalink",
        lambda s: s.room in s.client.chat_getPermalink(channel=s.room, message_ts=s.first)["permalink"],
    ),
    ("chat.scheduleMessage", _scheduled),
    ("chat.unfurl", _unfurled),
    ("reactions", _reacted),
    ("pins", _pinned),
    ("bookmarks", _bookmarked),
    ("files.upload_v2", _uploaded),
    ("files.info, list, delete", _file),
    ("incoming webhook", _hooked),
    # Views
    ("views.open, push, update", _viewed),
    ("views.publish", _home),
    # People
    ("users.list", _people),
    ("users.info", lambda s: s.client.users_info(user="U0ANNA")["user"]["name"] == "anna"),
    (
        "users.lookupByEmail",
        lambda s: s.client.users_lookupByEmail(email="boris@example.com")["user"]["id"] == "U0BORIS",
    ),
    (
        "users.profile.get",
        lambda s: s.client.users_profile_get(user="U0ANNA")["profile"]["real_name"] == "Anna",
    ),
    ("users.getPresence", lambda s: s.client.users_getPresence(user="U0ANNA")["presence"] == "active"),
    (
        "users.setPresence",
        lambda s: (
            s.client.users_setPresence(presence="away")
            and s.client.users_getPresence(user="U0LIAISON")["presence"] == "away"
        ),
    ),
    ("dnd.info", lambda s: s.client.dnd_info(user="U0ANNA")["dnd_enabled"] is False),
    ("dnd.teamInfo", lambda s: set(s.client.dnd_teamInfo(users=["U0ANNA"])["users"]) == {"U0ANNA"}),
    ("usergroups", _group),
    (
        "usergroups.update",
        lambda s: (
            s.client.usergroups_update(
                usergroup=s.client.usergroups_create(name="A")["usergroup"]["id"], name="B"
            )["usergroup"]["name"]
            == "B"
        ),
    ),
    (
        "a JSON body",
        lambda s: s.client.api_call("chat.postMessage", json={"channel": s.room, "text": "j"})["ok"],
    ),
]


@pytest.mark.parametrize(("name", "call"), CALLS, ids=[name for name, _ in CALLS])
def test_call(slack: Workspace, name: str, call: Callable[[Workspace], object]) -> None:
    """It is answered, does what it says, and is there when read back."""
    assert call(slack)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda s: s.client.conversations_create(name="inc-7"), "name_taken"),
        (lambda s: s.client.conversations_create(name="Not So"), "invalid_name_specials"),
        (lambda s: s.client.conversations_info(channel="C0NONE"), "channel_not_found"),
        (lambda s: s.client.conversations_history(channel=s.room, limit=5000), "invalid_limit"),
        (lambda s: s.client.conversations_kick(channel=s.room, user="U0ANNA"), "not_in_channel"),
        (lambda s: s.client.chat_update(channel=s.room, ts="1.2", text="x"), "message_not_found"),
        (lambda s: s.client.chat_postMessage(channel=s.room, text="x", blocks="[{"), "invalid_blocks_format"),
        (
            lambda s: s.client.chat_postMessage(channel=s.room, text="x", blocks=[{"type": "x"}]),
            "invalid_blocks",
        ),
        (lambda s: s.client.chat_scheduleMessage(channel=s.room, post_at=1, text="x"), "time_in_past"),
        (lambda s: s.client.views_open(trigger_id="soon", view=_modal("x")), "invalid_trigger_id"),
        (lambda s: s.client.users_lookupByEmail(email="nobody@example.com"), "users_not_found"),
        (lambda s: s.client.search_messages(query="down"), "not_allowed_token_type"),
        (
            lambda s: s.client.calls_add(external_unique_id="1", join_url="https://a.example"),
            "unknown_method",
        ),
        (lambda s: WebClient("xoxb-wrong", base_url=s.client.base_url).auth_test(), "invalid_auth"),
    ],
)
def test_refusal_in_the_vendors_form(
    slack: Workspace, call: Callable[[Workspace], object], error: str
) -> None:
    """HTTP 200 and `"ok": false` with Slack's own word, which the client raises."""
    with pytest.raises(SlackApiError) as refused:
        call(slack)
    assert refused.value.response["error"] == error


def test_too_fast_is_429_with_a_wait() -> None:
    """One message a second and channel, as the client's own handler for rate limits expects it."""
    with served(FakeSlack(burst=1).app) as address:
        client = WebClient(TOKEN, base_url=f"{address}/api/")
        room = client.conversations_create(name="inc-7")["channel"]["id"]
        client.chat_postMessage(channel=room, text="one")
        with pytest.raises(SlackApiError) as refused:
            client.chat_postMessage(channel=room, text="two")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "1"
