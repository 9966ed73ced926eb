"""What every `AppRights` must keep: what our app may not is named, and what the vendor does not say is not guessed.

Subclass it in `tests/connectors/<vendor>/`:

    class TestSlackSaysWhatItsAppMay(AppRightsContract):
        @pytest.fixture
        def grants(self, ...) -> Grants: ...
        @pytest.fixture
        def vendor(self, ...) -> Slack: ...
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest
import stamina

from connectors.kit.fakes.faults import FaultKind, Faults
from incidents.errors import Busy, NotAllowed, Unreachable
from incidents.ports import AppRights


class Grants(Protocol):
    """Who installed the app."""

    faults: Faults

    def take_away(self) -> str:
        """One right that we need is no more granted; the vendor's word for it."""
        ...

    def hide(self) -> None:
        """The vendor does not say any more what is granted."""
        ...


class AppRightsContract:
    @pytest.fixture(autouse=True)
    def _no_waiting(self) -> Iterator[None]:
        stamina.set_testing(True, attempts=2)
        yield
        stamina.set_testing(False)

    async def test_all_are_granted(self, vendor: AppRights) -> None:
        assert isinstance(vendor, AppRights)
        assert list(await vendor.missing_rights()) == []

    async def test_one_is_missing(self, vendor: AppRights, grants: Grants) -> None:
        right = grants.take_away()
        assert list(await vendor.missing_rights()) == [right]

    async def test_nothing_is_said(self, vendor: AppRights, grants: Grants) -> None:
        grants.hide()
        assert list(await vendor.missing_rights()) == []

    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            (FaultKind.UNAUTHORIZED, NotAllowed),
            (FaultKind.RATE_LIMIT, Busy),
            (FaultKind.OUTAGE, Unreachable),
            (FaultKind.HTML, Unreachable),
        ],
    )
    async def test_no_answer(
        self, vendor: AppRights, grants: Grants, fault: FaultKind, error: type[Exception]
    ) -> None:
        grants.faults.arm(fault, times=8)
        with pytest.raises(error):
            await vendor.missing_rights()
