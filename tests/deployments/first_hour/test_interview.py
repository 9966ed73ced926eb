"""From answers to a policy that loads, and connections with all that the policy wants of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from blocks.connect import settings_json
from deployments.commands.first_hour.answers import AnswerError, SetupAnswers, given_answers, read_answers
from deployments.commands.first_hour.interview import FirstSetup, Interview
from deployments.commands.first_hour.keys import askable
from deployments.commands.first_hour.looks import Look
from deployments.commands.first_hour.questions import SetupQuestion, slug
from deployments.commands.first_hour.vendors import Prepared
from incidents.errors import NotAllowed
from incidents.policy.file import parse_policy
from tests.deployments.first_hour.scripted import ScriptedTerminal

NOW = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
PASSWORD = "a-password-of-a-test"
MAILBOX = {
    "mail.address": "support@acme.example",
    "mail.password": PASSWORD,
    "services": "Checkout",
    "oncall.people": "Ana Silva <ana@acme.example>, Bo Berg <bo@acme.example>",
    "oncall.time_zone": "Europe/Berlin",
}
SMTP = {"smtp.address": "liaison@acme.example", "smtp.password": PASSWORD}
TOKEN = "a-token-of-a-test"
ZENDESK = {
    "helpdesk": "zendesk",
    "zendesk.subdomain": "acme",
    "zendesk.email": "l@acme.example",
    "zendesk.api_token": TOKEN,
}
ZAMMAD = {"helpdesk": "zammad", "zammad.base_url": "https://support.acme.example", "zammad.api_token": TOKEN}
RT = {
    "helpdesk": "rt",
    "requesttracker.base_url": "https://rt.acme.example",
    "requesttracker.user": "liaison",
    "requesttracker.password": TOKEN,
    "requesttracker.queues": "General, Billing",
}
REDMINE = {
    "helpdesk": "redmine",
    "redmine.base_url": "https://redmine.acme.example",
    "redmine.api_key": TOKEN,
    "redmine.project": "shop",
}
PAGERDUTY = {
    "oncall": "pagerduty",
    "pagerduty.api_token": TOKEN,
    "pagerduty.from_email": "liaison@acme.example",
    "pagerduty.routing_key": TOKEN,
}
SLACK = {
    "chat": "slack",
    "slack.bot_token": "xoxb-1",
    "slack.signing_secrets": "0123456789abcdef0123456789abcdef",
}
MATRIX = {
    "chat": "matrix",
    "matrix.base_url": "https://matrix.acme.example",
    "matrix.user_id": "@liaison:acme.example",
    "matrix.access_token": TOKEN,
    "matrix.device_id": "LIAISON",
    "matrix.invite": "@ana:acme.example, @bo:acme.example",
}
STATUSPAGE = {
    "page.folder": "Statuspage",
    "statuspage.page_id": "gytm4qzbx9t6",
    "statuspage.api_key": TOKEN,
}
PUBLIC = {"public_url": "https://liaison.acme.example"}
NO_MAILBOX = {key: value for key, value in MAILBOX.items() if not key.startswith("mail.")}


async def all_is_well(prepared: Prepared, keys: Sequence[str]) -> Sequence[str]:
    return [f"{prepared.name} answers {' '.join(keys)}".strip()]


class Asked(SetupAnswers):
    """Answers, and the keys that were asked for."""

    def __init__(self, given: Mapping[str, str]) -> None:
        super().__init__(given)
        self.keys: set[str] = set()

    def ask(self, question: SetupQuestion) -> str:
        self.keys.add(question.key)
        return super().ask(question)


def interview(folder: Path, answers: SetupAnswers, look: Look = all_is_well) -> Interview:
    return Interview(
        answers=answers,
        look=look,
        say=answers.terminal.say if answers.terminal is not None else lambda _: None,
        gateway_url="http://127.0.0.1:8400",
        prefect_ui="http://127.0.0.1:4200",
        beside=folder,
        now=NOW,
    )


async def held(folder: Path, given: Mapping[str, str]) -> FirstSetup:
    return await interview(folder, SetupAnswers(given)).hold()


def names(setup: FirstSetup) -> list[str]:
    return [one.name for one in setup.connections]


async def test_a_mailbox_alone(tmp_path: Path):
    """The policy loads, its remarks aside it says what was answered, and the people's ways are in the block."""
    setup = await held(tmp_path, MAILBOX)
    policy = parse_policy(setup.policy)
    assert names(setup) == ["mail/support", "roster/main", "staticpage/main"] == sorted(policy.connections())
    assert policy.services["checkout"].title == "Checkout"
    assert policy.validation.tickets == 3
    assert policy.ownership.default == "Ana Silva"
    assert policy.status_page_of("checkout") == "staticpage/main"
    rota = policy.roster().rotas["on-call"]
    assert (rota.zone.key, rota.layers[0].people, rota.then) == (
        "Europe/Berlin",
        ("ana", "bo"),
        ("ana", "bo"),
    )
    blocks = {one.name: json.loads(settings_json(one.block)) for one in setup.connections}
    assert blocks["mail/support"]["imap_host"] == "imap.acme.example"
    wanted = {way.name for person in policy.roster().people.values() for way in person.ways}
    assert wanted == set(blocks["roster/main"]["ways"]) == {"ana-mail", "bo-mail"}
    assert blocks["roster/main"]["gateway_url"] == "http://127.0.0.1:8400"
    assert blocks["roster/main"]["replies"] is None
    assert blocks["staticpage/main"]["folder"] == str(tmp_path / "status-page")


@pytest.mark.parametrize(
    ("given", "connections"),
    [
        (NO_MAILBOX | SMTP | ZENDESK, {"zendesk/support", "roster/main"}),
        (NO_MAILBOX | SMTP | ZAMMAD, {"zammad/support", "roster/main"}),
        (NO_MAILBOX | SMTP | RT, {"requesttracker/support", "roster/main"}),
        (NO_MAILBOX | SMTP | REDMINE, {"redmine/support", "roster/main"}),
        (
            ZENDESK | PAGERDUTY | SLACK | {"services": "Checkout"},
            {"zendesk/support", "pagerduty/main", "slack/main"},
        ),
        (MAILBOX | MATRIX, {"mail/support", "roster/main", "matrix/main"}),
        (MAILBOX | STATUSPAGE, {"mail/support", "roster/main", "statuspage/main"}),
        (
            MAILBOX
            | {
                "services": "Checkout, Search",
                "services.checkout.health": "http://127.0.0.1:9/health",
                "prometheus.url": "http://127.0.0.1:9090",
                "services.search.query": "avg(up) < 0.5",
            },
            {"mail/support", "roster/main", "http/checkout-health", "prometheus/main"},
        ),
    ],
)
async def test_with_vendors(tmp_path: Path, given: dict[str, str], connections: set[str]):
    """The policy names what is saved, and nothing else; no secret is in it."""
    asked = Asked({"page.folder": "none"} | given | PUBLIC)
    setup = await interview(tmp_path, asked).hold()
    assert asked.keys <= set(askable(given)), "else the same answers fail where all of it is kept"
    assert set(names(setup)) == parse_policy(setup.policy).connections() == connections
    for secret in (PASSWORD, TOKEN, given.get("slack.signing_secrets", PASSWORD)):
        assert secret not in setup.policy
        assert secret not in "".join(one.paste for one in setup.connections)


@pytest.mark.parametrize(("vendor", "given"), [("zammad", ZAMMAD), ("requesttracker", RT)])
async def test_a_secret_of_ours_is_told_with_where_it_goes(
    tmp_path: Path, vendor: str, given: dict[str, str]
):
    setup = await held(tmp_path, NO_MAILBOX | SMTP | given | PUBLIC)
    (desk,) = [one for one in setup.connections if one.name.startswith(vendor)]
    (secret,) = json.loads(settings_json(desk.block))["signing_secrets"]
    assert secret in desk.paste
    assert f"https://liaison.acme.example/hooks/{vendor}/support" in desk.paste
    assert secret not in setup.policy


async def test_a_probe_on_a_private_address_is_allowed_by_name(tmp_path: Path):
    """Whoever typed it means it."""
    setup = await held(tmp_path, MAILBOX | {"services.checkout.health": "http://127.0.0.1:9/health"})
    (probe,) = [one for one in setup.connections if one.name.startswith("http/")]
    assert json.loads(settings_json(probe.block))["allow_private"] == ["127.0.0.1:9"]


async def test_pages_are_answered_by_mail_where_the_mailbox_has_plus_addresses(tmp_path: Path):
    setup = await held(
        tmp_path, MAILBOX | {"mail.plus": "yes", "oncall.ana.phone": "ntfys://ntfy.example/guess"}
    )
    blocks = {one.name: json.loads(settings_json(one.block)) for one in setup.connections}
    assert blocks["mail/support"]["plus_addressing"] is True
    assert blocks["roster/main"]["replies"]["address"] == "support@acme.example"
    ways = parse_policy(setup.policy).roster().people["ana"].ways
    assert [way.name for way in ways] == ["ana-phone", "ana-mail"]
    assert "guess" not in setup.policy


@pytest.mark.parametrize(
    "title",
    ['"Quoted"', "a: b", "# no comment", "{{ 7 * 7 }}", "- x", "Kasse & Körbe", "注文", "it's", "yes", "\\"],
)
async def test_whatever_a_service_is_called_the_policy_loads(tmp_path: Path, title: str):
    setup = await held(tmp_path, MAILBOX | {"services": title})
    (service,) = parse_policy(setup.policy).services.values()
    assert service.title == title


@pytest.mark.parametrize("left_out", ["mail.address", "mail.password", "services", "oncall.people"])
async def test_what_is_missing_is_named(tmp_path: Path, left_out: str):
    given = {key: value for key, value in MAILBOX.items() if key != left_out}
    with pytest.raises(AnswerError, match=f"{left_out} has no answer") as refused:
        await held(tmp_path, given)
    # A secret on the command line is everybody's to read.
    assert ("--answer mail.password" in str(refused.value)) is False


async def test_a_misspelt_key_is_no_default(tmp_path: Path):
    with pytest.raises(AnswerError, match=r"nothing asks for 'report'.*did you mean 'reports'"):
        await held(tmp_path, MAILBOX | {"report": "1"})


async def test_what_cannot_be_used_is_told_with_where_it_stands(tmp_path: Path):
    with pytest.raises(AnswerError, match=r"mail.address \(--answer\): .*support@acme.example"):
        await held(tmp_path, MAILBOX | {"mail.address": "support"})


async def test_a_block_that_refuses_a_field_says_so_in_words(tmp_path: Path):
    """And never repeats what was typed: it may be a token."""
    with pytest.raises(AnswerError, match=r"zammad.base_url .*https.*write it like this") as refused:
        await held(tmp_path, NO_MAILBOX | SMTP | ZAMMAD | {"zammad.base_url": "http://support.acme.example"})
    assert TOKEN not in str(refused.value)


# At a terminal


async def test_a_tired_newcomer(tmp_path: Path):
    """Mistakes are told at once and asked again; a login that fails is asked again, with what was typed as default."""
    terminal = ScriptedTerminal(
        types={
            "The address that customers write to": ["support", "support@acme.example"],
            "The password": ["wrong", PASSWORD],
            "What do customers use": ["", "Checkout"],
            "Who is on call": ["ana", "Ana Silva <ana@acme.example>"],
        }
    )
    kept = tmp_path / "home" / "first-hour.json"
    looked: list[str] = []

    async def look(prepared: Prepared, keys: Sequence[str]) -> Sequence[str]:
        del keys
        password = json.loads(settings_json(prepared.block))["password"]
        looked.append(password)
        if password == "wrong":
            raise NotAllowed("imap does not let you in: check user and password")
        return ["all is well"]

    setup = await interview(tmp_path, SetupAnswers({}, terminal=terminal, kept=kept), look).hold()
    assert parse_policy(setup.policy)
    assert looked == ["wrong", PASSWORD]
    said = "\n".join(terminal.read)
    assert "That cannot be used: 'support' is no mail address" in said
    assert "That does not work: mail/support: imap does not let you in" in said
    remembered = kept.read_text()
    assert "support@acme.example" in remembered
    assert PASSWORD not in remembered
    assert "wrong" not in remembered
    assert kept.stat().st_mode & 0o077 == 0


async def test_a_second_try_need_not_begin_anew(tmp_path: Path):
    """Ctrl-C after some answers; next time they are the defaults, but for secrets."""
    kept = tmp_path / "first-hour.json"
    first = ScriptedTerminal(
        types={"address that customers": ["support@acme.example"], "Who logs in": ["someone"]}
    )

    def interrupted(text: str, *, default: str | None, is_secret: bool) -> str:
        if is_secret:
            raise KeyboardInterrupt
        return ScriptedTerminal.ask(first, text, default=default, is_secret=is_secret)

    first.ask = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        await interview(tmp_path, SetupAnswers({}, terminal=first, kept=kept)).hold()
    second = ScriptedTerminal(
        types={
            "The password": [PASSWORD],
            "What do customers": ["Checkout"],
            "Who is on": ["Ana <ana@acme.example>"],
        }
    )
    setup = await interview(tmp_path, SetupAnswers({}, terminal=second, kept=kept)).hold()
    mail = json.loads(settings_json(setup.connections[0].block))
    assert (mail["address"], mail["user"]) == ("support@acme.example", "someone")


@pytest.mark.parametrize(("word", "is_kept"), [("keep", True), ("stop", False)])
async def test_what_does_not_work_can_be_kept_or_be_the_end(tmp_path: Path, word: str, *, is_kept: bool):
    terminal = ScriptedTerminal(types={"keep it all the same": [word]})

    async def look(prepared: Prepared, keys: Sequence[str]) -> Sequence[str]:
        del prepared, keys
        raise NotAllowed("the server is away")

    answers = SetupAnswers(MAILBOX, terminal=terminal)
    if is_kept:
        assert "mail/support" in names(await interview(tmp_path, answers, look).hold())
    else:
        with pytest.raises(AnswerError, match="nothing was written"):
            await interview(tmp_path, answers, look).hold()


# A file of answers


def test_a_file_of_answers(tmp_path: Path):
    file = tmp_path / "answers.yaml"
    file.write_text(
        "mail: {address: support@acme.example, plus: true}\nservices: [Checkout, Search]\nreports: 1\n"
    )
    file.chmod(0o600)
    assert given_answers(["reports=2"], file) == {
        "mail.address": "support@acme.example",
        "mail.plus": "yes",
        "services": "Checkout, Search",
        "reports": "2",
    }


def test_a_file_that_others_can_read_is_refused(tmp_path: Path):
    file = tmp_path / "answers.yaml"
    file.write_text("reports: 1\n")
    file.chmod(0o644)
    with pytest.raises(AnswerError, match=f"chmod 600 {file}"):
        read_answers(file)


@pytest.mark.parametrize(
    ("text", "cure"), [("a: [", "answers.yaml:1"), ("- a", "must have keys"), ("a: 1\na: 2", "twice")]
)
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path, text: str, cure: str):
    file = tmp_path / "answers.yaml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(AnswerError, match=cure):
        read_answers(file)


def test_an_answer_without_a_key_is_told():
    with pytest.raises(AnswerError, match="helpdesk=mailbox"):
        given_answers(["mailbox"], None)


@pytest.mark.parametrize("name", ["123", "Null", "yes", "1e5", "0x1F", "2026-11-30", "~"])
async def test_names_that_yaml_reads_as_something_else(tmp_path: Path, name: str):
    """A service's and a person's: the policy loads, and calls them so."""
    given = MAILBOX | {"services": f"{name}, Checkout", "oncall.people": f"{name} <ana@acme.example>"}
    policy = parse_policy((await held(tmp_path, given)).policy)
    key = slug(name, otherwise="service-1")
    assert [(one, service.title) for one, service in policy.services.items()] == [
        (key, name),
        ("checkout", "Checkout"),
    ]
    assert [rule.service for rule in policy.routing] == [key, "checkout"]
    person = slug(name, otherwise="person-1")
    assert policy.roster().rotas["on-call"].layers[0].people == (person,)


@pytest.mark.parametrize(
    ("given", "is_askable"),
    [
        ({"services": "Checkout", "services.checkout.words": "basket"}, True),
        ({"services": "Checkout", "services.chekout.words": "basket"}, False),
        ({"services.checkout.words": "basket"}, True),
        ({"services.checkout.wrds": "basket"}, False),
        ({"oncall.people": "Ana Silva <ana@acme.example>", "oncall.ana.phone": "x"}, True),
        ({"oncall.people": "Ana Silva <ana@acme.example>", "oncall.bo.phone": "x"}, False),
        ({"mail.authority": "ca.pem", "smtp.user": "x"}, True),
        ({"fax": "x"}, False),
    ],
)
def test_what_could_be_asked(given: dict[str, str], is_askable: bool):
    assert (set(given) <= set(askable(given))) is is_askable
