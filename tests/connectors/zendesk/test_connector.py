"""Zendesk against its fake: the helpdesk contract, and what is Zendesk's own."""

from __future__ import annotations

from tests.contracts.helpdesk import HelpdeskContract


class TestZendeskIsAHelpdesk(HelpdeskContract):
    pass
