"""Who is on call and how they are woken: the policy's people and rota, and the roster's block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import SecretStr, ValidationError

from blocks.mail import MailBlock
from blocks.roster import RosterBlock
from connectors.roster.answering.mailbox import ReplyMailbox
from connectors.roster.settings import RosterSettings
from deployments.commands.first_hour.answers import AnswerError, SetupAnswers
from deployments.commands.first_hour.mailbox import MailSender
from deployments.commands.first_hour.questions import (
    NamedPerson,
    SetupQuestion,
    people,
    people_of,
    secret,
    time_zone,
    zone_of_this_machine,
)
from deployments.commands.first_hour.vendors import Prepared

NAME = "roster/main"
ROTA = "on-call"


@dataclass(frozen=True, kw_only=True, slots=True)
class OnCall:
    """Who takes turns. `with_phone` are the keys of those who are woken by something else before mail."""

    people: Sequence[NamedPerson]
    with_phone: frozenset[str]
    zone: str
    first_hand_over: str


def ask_people(answers: SetupAnswers, *, now: datetime) -> tuple[OnCall, dict[str, SecretStr]]:
    """Who is on call, and the addresses of their phones by the names of the ways."""
    named = answers.ask(
        SetupQuestion(
            key="oncall.people",
            text="Who is on call, by commas: Ana Silva <ana@acme.example>, Bo Berg <bo@acme.example>",
            hint="These people are woken when customers cannot go on, and take turns, a week each. You alone will do.",
            read=people,
        )
    )
    found = people_of(named)
    zone = answers.ask(
        SetupQuestion(
            key="oncall.time_zone", text="Their time zone", default=zone_of_this_machine(), read=time_zone
        )
    )
    phones: dict[str, SecretStr] = {}
    for person in found:
        phone = answers.ask(
            SetupQuestion(
                key=f"oncall.{person.key}.phone",
                text=f"{person.name}'s phone, as an Apprise address; Enter for mail alone",
                hint="Mail wakes few people. The app ntfy on a phone does: choose a topic that nobody can guess, and"
                " write ntfys://ntfy.sh/TOPIC. More services: https://github.com/caronc/apprise/wiki",
                default="",
                is_secret=True,
                read=_way,
            )
        )
        if phone:
            phones[f"{person.key}-phone"] = SecretStr(phone)
    return (
        OnCall(
            people=found,
            with_phone=frozenset(name.removesuffix("-phone") for name in phones),
            zone=zone,
            first_hand_over=_last_monday(now, zone),
        ),
        phones,
    )


def roster(
    on_call: OnCall,
    phones: dict[str, SecretStr],
    sender: MailSender,
    *,
    gateway_url: str,
    mailbox: MailBlock | None,
) -> Prepared:
    """The roster's block. With a `mailbox` that has plus addressing, pages are answered by mail there."""
    ways = {f"{person.key}-mail": sender.way_to(person.address) for person in on_call.people} | phones
    replies = None
    if mailbox is not None and mailbox.plus_addressing:
        replies = ReplyMailbox(
            address=mailbox.address,
            user=mailbox.user,
            password=mailbox.password,
            imap_host=mailbox.imap_host,
            imap_port=mailbox.imap_port,
            imap_security=mailbox.imap_security,
            authority_pem=mailbox.authority_pem,
            plus_addressing=True,
        )
    try:
        block = RosterBlock(ways=ways, gateway_url=gateway_url, replies=replies)
    except ValidationError as error:
        said = "; ".join(one["msg"] for one in error.errors(include_url=False, include_input=False))
        raise AnswerError(f"the roster: {said}") from None
    return Prepared(name=NAME, block=block)


def _way(text: str) -> str:
    found = secret(text)
    try:
        RosterSettings(ways={"phone": SecretStr(found)})
    except ValidationError:
        raise ValueError(
            "Apprise understands no such address; write one such as ntfys://ntfy.sh/TOPIC"
        ) from None
    return found


def _last_monday(now: datetime, zone: str) -> str:
    """The hand-over before now, so that the first one named has it from the beginning."""
    here = now.astimezone(ZoneInfo(zone))
    monday = here - timedelta(days=here.weekday())
    if (here.weekday(), here.hour) < (0, 9):
        monday -= timedelta(days=7)
    return f"{monday:%Y-%m-%d} 09:00"
