"""Every figure, or one of them, a line of JSON each.

    python -m bench [only=gateway|page|page_beside_others|calls|storm|city|scaleout|idle|board|connectors|kills
                          |prefect_away|month|sla|sweep|sync|sync_wired|replies|redaction|insights|insights_speed
                          |insights_text|fanout|fanout_all|campaign|campaign_small]

The campaign takes hours, its small size minutes, the whole fan-out half an hour: they run only when they are named.
What is going on is told on stderr.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterable

from bench.board import board_figures
from bench.campaign.row import Size
from bench.campaign.run import campaign
from bench.city.figures import city_figures
from bench.idle import idle
from bench.insights.figure import Figure
from bench.kills import kills
from bench.page_latency import page_latency, page_latency_beside_others
from bench.prefect_away import prefect_away
from bench.prefect_calls import prefect_calls
from bench.result import Result
from bench.sla_calendars import sla
from bench.sla_sweep import sweeps
from bench.storm import storm


def _gateway() -> None:
    subprocess.run([sys.executable, "-m", "bench.gateway_rate"], check=True)


def _page() -> None:
    _print(asyncio.run(page_latency()))


def _page_beside_others() -> None:
    _print(asyncio.run(page_latency_beside_others()))


def _calls() -> None:
    _print(asyncio.run(prefect_calls()))


def _storm() -> None:
    _print(asyncio.run(storm()))


def _city() -> None:
    _print(city_figures())


def _scale_out() -> None:
    from bench.scaleout.figures import scaleout_figures  # noqa: PLC0415

    _print(scaleout_figures())


def _board() -> None:
    _print(asyncio.run(board_figures()))


def _connectors() -> None:
    from bench.connectors.figures import connector_figures  # noqa: PLC0415
    from bench.connectors.mail import mail_figures  # noqa: PLC0415
    from bench.connectors.memory import memory_figure  # noqa: PLC0415

    # First: its processes are forks, and what this one has let go by then would hide what they take.
    _print([memory_figure()])
    _print(connector_figures())
    _print(asyncio.run(mail_figures()))


def _idle() -> None:
    _print(asyncio.run(idle()))


def _kills() -> None:
    _print(asyncio.run(kills()))


def _prefect_away() -> None:
    _print(asyncio.run(prefect_away()))


def _sla() -> None:
    _print(sla())


def _sweep() -> None:
    _print(asyncio.run(sweeps()))


def _sync() -> None:
    from bench.sync.figures import sync_figures  # noqa: PLC0415

    _print(sync_figures())


def _sync_wired() -> None:
    from bench.sync.figures import wired_figures  # noqa: PLC0415

    _print(wired_figures())


def _replies() -> None:
    from bench.replies import reply_figures  # noqa: PLC0415

    _print(reply_figures())


def _redaction() -> None:
    from bench.redaction.figures import redaction_figures  # noqa: PLC0415

    _print(redaction_figures())


def _fan_out(tickets: int) -> None:
    from bench.fan_out.figures import fan_out_figures  # noqa: PLC0415

    async def run() -> None:
        async for result in fan_out_figures(tickets):
            _print([result])

    asyncio.run(run())


def _month() -> None:
    from bench.month.figures import month_figures  # noqa: PLC0415

    _print(asyncio.run(month_figures()))


def _insights() -> None:
    # Imported here, as it takes seconds and the other figures need none of it.
    from bench.insights.breach import breach_figures  # noqa: PLC0415
    from bench.insights.routing import routing_figures  # noqa: PLC0415
    from bench.insights.similar import similar_figures  # noqa: PLC0415
    from bench.insights.surge import surge_figures  # noqa: PLC0415

    for figures in (breach_figures, routing_figures, similar_figures, surge_figures):
        _print(figures())


def _insights_text() -> None:
    from bench.insights.text import embedding_figures  # noqa: PLC0415

    _print(embedding_figures())


def _insights_speed() -> None:
    from bench.insights.speed import speed_figures  # noqa: PLC0415

    _print(speed_figures())


def _campaign(size: Size) -> None:
    async def run() -> None:
        async for result in campaign(size):
            _print([result])

    asyncio.run(run())


def _print(results: Iterable[Result | Figure]) -> None:
    for result in results:
        print(result, flush=True)


BENCHES: dict[str, Callable[[], None]] = {
    "gateway": _gateway,
    "page": _page,
    "page_beside_others": _page_beside_others,
    "calls": _calls,
    "storm": _storm,
    "city": _city,
    "scaleout": _scale_out,
    "board": _board,
    "connectors": _connectors,
    "idle": _idle,
    "kills": _kills,
    "prefect_away": _prefect_away,
    "month": _month,
    "sla": _sla,
    "sweep": _sweep,
    "sync": _sync,
    "sync_wired": _sync_wired,
    "replies": _replies,
    "redaction": _redaction,
    "insights": _insights,
    "insights_speed": _insights_speed,
    "insights_text": _insights_text,
    "fanout": lambda: _fan_out(500),
    "fanout_all": lambda: _fan_out(2_000),
    "campaign": lambda: _campaign(Size.FULL),
    "campaign_small": lambda: _campaign(Size.SMALL),
}
ONLY_IF_NAMED = {"campaign", "campaign_small", "fanout_all"}


def main() -> None:
    wanted = dict(argument.partition("=")[::2] for argument in sys.argv[1:])
    if set(wanted) - {"only"} or wanted.get("only", "page") not in BENCHES:
        sys.exit(f"usage: python -m bench [only={'|'.join(BENCHES)}]")
    for name, bench in BENCHES.items():
        if wanted.get("only") == name or not (wanted or name in ONLY_IF_NAMED):
            bench()


if __name__ == "__main__":
    main()
