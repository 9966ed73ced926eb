"""Instatus keeps what a status page promises."""

from __future__ import annotations

from tests.contracts.status_page import StatusPageContract


class TestInstatusIsAStatusPage(StatusPageContract):
    """On the fake and a real store; its lost reply is a connection that dies after the work was done."""
