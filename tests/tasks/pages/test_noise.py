"""What the page says of pages in vain, and what it advises where it matters."""

from __future__ import annotations

import pytest

from incidents.policy.policy import Flapping
from incidents.store.ledger.noise import PageNoise
from tasks.pages.noise import is_noisy, noise_headline, noise_page
from tests.incidents.builders import a_policy


def noise(pages=4, in_vain=3, **changes):
    given = {"service": "checkout", "examples": ("INC-1", "INC-2"), "held": 2, "spared": 1}
    return PageNoise(pages=pages, in_vain=in_vain, **(given | changes))


@pytest.mark.parametrize(
    ("pages", "in_vain", "noisy"), [(4, 2, True), (4, 1, False), (1, 1, False), (9, 4, False), (0, 0, False)]
)
def test_which_service_is_noisy(pages, in_vain, noisy):
    assert is_noisy(noise(pages, in_vain)) is noisy


def test_the_page():
    found = [noise(), noise(1, 0, service="gone", examples=())]
    assert noise_headline(found, "2026-W47") == "Pages 2026-W47: 5, 3 of them nobody acted on"
    page = noise_page(found, "2026-W47", a_policy())
    assert "| Checkout | 4 | 3 | INC-1, INC-2 | 2 | 1 |" in page
    assert "| gone | 1 | 0 |" in page
    assert "- Checkout: `escalation.flapping` holds" in page
    assert "Nobody was paged." in noise_page([], "2026-W47", a_policy())


def test_the_advice_is_what_is_not_done_yet():
    flapping = a_policy(escalation={"flapping": Flapping()})
    assert "a longer `escalation.flapping.hold`" in noise_page([noise()], "2026-W47", flapping)
    assert "`escalation.known_fix`" in noise_page([noise(service="search")], "2026-W47", flapping)
