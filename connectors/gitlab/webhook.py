"""What a project's webhook tells: https://docs.gitlab.com/user/project/integrations/webhook_events/ (issues, comments).

From GitLab 19 on it can be signed (Standard Webhooks); before, it only shows a secret token, and neither body nor
headers are proven. What changed is read again in both cases.
https://gitlab.com/gitlab-org/gitlab/-/merge_requests/230944
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from connectors.gitlab.mapping import event_time
from connectors.gitlab.settings import GitLabSettings
from connectors.kit.fields import a_record, record, text
from connectors.kit.issue_numbers import key_from
from connectors.kit.strict_json import parse_json
from connectors.kit.webhooks.schemes import Scheme, SignatureScheme, Verifier
from connectors.kit.webhooks.signatures import one_header
from connectors.kit.webhooks.trial import is_trial, trial_webhook
from incidents.errors import NotAllowed, Unrecognised
from incidents.events import Event, Ignored, IssueEvent, Ping, TrialWebhook, Verified

SIGNED = SignatureScheme(scheme=Scheme.STANDARD_WEBHOOKS)
SHOWN = SignatureScheme(scheme=Scheme.TOKEN)
SIGNATURE = "webhook-signature"
ISSUES = frozenset({"issue", "work_item"})


class GitLabWebhook:
    """One connection's deliveries."""

    def __init__(self, connection: str, settings: GitLabSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._signed = Verifier(SIGNED, settings.signing_tokens)
        self._shown = Verifier(SHOWN, settings.secret_tokens)

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        """The delivery, proven; raises `Forged`.

        Where signing tokens are set, a delivery with a signature stands or falls by it, and one without is taken by a
        secret token only while such a one is set, too.
        """
        has_signature = any(name.lower() == SIGNATURE for name, _ in headers)
        if self._settings.signing_tokens and (has_signature or not self._settings.secret_tokens):
            proof = self._signed.verify(headers, body, now=now)
            return Verified(headers=proof.headers, body=body, identity=f"webhook-id:{proof.id}")
        self._shown.verify(headers, body, now=now)
        return Verified(headers=(), body=body, identity=_told_apart(headers, body))

    def events(self, verified: Verified) -> Sequence[Event]:
        """The issue that changed: it is read again. `Ignored` for other projects and other kinds. Raises
        `Unrecognised`."""
        data = a_record(parse_json(verified.body), "gitlab: the body")
        if is_trial(data):
            return [Ping(connection=self._connection)]
        kind, project = text(data.get("object_kind")), record(data.get("project"))
        path = text(project.get("path_with_namespace"))
        if not kind or not path:
            raise Unrecognised("gitlab: a delivery without its object_kind or project")
        if path.casefold() != self._settings.project.casefold():
            return [Ignored(connection=self._connection, kind="of another project")]
        told = record(data.get("object_attributes"))
        if kind == "note":
            if told.get("system") is True:
                return [Ignored(connection=self._connection, kind="note of a change")]
            about = text(told.get("noteable_type"))
            if about not in ("Issue", "WorkItem"):
                return [Ignored(connection=self._connection, kind=f"note on {about}"[:80])]
            issue = record(data.get("issue")) or record(data.get("work_item"))
        elif kind in ISSUES:
            issue = told
        else:
            return [Ignored(connection=self._connection, kind=kind[:80])]
        key = key_from(issue.get("iid"))
        if key is None:
            raise Unrecognised("gitlab: an issue without its iid")
        return [IssueEvent(connection=self._connection, key=key, at=event_time(told.get("updated_at")))]

    def trial(self, now: datetime) -> TrialWebhook:
        """A test call as GitLab would send it. Raises `NotAllowed` where no secret is set."""
        if self._settings.signing_tokens:
            return trial_webhook(SIGNED, self._settings.signing_tokens[0], now=now)
        if not self._settings.secret_tokens:
            raise NotAllowed(f"{self._connection} has no signing_secrets; add the webhook's")
        return trial_webhook(SHOWN, self._settings.secret_tokens[0], now=now)


def _told_apart(headers: Sequence[tuple[str, str]], body: bytes) -> str:
    """By the bytes and, where GitLab (17.4 and later) gives one, by the key that its retries repeat; counted together,
    as neither is proven."""
    key = one_header(headers, "Idempotency-Key") or ""
    made_of = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest() + hashlib.sha256(body).digest()
    return f"sha256:{hashlib.sha256(made_of).hexdigest()}"
