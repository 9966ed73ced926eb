"""A small Jira, Cloud or Data Center: as much of its REST interface as the connector speaks.

    fake = FakeJira(clock=clock)
    connector = Jira("jira/shop", settings, transport=InProcessTransport(fake.app))

What it does and does not stands in README.md; it was made from Atlassian's documentation.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.applications import Starlette
from starlette.types import ASGIApp

from connectors.kit.atlassian.site import Edition
from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.kit.fakes.jira.administration import FakeAdministration
from connectors.kit.fakes.jira.platform import EMAIL, TOKEN, FakePlatform
from connectors.kit.fakes.jira.site import FakeSite, utc_now

__all__ = ["ADDRESS", "EMAIL", "TOKEN", "FakeJira"]

ADDRESS = "https://acme.atlassian.net"


class FakeJira:
    """One site at `ADDRESS`, and our user in it."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = utc_now,
        edition: Edition = Edition.CLOUD,
        address: str = ADDRESS,
    ) -> None:
        self.site = FakeSite(address, edition, clock)
        self.platform = FakePlatform(self.site)
        self.administration = FakeAdministration(self.site)
        self.faults = Faults()
        routes = [*self.platform.routes(), *self.administration.routes(self.platform.guarded)]
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)
