"""How long what is kept: the policy's section `retention`. What that means: docs/retention.md."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from incidents.policy.words import Duration, PolicySection

_YEAR = timedelta(days=365)


class Retention(PolicySection):
    """Ages after which the nightly flow `prune` removes things. What is not over yet is never pruned, however old."""

    bodies: Duration = Field(
        default=timedelta(days=14), description="Webhooks' bodies and headers, once they are handled."
    )
    deliveries: Duration = Field(
        default=timedelta(days=180),
        description="That a webhook came, or was refused, at all; and alerts of no incident.",
    )
    texts: Duration = Field(
        default=_YEAR,
        description="Tickets' texts, their customers' names and addresses, and texts of ours that were sent.",
    )
    comments: Duration = Field(
        default=_YEAR, description="Which comments of a ticket that is over were acted upon."
    )
    timelines: Duration = Field(default=2 * _YEAR, description="The stories of incidents that are over.")
    predictions: Duration = Field(
        default=2 * _YEAR, description="What was predicted, and what turned out to be true."
    )
    incidents: Duration = Field(
        default=2 * _YEAR,
        description="Incidents that are over and tickets that are closed, with all that belongs to them.",
    )
    runs: Duration = Field(
        default=timedelta(days=7), description="Prefect's runs of our flows, with their logs."
    )
    schedule_runs: Duration = Field(
        default=timedelta(days=1), description="Runs of the schedules that ended well, where that is shorter."
    )
    pages: Duration = Field(
        default=timedelta(days=7),
        description="Older versions of a page of the Prefect UI; the newest one stays.",
    )
    events: Duration = Field(
        default=timedelta(hours=3),
        description="Prefect's events, on the server that `liaison up` starts.",
    )
