"""What a repository's webhook tells: https://docs.github.com/en/webhooks/webhook-events-and-payloads (issues,
issue_comment).

The body alone is signed (`X-Hub-Signature-256`): neither a time nor the delivery's id, nor the header that names the
event. So what kind it is, is read from the body, and deliveries are told apart by their bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from connectors.github.mapping import is_issue
from connectors.github.settings import GitHubSettings
from connectors.kit.fields import a_record, record, text, utc_time
from connectors.kit.issue_numbers import key_from
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme, Verifier
from connectors.kit.webhooks.trial import is_trial, trial_webhook
from incidents.errors import NotAllowed, Unrecognised
from incidents.events import Event, Ignored, IssueEvent, Ping, TrialWebhook, Verified


class GitHubWebhook:
    """One connection's deliveries."""

    def __init__(self, connection: str, settings: GitHubSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._scheme = SignatureScheme(scheme=Scheme.GITHUB)
        self._verifier = Verifier(self._scheme, settings.secrets)

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        """The delivery, proven; raises `Forged`."""
        proof = self._verifier.verify(headers, body, now=now)
        identity = f"sha256:{hashlib.sha256(body).hexdigest()}"
        return Verified(headers=proof.headers, body=body, identity=identity)

    def events(self, verified: Verified) -> Sequence[Event]:
        """The issue that changed: it is read again. `Ignored` for pull requests, other repositories and other kinds.
        Raises `Unrecognised`."""
        data = a_record(parse_json(verified.body), "github: the body")
        if is_trial(data) or ("zen" in data and "hook_id" in data):
            return [Ping(connection=self._connection)]
        repository = text(record(data.get("repository")).get("full_name"))
        action, issue = text(data.get("action")), record(data.get("issue"))
        if not repository or not action:
            raise Unrecognised("github: a delivery without its repository or action")
        if repository.casefold() != self._settings.repository.casefold():
            return [Ignored(connection=self._connection, kind="of another repository")]
        if not issue:
            return [Ignored(connection=self._connection, kind=f"no issue: {action}"[:80])]
        if not is_issue(issue):
            return [Ignored(connection=self._connection, kind="of a pull request")]
        key = key_from(issue.get("number"))
        if key is None:
            raise Unrecognised("github: an issue without its number")
        at = utc_time(issue.get("updated_at"), of="github")
        return [IssueEvent(connection=self._connection, key=key, at=at)]

    def trial(self, now: datetime) -> TrialWebhook:
        """A test call as GitHub would send it. Raises `NotAllowed` where no secret is set."""
        if not self._settings.signing_secrets:
            raise NotAllowed(f"{self._connection} has no signing_secrets; add the webhook's")
        return trial_webhook(self._scheme, self._settings.secrets[0], now=now)
