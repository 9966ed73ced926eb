"""An alert's episodes end where they should, whatever the order of what is told, and what looks say counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from incidents.alerts.episodes import Episode, EpisodeEnd, heard, news_of, seen
from incidents.events import AlertEvent, AlertLabels

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CONNECTION = "alertmanager/main"


def at(minute: int) -> datetime:
    return NOW - timedelta(hours=1) + minute * MINUTE


def an_alert(
    start: int = 0, *, end: int | None = None, key: str = "a", service: str = "checkout"
) -> AlertEvent:
    return AlertEvent(
        connection=CONNECTION,
        key=key,
        started_at=at(start),
        ended_at=None if end is None else at(end),
        labels=(("service", service),),
        summary="CheckoutDown: it is down",
    )


def service_of(_: str, labels: AlertLabels) -> str | None:
    found = dict(labels).get("service")
    return found if found in ("checkout", "search") else None


def hear(known: Iterable[Episode], *events: AlertEvent, now: datetime = NOW) -> list[Episode]:
    """All episodes after these events."""
    before = {one.place: one for one in known}
    after = {one.place: one for one in heard(before.values(), events, service_of, now=now)}
    return list((before | after).values())


def look(
    known: Iterable[Episode], *firing: AlertEvent, since: datetime = NOW, now: datetime = NOW
) -> list[Episode]:
    before = {one.place: one for one in known}
    after = {one.place: one for one in seen(before.values(), firing, service_of, since=since, now=now)}
    return list((before | after).values())


def ends(
    episodes: Sequence[Episode],
) -> dict[tuple[str, datetime], tuple[EpisodeEnd | None, datetime | None]]:
    return {(one.key, one.started_at): (one.end, one.ended_at) for one in episodes}


EARLIER = NOW - MINUTE


def known_firing(*events: AlertEvent) -> list[Episode]:
    return hear([], *events, now=EARLIER)


def test_firing_then_ended():
    (episode,) = known_firing(an_alert())
    assert episode.is_firing
    assert episode.service == "checkout"
    (over,) = hear([episode], an_alert(end=5))
    assert (over.end, over.ended_at) == (EpisodeEnd.TOLD, at(5))
    assert news_of({episode.place: episode}, [over]) == ([], [over])


def test_the_same_again_changes_nothing():
    known = known_firing(an_alert())
    assert heard(known, [an_alert(), an_alert()], service_of, now=NOW) == []


def test_a_retry_with_old_content_does_not_fire_again():
    """A receiver that answered 500 is told "firing" once more, after the alert has ended."""
    over = hear([], an_alert(), an_alert(end=5))
    assert heard(over, [an_alert()], service_of, now=NOW) == []


def test_fired_and_ended_in_one_breath_is_no_news():
    (over,) = hear([], an_alert(end=5))
    assert news_of({}, [over]) == ([], [])


def test_an_end_before_the_start_is_the_start():
    (over,) = hear([], an_alert(10, end=5))
    assert over.ended_at == at(10)


def test_a_later_start_ends_the_one_before():
    first, second = sorted(known_firing(an_alert(0), an_alert(9)), key=lambda one: one.started_at)
    assert (first.end, first.ended_at) == (EpisodeEnd.REPLACED, at(9))
    assert second.is_firing


def test_labels_that_no_service_has():
    (episode,) = hear([], an_alert(service="unheard-of"))
    assert episode.service is None
    assert episode.labels == (("service", "unheard-of"),)


MOMENTS = st.integers(0, 6)
EVENTS = st.builds(
    lambda start, length, key: an_alert(start, end=None if length is None else start + length, key=key),
    MOMENTS,
    st.none() | MOMENTS,
    st.sampled_from("ab"),
)


@given(events=st.lists(EVENTS, max_size=8), data=st.data())
def test_any_order_and_number_of_webhooks_comes_to_the_same(events: list[AlertEvent], data: st.DataObject):
    """Reordered, repeated, in one chunk or in many."""
    shuffled = (
        data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=4))]))
        if events
        else []
    )
    one_by_one: list[Episode] = []
    for event in shuffled:
        one_by_one = hear(one_by_one, event)
    assert ends(one_by_one) == ends(hear([], *events))


@given(events=st.lists(EVENTS, max_size=8))
def test_an_alert_fires_once_at_a_time(events: list[AlertEvent]):
    firing = [one.key for one in hear([], *events) if one.is_firing]
    assert len(firing) == len(set(firing))


def test_two_looks_without_it_end_it():
    """One may be of a monitor that has just started; nobody said when it ended."""
    known = known_firing(an_alert())
    (once,) = look(known)
    assert once.is_firing
    (twice,) = look([once])
    assert (twice.end, twice.ended_at) == (EpisodeEnd.GONE, NOW)


def test_looks_that_miss_it_count_in_a_row():
    known = known_firing(an_alert())
    (back,) = look(look(known), an_alert())
    assert back.missed == 0
    (once,) = look([back])
    assert once.is_firing


def test_a_look_finds_what_no_webhook_told():
    (episode,) = look([], an_alert())
    assert episode.is_firing
    assert news_of({}, [episode]) == ([episode], [])


def test_a_look_says_that_it_fires_again_by_the_same_start():
    """As after a partition between a rule's evaluator and its Alertmanager."""
    over = hear(known_firing(an_alert()), an_alert(end=5), now=EARLIER)
    (again,) = look(over, an_alert())
    assert again.is_firing
    assert again.ended_at is None


def test_what_changed_during_the_look_is_newer_than_it():
    over = hear(known_firing(an_alert()), an_alert(end=5), now=NOW)
    assert [one.end for one in look(over, an_alert(), since=EARLIER)] == [EpisodeEnd.TOLD]
    begun = hear([], an_alert(), now=NOW)
    assert [one.missed for one in look(begun, since=EARLIER)] == [0]


def test_by_another_start_the_known_episode_is_over():
    """Alertmanager keeps the earlier of two starts."""
    found = {one.started_at: one for one in look(known_firing(an_alert(9)), an_alert(3))}
    assert found[at(3)].is_firing
    assert found[at(9)].end is EpisodeEnd.REPLACED


def test_a_look_learns_of_silences_and_of_services_named_since():
    (known,) = known_firing(an_alert(service="shop"))
    assert known.service is None
    told = replace(an_alert(service="search"), is_silenced=True)
    (episode,) = look([known], told)
    assert (episode.service, episode.is_silenced) == ("search", True)
