"""`make bench only=scaleout`: the outage of many services with one, two and three workers.

    measured    tickets a second, until all were linked and every service was paged for, all on this machine
    model       tickets a second where each process has a core of its own, by the CPU that each role took here

The model: a worker, a Prefect API server and a gateway are one thread each, so a role of `n` processes takes at most
`n / c` tickets a second if a ticket costs it `c` seconds of CPU; the least of the roles' is the installation's.
PostgreSQL has a process a connection, and is left out. So is waiting for locks and for the vendors' limits, and that a
page is a chain of steps: it says how much the processes can take, and not how soon a telephone rings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from bench.result import Result
from bench.scaleout.arm import Arm, run_arm

WORKERS = (1, 2, 3)
SERVICES, TICKETS, SECONDS, PATIENCE = 100, 2_000, 10.0, 300.0
"""As many pages as one PagerDuty key takes in a minute, so that it is not the vendor who is measured."""
SERVER, GATEWAY = "prefect server", "gateway"


def scaleout_figures(workers: Sequence[int] = WORKERS) -> Iterator[Result]:
    """Each figure as it comes."""
    first: Arm | None = None
    for count in workers:
        load = {"services": SERVICES, "tickets": TICKETS}
        arm = asyncio.run(run_arm(count, **load, seconds=SECONDS, patience=PATIENCE))
        first = first or arm
        yield from compared(arm, first)


def compared(arm: Arm, first: Arm) -> Iterator[Result]:
    """One arm's figures, beside those of the first."""
    yield Result(
        name=f"scaleout_{arm.workers}_measured",
        value=-1 if arm.seconds is None else round(arm.tickets / arm.seconds, 1),
        unit="tickets/s",
        ratio=round(first.seconds / arm.seconds, 2) if arm.seconds and first.seconds else None,
        against=f"{first.workers} worker, all on this machine: {_told(arm)}",
        n=1,
    )
    for servers in sorted({1, arm.workers}):
        rate, narrowest = modelled(arm, servers=servers)
        yield Result(
            name=f"scaleout_{arm.workers}_model_{servers}_servers",
            value=round(rate, 1),
            unit="tickets/s",
            ratio=round(rate / modelled(first, servers=1)[0], 2),
            against=f"{first.workers} worker and 1 Prefect server, by the model; the narrowest is the {narrowest}",
            n=1,
        )


def modelled(arm: Arm, *, servers: int, gateways: int = 1) -> tuple[float, str]:
    """Tickets a second with a core for each process, and which role is the narrowest."""
    processes = {"worker": arm.workers, SERVER: servers, GATEWAY: gateways}
    return min((count * arm.tickets / arm.cpu[role], role) for role, count in processes.items())


def _told(arm: Arm) -> str:
    cost = ", ".join(f"{role} {1000 * spent / arm.tickets:.1f}" for role, spent in sorted(arm.cpu.items()))
    return f"{arm.tickets} tickets of {arm.services} services; ms of CPU a ticket: {cost}"
