"""Remedies over plain HTTP: one POST starts a run, GETs follow it to its end."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import httpx

from connectors.http.action.reports import RunReport, Unreadable, report
from connectors.http.action.signed_posts import IDEMPOTENCY_KEY, SignedPosts, header_safe
from connectors.http.settings import WebhookAction
from connectors.http.urls import filled, local_path, path
from connectors.kit.auth.ways import BearerToken
from connectors.kit.http import VendorHttp
from connectors.kit.webhooks.signatures import usable_secret
from incidents.actions import ActionRun, ActionState
from incidents.errors import Refused, Unknown, Unreachable


class Actions:
    """The action side of one connection. This folder's README has the table of answers."""

    def __init__(self, name: str, action: WebhookAction, transport: httpx.AsyncBaseTransport) -> None:
        self._name = name
        self._action = action
        # The words that mean themselves, unless the operator says otherwise.
        self._states = {state.value: state for state in ActionState} | action.status_map
        headers = {key: value.get_secret_value() for key, value in action.headers.items()}
        if action.bearer_token is not None:
            headers |= BearerToken(action.bearer_token).headers()
        secret = action.signing_secret
        parts = urlsplit(action.url)
        self._http = VendorHttp(
            vendor=name,
            base_url=f"{parts.scheme}://{parts.netloc}",
            headers=headers,
            sign=SignedPosts(usable_secret(secret)) if secret is not None else None,
            transport=transport,
        )

    async def run(self, action: str, arguments: Mapping[str, str], *, once: str) -> ActionRun:
        """Start it; a lost or senseless answer is `Unknown`: the remedy may be at work."""
        url = filled(self._action.url, "{action}", action)
        answer = await self._http.call(
            "POST",
            path(url),
            json={"action": action, "arguments": dict(arguments), "idempotency_key": once},
            headers={IDEMPOTENCY_KEY: header_safe(once)},
            is_repeatable=self._action.honours_idempotency_key,
        )
        try:
            said = report(answer, self._states)
        except Unreadable as error:
            raise Unknown(f"{self._name} POST: HTTP {answer.status}, but {error}") from error
        run_id = self._run_id(said, url)
        if said.state in (ActionState.SUCCEEDED, ActionState.FAILED):
            return ActionRun(id=run_id or once, state=said.state, detail=said.detail)
        if run_id is not None:
            return ActionRun(id=run_id, state=ActionState.RUNNING, detail=said.detail)
        if said.state is ActionState.RUNNING or self._action.status_url is not None:
            raise Unknown(f"{self._name} POST: started, but the answer names no run that can be followed")
        return ActionRun(id=once, state=ActionState.SUCCEEDED, detail=said.detail)

    async def follow(self, run_id: str) -> ActionRun:
        """How the run stands. `run_id` is what `run` returned."""
        template = self._action.status_url
        if template is not None:
            reference = filled(template, "{run_id}", run_id)
        elif run_id.startswith("/"):
            reference = run_id
        else:
            raise Refused(f"{self._name}: this run cannot be followed; set status_url")
        answer = await self._http.call("GET", path(urljoin(self._action.url, reference)))
        try:
            said = report(answer, self._states)
        except Unreadable as error:
            raise Unreachable(f"{self._name} GET: HTTP {answer.status}, but {error}") from error
        if said.state is None and answer.status != httpx.codes.ACCEPTED:
            raise Unreachable(f"{self._name} GET: HTTP {answer.status} without a status")
        return ActionRun(id=run_id, state=said.state or ActionState.RUNNING, detail=said.detail)

    def _run_id(self, said: RunReport, url: str) -> str | None:
        """What `follow` will need: the run's id for the template, else the path of its status address.

        An address on another host is not followed: our credentials would travel there.
        """
        if self._action.status_url is not None:
            return said.id
        return local_path(url, said.reference) if said.reference is not None else None

    async def aclose(self) -> None:
        await self._http.aclose()
