"""A webhook that we send to our own gateway, signed as its vendor would, and a look whether it is in the inbox."""

from __future__ import annotations

import httpx

from deployments.commands.first_hour.trials.seen import Trial, TriedConnection, seen_within
from incidents.errors import NotAllowed, Refused, Unreachable
from incidents.ports import WebhookSource
from incidents.store.inbox.hearing import is_known
from incidents.subscriptions import TriedByWebhook

_PATIENCE = 20.0


async def post_to_ourselves(tried: TriedConnection) -> Trial:
    """By the public address where there is one, so that the proxy on the way is tried, too. Nothing comes of it."""
    connector = tried.connector
    if not isinstance(connector, TriedByWebhook) or not isinstance(connector, WebhookSource):
        return Trial(what="webhook", is_well=None, seen="not sent: its test call is not known here")
    try:
        call = connector.trial_webhook(now=tried.clock())
    except NotAllowed as error:
        return Trial(what="webhook", is_well=None, seen=f"not sent: {error}")
    url = f"{tried.wishes.public_url or tried.gateway_url}/hooks/{tried.name}"
    verified = connector.verify(call.headers, call.body, now=tried.clock())
    async with httpx.AsyncClient(timeout=_PATIENCE, trust_env=bool(tried.wishes.public_url)) as client:
        try:
            answer = await client.post(url, content=call.body, headers=list(call.headers))
        except httpx.HTTPError as error:
            raise Unreachable(
                f"{url} cannot be reached: {type(error).__name__}; is `liaison up` running?"
            ) from error
    if answer.status_code != httpx.codes.OK:
        raise Refused(f"{url} says {answer.status_code}: {answer.text.strip()[:200]}")

    async def is_heard() -> bool:
        async with tried.database.transaction() as tx:
            return await is_known(tx, tried.name, verified.identity)

    if not await seen_within(is_heard):
        raise Refused(f"{url} took it, and it is not in this store: does another installation listen there?")
    return Trial(
        what="webhook", is_well=True, seen=f"posted to {url} with a right signature; it is in the inbox"
    )
