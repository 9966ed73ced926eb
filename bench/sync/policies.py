"""The policies of histories: every owner that the section `sync` knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from incidents.policy.file import parse_policy
from incidents.policy.policy import Policy

_POLICY = """\
helpdesks: [{desks}]
services:
  checkout: {{title: Checkout, team: payments, probes: [http/checkout]}}
teams:
  payments: {{title: Payments, pager: {pager}, pager_target: payments{chat}}}
closure: {{proofs: 1, proof_interval: 20s, reopen_within: 7d}}
sync: {{{sync}}}
"""


@cache
def _policy(sync: str, pager: str, chat: str | None, desks: tuple[str, ...]) -> Policy:
    room = "" if chat is None else f", chat: {chat}"
    return parse_policy(_POLICY.format(desks=", ".join(desks), pager=pager, chat=room, sync=sync))


def _with(sync: str) -> Callable[[str, str | None, Sequence[str]], Policy]:
    return lambda pager, chat, desks: _policy(sync, pager, chat, tuple(desks))


POLICIES = tuple(
    _with(sync)
    for sync in (
        "",
        "technical_state: newer",
        "ticket_status: liaison",
        "ticket_status: liaison, refused: restore",
        "ticket_status: liaison, refused: restore, technical_state: newer",
        "ticket_status: newer",
        "ticket_status: newer, refused: restore, technical_state: newer",
    )
)
"""Each makes a policy of the pager, the chat if there is one, and the helpdesks."""
