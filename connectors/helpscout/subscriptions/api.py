"""Help Scout's webhooks, listed and mended: https://developer.helpscout.com/mailbox-api/endpoints/webhooks/.

Who makes one chooses its secret, which need not be shown afterwards. One that is made sends at once, so it is made with
an event that tells nothing of conversations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from connectors.helpscout.api import HelpScoutApi
from connectors.helpscout.conversation.threads import id_from
from connectors.helpscout.settings import HelpScoutSettings
from connectors.kit.fields import any_text, items, record, text, whole
from connectors.kit.read_back import read_back
from incidents.errors import NotAllowed, NotFound, Refused, Unknown
from incidents.subscriptions import MadeSubscription, SecretMatch, WebhookSubscription

EVENTS = (
    "convo.agent.reply.created",
    "convo.assigned",
    "convo.created",
    "convo.customer.reply.created",
    "convo.deleted",
    "convo.merged",
    "convo.moved",
    "convo.note.created",
    "convo.status",
    "convo.tags",
)
"""What we need to be told of."""
OF_NOTHING = "tag.deleted"
_PATH = "v2/webhooks"
_LAST = re.compile(r"/v2/webhooks/([1-9][0-9]{0,17})$", re.ASCII)


class HelpScoutWebhooks:
    """Webhooks are signed with the first of the connection's secrets. All raise `incidents.errors`."""

    def __init__(self, api: HelpScoutApi, settings: HelpScoutSettings) -> None:
        self._api = api
        self._settings = settings

    async def rows(self) -> Sequence[WebhookSubscription]:
        """Every webhook of the account that our user is shown."""
        found = self._api.listed(_PATH, "webhooks", {})
        return [self._row(one) async for page in found for one in page.rows]

    async def make(self, address: str, title: str, scope: str) -> MadeSubscription:
        """One that tells nothing we need yet. A lost answer is `Unknown`: list again."""
        inboxes = _inboxes(scope.split(",")) or self._settings.inbox_ids
        body = self._body(address, [OF_NOTHING], title, inboxes)
        made = await self._api.send("POST", _PATH, body, is_repeatable=False)
        own_id = id_from(made.headers.get("resource-id"))
        if own_id is None and (found := _LAST.search(made.headers.get("location", "")[:300])):
            own_id = found[1]
        if own_id is None:
            raise Unknown("helpscout POST webhooks: no id in the answer")
        return MadeSubscription(id=own_id, secret=None)

    async def mend(self, id: str, address: str) -> None:
        """Let it send all we need to us, signed by our secret. `state` is what Help Scout's own client sends
        (helpscout-api-php, src/Webhooks/Webhook.php) and its documentation leaves out, so it is read back."""
        path = _one(id)
        before = record((await self._api.fetch(path)).data)
        told = [text(one) for one in items(before.get("events")) if text(one)]
        events = [one for one in told if [one] != told or one != OF_NOTHING]
        limited = _inboxes(items(before.get("mailboxIds")))
        inboxes = [*limited, *(one for one in self._settings.inbox_ids if one not in limited)]
        body = self._body(
            address,
            [*events, *(one for one in EVENTS if one not in events)],
            text(before.get("label")),
            # One for all inboxes stays so; one for some becomes one for all where all are ours.
            inboxes if limited and self._settings.inbox_ids else [],
        )
        await self._api.send("PUT", path, {**body, "state": "enabled"}, is_repeatable=True)
        await read_back(
            lambda: self._api.fetch(path),
            lambda answer: self._is_well(record(answer.data)),
            what=f"helpscout: webhook {id}",
            cure="enable it by hand: Manage, Apps, Webhooks",
        )

    async def remove(self, id: str) -> None:
        """One that is gone is no error."""
        with suppress(NotFound):
            await self._api.send("DELETE", _one(id), is_repeatable=True)

    def _is_well(self, webhook: Mapping[str, Any]) -> bool:
        row = self._row(webhook)
        return row.is_enabled and not row.lacks

    def _row(self, webhook: Mapping[str, Any]) -> WebhookSubscription:
        events = {text(one) for one in items(webhook.get("events"))}
        limited = _inboxes(items(webhook.get("mailboxIds")))
        lacks = [one for one in EVENTS if one not in events]
        if webhook.get("notification") is True:
            lacks.append("the conversation: it sends mere notifications")
        if text(webhook.get("payloadVersion")) not in ("V2", ""):
            lacks.append("the payload V2")
        if limited and not self._settings.inbox_ids:
            lacks.append("the other inboxes")
        lacks += [f"inbox {one}" for one in self._settings.inbox_ids if limited and one not in limited]
        return WebhookSubscription(
            id=any_text(webhook.get("id")),
            title=text(webhook.get("label")),
            address=text(webhook.get("url")),
            kinds=frozenset(events & set(EVENTS)),
            is_enabled=text(webhook.get("state")) == "enabled",
            disabled_because=text(webhook.get("state"))[:40] or "no state told",
            scope=",".join(str(one) for one in limited),
            lacks=tuple(lacks),
            secret=self._match(text(webhook.get("secret"))),
        )

    def _match(self, shown: str) -> SecretMatch:
        if not shown:
            return SecretMatch.UNKNOWN
        ours = [one.get_secret_value() for one in self._settings.signing_secrets]
        return SecretMatch.SAME if shown in ours else SecretMatch.DIFFERENT

    def _body(
        self, address: str, events: Sequence[str], label: str, inboxes: Sequence[int]
    ) -> dict[str, Any]:
        if not self._settings.signing_secrets:
            raise NotAllowed(
                "helpscout: no signing_secrets, so a webhook's words could not be proven; add one of your own, of 16 to"
                " 40 characters"
            )
        body: dict[str, Any] = {
            "url": address,
            "events": list(events),
            "notification": False,
            "payloadVersion": "V2",
            "secret": self._settings.signing_secrets[0].get_secret_value(),
        }
        if label:
            body["label"] = label
        # Left out, it is all of them.
        return {**body, "mailboxIds": list(inboxes)} if inboxes else body


def _one(id: str) -> str:
    if id_from(id) is None:
        raise Refused("helpscout: not the id of a webhook")
    return f"{_PATH}/{id}"


def _inboxes(values: Sequence[object]) -> list[int]:
    return [int(found) for one in values if (found := id_from(one)) is not None and whole(int(found))]
