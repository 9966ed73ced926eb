"""What each vendor's connection is asked for, how its webhooks are set up there, and the block made of the answers."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from prefect.blocks.core import Block
from pydantic import SecretStr, ValidationError

from blocks.catalogue import BLOCKS
from deployments.commands.first_hour.answers import AnswerError, SetupAnswers
from deployments.commands.first_hour.questions import SetupQuestion, secret

SIGNING = "signing_secrets"
_MADE_AT = "{title} sends its webhook to {address}. "
_BY_REPAIR = (
    "`liaison check --webhooks --repair --public-url {public}` makes it there, and keeps its secret here"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedField:
    """A field of the block that is asked for. `example` helps where the form alone says little."""

    field: str
    example: str = ""
    default: str | None = None
    is_listed: bool = False
    """Whether the field is a list, and the answer has commas."""


@dataclass(frozen=True, kw_only=True)
class VendorForm:
    """One vendor. `name` is the connection's. `paste` is what to do there, with {address}, {public} and {secret}.

    `signs`: webhooks are signed with a secret of "ours", made here and pasted there; or of "theirs", which the vendor
    shows once its webhook is made, and one that nobody knows holds its place until then; or not by us to arrange ("").
    """

    name: str
    title: str
    asked: Sequence[AskedField]
    fixed: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    signs: str = ""
    paste: str = ""

    @property
    def vendor(self) -> str:
        """The block's type."""
        return self.name.partition("/")[0]

    @property
    def document(self) -> str:
        """The name the block is saved under."""
        return self.name.partition("/")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A connection that is ready to be saved, and what is to be done at its vendor then (lines for people)."""

    name: str
    block: Block
    paste: str = ""


FORMS = {
    form.vendor: form
    for form in (
        VendorForm(
            name="zendesk/support",
            title="Zendesk",
            asked=(
                AskedField(field="subdomain", example="acme"),
                AskedField(field="email", example="liaison@acme.example"),
                AskedField(field="api_token"),
            ),
            signs="theirs",
            paste=_MADE_AT
            + _BY_REPAIR
            + " (the token must be an administrator's). By hand: Admin Center, Apps and"
            " integrations, Webhooks, Create webhook; then put its signing secret into the block.",
        ),
        VendorForm(
            name="zammad/support",
            title="Zammad",
            asked=(
                AskedField(field="base_url", example="https://support.acme.example"),
                AskedField(field="api_token"),
            ),
            signs="ours",
            paste=_MADE_AT
            + _BY_REPAIR
            + ". By hand: Settings, Webhook, New Webhook; HMAC SHA1 signature token: {secret};"
            " then the two triggers of connectors/zammad/README.md.",
        ),
        VendorForm(
            name="requesttracker/support",
            title="Request Tracker",
            asked=(
                AskedField(field="base_url", example="https://rt.acme.example"),
                AskedField(field="user", example="liaison"),
                AskedField(field="password"),
                AskedField(field="queues", example="General, Billing", default="", is_listed=True),
            ),
            signs="ours",
            paste="These two lines go into RT_SiteConfig.pm, and the scrip into RT (connectors/requesttracker,"
            " step 3):\nSet($LiaisonURL,    '{address}');\nSet($LiaisonSecret, '{secret}');",
        ),
        VendorForm(
            name="redmine/support",
            title="Redmine",
            asked=(
                AskedField(field="base_url", example="https://redmine.acme.example"),
                AskedField(field="api_key"),
                AskedField(field="project", example="shop"),
            ),
            fixed={"serves": "customers"},
            paste="Nothing to paste: Redmine is polled every five minutes.",
        ),
        VendorForm(
            name="pagerduty/main",
            title="PagerDuty",
            asked=(
                AskedField(field="api_token"),
                AskedField(field="from_email", example="liaison@acme.example"),
                AskedField(field="routing_key"),
                AskedField(
                    field="api_url",
                    default="https://api.pagerduty.com",
                    example="https://api.eu.pagerduty.com in the EU region",
                ),
                AskedField(
                    field="events_url",
                    default="https://events.pagerduty.com",
                    example="https://events.eu.pagerduty.com in the EU region",
                ),
            ),
            signs="theirs",
            paste=_MADE_AT
            + _BY_REPAIR
            + ". By hand: Integrations, Generic Webhooks (v3), New Webhook, all incident.*"
            " events; then put its signing secret into the block.",
        ),
        VendorForm(
            name="slack/main",
            title="Slack",
            asked=(AskedField(field="bot_token", example="xoxb-..."), AskedField(field=SIGNING)),
            paste="{address} is the app's request URL, three times in the manifest of connectors/slack/README.md; then"
            " press Retry beside it.",
        ),
        VendorForm(
            name="matrix/main",
            title="Matrix",
            asked=(
                AskedField(field="base_url", example="https://matrix.acme.example"),
                AskedField(field="user_id", example="@liaison:acme.example"),
                AskedField(field="access_token"),
                AskedField(field="device_id", example="LIAISON"),
                AskedField(field="invite", example="@ana:acme.example, @bo:acme.example", is_listed=True),
            ),
            paste="Nothing to paste: Liaison listens to the homeserver.",
        ),
        VendorForm(
            name="statuspage/main",
            title="Statuspage",
            asked=(AskedField(field="page_id", example="gytm4qzbx9t6"), AskedField(field="api_key")),
            paste="Nothing to paste: a service is shown by the component that has its title; for others name the"
            " components' ids in the block (connectors/statuspage/README.md).",
        ),
    )
}
"""By the vendor's name."""


def ask_vendor(form: VendorForm, answers: SetupAnswers, *, public: str) -> Prepared:
    """Ask for all of a form and make the block. `public` is the gateway's address as the vendor reaches it.

    Raises `AnswerError` where the answers do not go together.
    """
    kind = BLOCKS[form.vendor]
    values: dict[str, object] = dict(form.fixed)
    for one in form.asked:
        text = answers.ask(_question(form, kind, one))
        if text or one.default is None:
            values[one.field] = _value(kind, one, text)
    made = _signing_secret()
    if form.signs:
        values[SIGNING] = [SecretStr(made)]
    try:
        block = kind.model_validate(values)
    except ValidationError as error:
        raise AnswerError(f"{form.title}: {'; '.join(_told(error))}") from None
    address = f"{public}/hooks/{form.name}"
    paste = form.paste.format(address=address, title=form.title, public=public, secret=made)
    return Prepared(name=form.name, block=block, paste=paste)


def _question(form: VendorForm, kind: type[Block], one: AskedField) -> SetupQuestion:
    about = kind.model_fields[one.field]
    text = str(about.description or one.field).rstrip(".")
    return SetupQuestion(
        key=f"{form.vendor}.{one.field}",
        text=f"{form.title}: {text}" + (f" [{one.example}]" if one.example else ""),
        default=one.default,
        is_secret="SecretStr" in str(about.annotation),
        read=_reader(kind, one),
    )


def _reader(kind: type[Block], one: AskedField) -> Callable[[str], str]:
    """What the block itself says of this field alone."""

    def read(text: str) -> str:
        found = secret(text)
        try:
            kind.model_validate({one.field: _value(kind, one, found)})
        except ValidationError as error:
            wrong = [line for loc, line in _lines(error) if loc[:1] == (one.field,)]
            if wrong:
                example = f"; write it like this: {one.example}" if one.example else ""
                raise ValueError(f"{'; '.join(wrong)}{example}") from None
        return found

    return read


def _value(kind: type[Block], one: AskedField, text: str) -> Any:
    """Blocks keep lists where a vendor lets two secrets stand beside each other."""
    if "list" not in str(kind.model_fields[one.field].annotation):
        return text
    return [part.strip() for part in text.split(",") if part.strip()] if one.is_listed else [text]


def _told(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, loc))}: {line}" if loc else line for loc, line in _lines(error)]


def _lines(error: ValidationError) -> list[tuple[tuple[int | str, ...], str]]:
    """Without the input, which may be a secret."""
    return [
        (one["loc"], one["msg"].removeprefix("Value error, ").rstrip("."))
        for one in error.errors(include_url=False, include_input=False)
    ]


def _signing_secret() -> str:
    """A Standard Webhooks secret, which every one of our vendors takes as a text."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()
