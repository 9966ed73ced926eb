"""What would have been linked or suggested: each ticket asks the memory of its time which earlier one it repeats."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd

from incidents.report_file import ReportFile
from insights.backtest import plots
from insights.backtest.faults import faults, known_duplicates
from insights.backtest.history import History, ReplayWindow
from insights.backtest.sections import (
    BacktestSection,
    Figure,
    Table,
    count,
    share,
)
from insights.learning import NotEnoughHistory, UnusableHistory
from insights.similar.index import SimilarIndex, learn_pair_model
from insights.similar.model import PairModel
from insights.similar.report import (
    KnownDuplicate,
    Match,
    MatchVerdict,
    TicketReport,
)

MOST_REMEMBERED = 15_000
MOST_ASKED = 3_000
RANKED = 5
NOTHING = "nothing"
_SERVICE = ("service", "product", "category", "group")
_EVERYTHING = "all"


_COLUMNS = ("ticket", "created_at", "verdict", "probability", "match", "right", "is_duplicate", "among_five")


@dataclass(frozen=True, kw_only=True)
class _Past:
    """What happened: reports in order of time, links and ends with their times, and each ticket's fault."""

    reports: Sequence[TicketReport]
    duplicates: Sequence[KnownDuplicate]
    closed: Mapping[str, datetime]
    fault_of: Mapping[str, str | None]


def duplicates_section(
    history: History, window: ReplayWindow, *, link_above: float, suggest_above: float, seed: int
) -> BacktestSection:
    """Of the model's links and suggestions those above the policy's probabilities. Raises `CannotLearn`."""
    if not any(history.has(name) for name in ("subject", "body")):
        raise UnusableHistory("without subject or body there is nothing to compare tickets by")
    frame = window.with_before(history.frame, most=MOST_REMEMBERED)
    fault = faults(frame)
    duplicates = [*known_duplicates(frame, fault)]
    service = history.best_of(_SERVICE)
    reports = _reports(frame, service)
    closed = _closed(frame)
    before = [report for report in reports if report.opened_at < window.start]
    if not before:
        raise NotEnoughHistory("none of the tickets that are remembered came in before the window")
    model, why = _learnt(before, duplicates, closed, window, seed=seed)
    fault_of = {
        ticket: None if pd.isna(name) else str(name)
        for ticket, name in zip(frame["ticket"].astype(str), fault, strict=True)
    }
    past = _Past(reports=reports, duplicates=duplicates, closed=closed, fault_of=fault_of)
    answers = _replay(model, past, window)
    answers["verdict"] = [
        _verdict(verdict, chance, link_above=link_above, suggest_above=max(suggest_above, model.suggest_from))
        for verdict, chance in zip(answers["verdict"], answers["probability"], strict=True)
    ]
    linked, suggested = answers["verdict"] == MatchVerdict.LINK, answers["verdict"] == MatchVerdict.SUGGEST
    return BacktestSection(
        name="duplicates",
        title="Duplicates: the same fault again",
        headline=f"Of {len(answers):,} tickets {int(linked.sum()):,} would have been linked to an earlier one, and "
        f"{int(suggested.sum()):,} would have come with a suggestion.",
        figures=tuple(_figures(answers, linked, suggested, is_known=bool(duplicates))),
        plots=_plots(answers),
        tables=(
            Table(name="duplicates", title="Each ticket and what it would have been told", rows=answers),
        ),
        limits=(
            why,
            (
                f"{len(answers):,} tickets of the window were asked about, evenly over its time; "
                f"{len(before):,} earlier ones were remembered at its start."
            ),
            f"Linked are only tickets of the same {service or 'history'}, and only to what was open.",
            (
                "A ticket counts as right if people put both together. Duplicates that nobody marked count as wrong, "
                "so the share that is right is the least it can be."
            ),
        ),
    )


def _reports(frame: pd.DataFrame, service: str | None) -> list[TicketReport]:
    def texts(name: str | None) -> list[str]:
        if name is None or name not in frame:
            return [""] * len(frame)
        return ["" if pd.isna(cell) else str(cell) for cell in frame[name]]

    services = texts(service) if service is not None else [_EVERYTHING] * len(frame)
    columns = [texts(name) for name in ("ticket", "subject", "body", "category", "customer", "channel")]
    return [
        TicketReport(
            id=ticket,
            opened_at=at.to_pydatetime(),
            service=its_service,
            title=subject,
            body=body,
            kind=kind,
            customer=customer,
            channel=channel,
        )
        for at, its_service, ticket, subject, body, kind, customer, channel in zip(
            frame["created_at"], services, *columns, strict=True
        )
    ]


def _closed(frame: pd.DataFrame) -> dict[str, datetime]:
    if "resolved_at" not in frame:
        return {}
    over = frame[frame["resolved_at"].notna()]
    return {
        str(ticket): at.to_pydatetime()
        for ticket, at in zip(over["ticket"], over["resolved_at"], strict=True)
    }


def _learnt(
    before: Sequence[TicketReport],
    duplicates: Sequence[KnownDuplicate],
    closed: Mapping[str, datetime],
    window: ReplayWindow,
    *,
    seed: int,
) -> tuple[PairModel, str]:
    """The model that would have been there at the window's start, and how it came to be."""
    known = [one for one in duplicates if one.known_at < window.start]
    over = {ticket: at for ticket, at in closed.items() if at < window.start}
    try:
        model = learn_pair_model(before, known, over, seed=seed)
    except NotEnoughHistory as error:
        return (
            PairModel.untaught(),
            f"Nothing is linked without asking, and probabilities are only guessed at: {error}",
        )
    return model, f"Learnt from {model.taught_by:,} duplicates that were known before the window."


def _replay(model: PairModel, past: _Past, window: ReplayWindow) -> pd.DataFrame:
    """Joins and ends become known in their time."""
    # All that is ranked is looked at; what of it would have been told is decided afterwards.
    index = SimilarIndex(model=replace(model, suggest_from=0.0))
    reports, fault_of = past.reports, past.fault_of
    later = [(one.known_at, "join", one.newer, one.older) for one in past.duplicates]
    later += [(at, "close", ticket, "") for ticket, at in past.closed.items()]
    heapq.heapify(later)
    inside = [place for place, report in enumerate(reports) if report.opened_at >= window.start]
    asked = {inside[one] for one in np.linspace(0, len(inside) - 1, min(len(inside), MOST_ASKED)).astype(int)}
    rows = []
    seen: set[str] = set()
    for place, report in enumerate(reports):
        while later and later[0][0] <= report.opened_at:
            at, what, ticket, older = heapq.heappop(later)
            _learn_of(index, at, what, ticket, older)
        if place in asked:
            fault = fault_of[report.id]
            rows.append(
                _row(report, index.rank(report, now=report.opened_at, limit=RANKED), fault_of, fault in seen)
            )
        index.add(report)
        if (fault := fault_of[report.id]) is not None:
            seen.add(fault)
    return pd.DataFrame(rows, columns=[*_COLUMNS])


def _verdict(verdict: str, chance: float, *, link_above: float, suggest_above: float) -> str:
    """What the policy makes of the model's verdict."""
    if verdict == MatchVerdict.LINK and chance >= link_above:
        return MatchVerdict.LINK.value
    return MatchVerdict.SUGGEST.value if verdict != NOTHING and chance >= suggest_above else NOTHING


def _learn_of(index: SimilarIndex, at: datetime, what: str, ticket: str, older: str) -> None:
    if ticket not in index:
        return
    if what == "close":
        index.close(ticket, at)
    elif older in index:
        # A fault is named after its first ticket.
        index.join(older, older)
        index.join(ticket, older)


def _row(
    report: TicketReport, matches: Sequence[Match], fault_of: Mapping[str, str | None], is_duplicate: bool
) -> tuple[object, ...]:
    fault = fault_of[report.id]
    right = [fault is not None and fault_of[match.report] == fault for match in matches]
    best = matches[0] if matches else None
    return (
        report.id,
        pd.Timestamp(report.opened_at),
        best.verdict.value if best is not None else NOTHING,
        best.probability if best is not None else 0.0,
        best.report if best is not None else "",
        bool(right and right[0]),
        is_duplicate,
        any(right),
    )


def _figures(
    answers: pd.DataFrame, linked: pd.Series, suggested: pd.Series, *, is_known: bool
) -> list[Figure]:
    total = f"{len(answers):,} tickets"
    figures = [
        count("Tickets that would have been linked", int(linked.sum()), total),
        count("Tickets with a suggestion", int(suggested.sum()), total),
    ]
    if not is_known:
        return figures
    repeated = answers[answers["is_duplicate"]]
    return [
        *figures,
        share(
            "Right among the links, at least",
            int(answers.loc[linked, "right"].sum()),
            int(linked.sum()),
            "links",
        ),
        share(
            "First suggestion right, at least",
            int(answers.loc[suggested, "right"].sum()),
            int(suggested.sum()),
            "suggestions",
        ),
        share(
            "Known duplicates that were linked to their fault",
            int((repeated["right"] & (repeated["verdict"] == MatchVerdict.LINK)).sum()),
            len(repeated),
            "known duplicates",
        ),
        share(
            f"Known duplicates whose fault was among the {RANKED} likeliest, told or not",
            int(repeated["among_five"].sum()),
            len(repeated),
            "known duplicates",
        ),
    ]


def _plots(answers: pd.DataFrame) -> tuple[ReportFile, ...]:
    spoken = answers[answers["verdict"] != NOTHING]
    if spoken.empty:
        return ()
    title = "How sure the best match of each ticket was"
    given, came = spoken["probability"].to_numpy(np.float64), spoken["right"].to_numpy(np.bool_)
    if not came.any():
        return (plots.histogram("duplicates", title, given, "probability of the best match"),)
    return (plots.reliability("duplicates", title, given, came, ("the same fault", "another one")),)
