"""Statuspage keeps what a status page promises."""

from __future__ import annotations

from tests.contracts.status_page import StatusPageContract


class TestStatuspageIsAStatusPage(StatusPageContract):
    """On the fake; its lost reply is a connection that dies after the work was done."""
