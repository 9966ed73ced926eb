"""Which webhooks an administrator of Jira Cloud made, and how ours is made and mended.

https://developer.atlassian.com/cloud/jira/platform/webhooks/ ("Registering a webhook using the Jira REST API"): only
such are signed with a secret; a secret is never shown (`isSigned` says whether there is one), and kept where a change
does not name one. At most 100 are active.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.kit.atlassian.site import AtlassianSettings, AtlassianSite, Edition
from connectors.kit.fields import items, record, records, text
from incidents.errors import NotAllowed, NotFound, Refused, Unknown
from incidents.subscriptions import MadeSubscription, SecretMatch, WebhookSubscription

PATH = "/rest/webhooks/1.0/webhook"
FILTER = "issue-related-events-section"
_ID = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


class JiraWebhooks:
    """`needed` are the events that we read; `jql` is what ours is limited to."""

    def __init__(
        self, site: AtlassianSite, settings: AtlassianSettings, *, needed: frozenset[str], jql: str
    ) -> None:
        self._site = site
        self._settings = settings
        self._needed = needed
        self._jql = jql

    async def rows(self) -> Sequence[WebhookSubscription]:
        """Every webhook of the site that an administrator made; those of apps are not among them."""
        return [self._row(one) for one in records(await self._site.entries(self._path()))]

    async def make(self, address: str, title: str, scope: str) -> MadeSubscription:
        """Make one that sends nothing yet. A lost answer is `Unknown`: list again."""
        body = self._body(title, address, scope or self._jql, self._needed) | {"enabled": False}
        made = record(await self._site.administer("POST", self._path(), body, is_repeatable=False))
        own_id = id_of(made)
        if own_id is None:
            raise Unknown(f"{self._site.vendor} POST webhook: no id in the answer")
        return MadeSubscription(id=own_id, secret=None)

    async def mend(self, id: str, address: str) -> None:
        """Switch it on, point it to us, give it our secret, and let it tell what we need beside what it tells."""
        path = self._path(id)
        seen = await self._site.record(path)
        events = self._needed | _events(seen)
        body = self._body(text(seen.get("name")), address, _jql(seen), events) | {"enabled": True}
        await self._site.administer("PUT", path, body, is_repeatable=True)

    async def remove(self, id: str) -> None:
        """One that is gone is no error."""
        with contextlib.suppress(NotFound):
            await self._site.administer("DELETE", self._path(id), is_repeatable=True)

    def _path(self, id: str | None = None) -> str:
        if id is not None and not _ID.fullmatch(id):
            raise Refused(f"{self._site.vendor}: not the id of a webhook")
        if self._site.edition is Edition.DATA_CENTER:
            raise NotAllowed(
                f"{self._site.vendor}: webhooks of Data Center are looked at by hand: Administration, System, WebHooks"
            )
        return PATH if id is None else f"{PATH}/{id}"

    def _body(self, name: str, address: str, jql: str, events: frozenset[str]) -> dict[str, Any]:
        if not self._settings.signing_secrets:
            raise Refused(
                f"{self._site.vendor}: signing_secrets is empty; choose a long random word for the webhook first"
            )
        return {
            "name": name,
            "url": address,
            "events": sorted(events),
            "filters": {FILTER: jql} if jql else {},
            "excludeBody": False,
            "secret": self._settings.signing_secrets[0].get_secret_value(),
        }

    def _row(self, webhook: Mapping[str, Any]) -> WebhookSubscription:
        told = _events(webhook)
        lacks = sorted(self._needed - told)
        if webhook.get("excludeBody") is True:
            lacks.append("what happened: it excludes the body")
        jql = _jql(webhook)
        return WebhookSubscription(
            id=id_of(webhook) or "",
            title=text(webhook.get("name")),
            address=text(webhook.get("url")),
            kinds=told,
            is_enabled=webhook.get("enabled") is True,
            disabled_because="disabled",
            # The filter that we give is our whole project: that is all we need.
            scope="" if jql == self._jql else jql,
            lacks=tuple(lacks),
            secret=SecretMatch.DIFFERENT if webhook.get("isSigned") is False else SecretMatch.UNKNOWN,
        )


def id_of(webhook: Mapping[str, Any]) -> str | None:
    """The number at the end of its address; None where there is none."""
    own_id = text(webhook.get("self")).rpartition("/")[2]
    return own_id if _ID.fullmatch(own_id) else None


def _events(webhook: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(text(one) for one in items(webhook.get("events")) if text(one))


def _jql(webhook: Mapping[str, Any]) -> str:
    return text(record(webhook.get("filters")).get(FILTER))
