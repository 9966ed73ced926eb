"""What the block refuses, and that it never shows an address."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connectors.roster import RosterSettings

SECRET = "s3cret-token"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"ways": {"ana": f"no-service-at-all://{SECRET}"}},
            "the address of 'ana' is none that Apprise understands",
        ),
        ({"ways": {"ana": SECRET}}, "the address of 'ana' is none that Apprise understands"),
        ({"ways": {"Ana!": f"ntfy://{SECRET}/x"}}, "cannot be a name"),
        ({"feeds": {"team": f"http://calendar.example/{SECRET}"}}, "must begin with https://"),
        ({"feeds": {"team": f"file:///etc/{SECRET}"}}, "must begin with https://"),
        ({"feeds": {"Team": f"https://calendar.example/{SECRET}"}}, "cannot be a name"),
        ({"gateway_url": "http://liaison.example"}, "gateway_url must be https://"),
        ({"gateway_url": f"https://{SECRET}@liaison.example"}, "gateway_url must be https://"),
        ({"gateway_url": "liaison.example"}, "gateway_url must be https://"),
        ({"look_seconds": 60}, "less than or equal to 30"),
    ],
)
def test_refused(given: dict[str, object], says: str):
    with pytest.raises(ValidationError, match=says) as caught:
        RosterSettings.model_validate(given)
    assert SECRET not in str(caught.value)


def test_addresses_are_not_shown():
    settings = RosterSettings.model_validate(
        {
            "ways": {"ana": f"ntfy://{SECRET}/x"},
            "feeds": {"team": f"https://calendar.example/{SECRET}"},
            "gateway_url": "https://liaison.example/liaison/",
        }
    )
    assert SECRET not in repr(settings)
    assert settings.gateway_url == "https://liaison.example/liaison"
