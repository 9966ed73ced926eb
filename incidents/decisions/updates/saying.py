"""One text as one reader has it: in their language, by their clock, with how it stands now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from incidents.basis import Basis
from incidents.lifecycle import WITH_ENGINEERS, standing_of
from incidents.models import Incident, PublicText
from incidents.policy.messages import StateWords
from incidents.promises.updates import CustomerUpdate
from incidents.texts.messages import customer_message
from incidents.texts.times import minute_of
from incidents.texts.tongues import Tongue, Wording


def said_to(
    reader: Tongue,
    wording: Wording,
    incident: Incident,
    basis: Basis,
    *,
    next_by: datetime | None,
    customer_name: str = "",
    said: Sequence[CustomerUpdate] = (),
    words: str = "",
) -> PublicText:
    """What they read. `next_by` is what it promises, `said` what others were told before, `words` are an agent's."""
    policy = basis.policy
    default, states = policy.language.of_public, policy.templates.customer.states
    template, spoken = wording.spoken(reader, default)
    return customer_message(
        template,
        customer_name=customer_name,
        service=policy.service(incident.service).title,
        incident=incident.name,
        next_update="" if next_by is None else spoken.moment(minute_of(next_by), now=basis.now),
        since=spoken.moment(incident.opened_at, now=basis.now),
        owner=incident.owner or "",
        state=_within(
            states.of(standing_of(incident.state), is_called=incident.state in WITH_ENGINEERS),
            spoken,
            default,
        ),
        so_far=so_far_words(said, states, spoken, default=default, now=basis.now),
        words=words,
    )


def so_far_words(
    said: Sequence[CustomerUpdate], states: StateWords, spoken: Tongue, *, default: Tongue, now: datetime
) -> str:
    """A line for each state it was in: `10:05, 10:35 and 11:05 UTC: our engineers are working on it`.

    What is kept of an earlier message does not say whether anybody had been called by then, so that is not claimed.
    """
    lines = []
    for standing, group in groupby(said, key=lambda update: update.standing):
        times = [update.said_at for update in group]
        state = _within(states.of(standing, is_called=False), spoken, default)
        lines.append(f"{spoken.moments(times, now=now)}: {state}")
    return "\n".join(lines)


def _within(words: Wording, spoken: Tongue, default: Tongue) -> str:
    """Words for within a sentence in the language `spoken`; the operator's own are in that of `default`."""
    if spoken.language != default.language:
        words = Wording(words.ours)
    return words.spoken(spoken, default)[0]
