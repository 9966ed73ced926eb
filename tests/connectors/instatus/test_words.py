"""What is said, as Instatus takes it, and the moments by which it is known again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.instatus.mapping import (
    MAX_MESSAGE,
    MAX_NAME,
    message_of,
    moment_after,
    name_of,
    written_moment,
)
from incidents.errors import Refused
from tests.connectors.instatus.conftest import as_read

NOWS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(now=NOWS, taken=st.lists(NOWS, max_size=4))
def test_moments(now: datetime, taken: list[datetime]) -> None:
    """After all that are taken, on a millisecond and no full second, and read back as it was written."""
    moment = moment_after(now, taken)
    assert all(moment > one for one in taken)
    assert moment - now < timedelta(milliseconds=3) or taken
    assert moment.microsecond
    written = datetime.fromisoformat(written_moment(moment))
    assert written == moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@given(words=st.text(max_size=400).map(lambda part: part * 40))
def test_whatever_is_said(words: str) -> None:
    """No longer than we let it be, and no markup in it."""
    try:
        message = message_of(words)
    except Refused:
        return
    assert len(as_read(message)) <= MAX_MESSAGE
    assert 0 < len(name_of(words)) <= MAX_NAME
    message.encode()
    assert "<" not in message.replace("\\<", "")


def test_an_empty_message() -> None:
    with pytest.raises(Refused, match="empty"):
        message_of(" \u200b\n")
    assert name_of("\u200b") == "Problem"
