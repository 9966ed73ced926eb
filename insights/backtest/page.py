"""The report of a backtest as one page of HTML: it needs nothing but itself, and every text is escaped."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterator, Sequence

import pandas as pd

from incidents.report_file import ReportFile
from incidents.texts.plain_text import cut, one_line
from insights.backtest.history import History, ReplayWindow
from insights.backtest.sections import BacktestSection, Table

SHOWN = 15
_LONGEST_CELL = 200
_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.5rem; border-top: 1px solid #ddd; padding-top: 1.2rem; }
table { border-collapse: collapse; width: 100%; margin: .8rem 0; font-size: .9rem; }
th { text-align: left; color: #666; font-weight: 600; } td, th { padding: .3rem .6rem .3rem 0; vertical-align: top;
border-bottom: 1px solid #eee; overflow-wrap: anywhere; }
.value { font-weight: 600; white-space: nowrap; } .headline { font-size: 1.05rem; } .missing { color: #8a4b00; }
figure { margin: 1rem 0; } img { max-width: 100%; height: auto; } figcaption { color: #555; font-size: .9rem; }
details, ul { color: #444; } .wide { overflow-x: auto; }
"""
# Nothing is loaded and nothing runs, whatever is in a ticket.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def backtest_page(history: History, window: ReplayWindow, sections: Sequence[BacktestSection]) -> str:
    """The whole page; a section without figures says what is missing."""
    return "\n".join(_page(history, window, sections))


def _page(history: History, window: ReplayWindow, sections: Sequence[BacktestSection]) -> Iterator[str]:
    times = history.frame["created_at"]
    inside = int(window.of(times).sum())
    before = int((times < window.start).sum())
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Liaison backtest</title><style>{_STYLE}</style></head><body>"
    yield "<h1>What Liaison's insights would have done</h1>"
    yield (
        f"<p>Replayed: <b>{inside:,} tickets</b> of {_text(str(window))}, in their order, each with nothing but what "
        f"was known when it came in. Learnt from the {before:,} before. Source: {_text(history.source)}.</p>"
    )
    yield "<p>Intervals are those in which 95 of 100 such figures are. None was measured on what was learnt from.</p>"
    yield from _list(history.notes)
    for section in sections:
        yield from _section(section)
    yield "</body></html>"


def _section(section: BacktestSection) -> Iterator[str]:
    yield f'<h2 id="{section.name}">{_text(section.title)}</h2>'
    if section.missing:
        yield f'<p class="missing"><b>Not available.</b> {_text(section.missing)}</p>'
        return
    yield f'<p class="headline">{_text(section.headline)}</p>'
    yield "<table><thead><tr><th>Figure</th><th>Value</th><th>Interval</th><th>Measured on</th></tr></thead><tbody>"
    for figure in section.figures:
        cells = (figure.words, figure.value, figure.interval, figure.n)
        marks = ("", ' class="value"', "", "")
        inner = "".join(f"<td{mark}>{_text(cell)}</td>" for mark, cell in zip(marks, cells, strict=True))
        yield f"<tr>{inner}</tr>"
    yield "</tbody></table>"
    for plot in section.plots:
        yield _image(plot)
    for table in section.tables:
        yield from _table(table)
    yield from _list(section.limits)


def _image(plot: ReportFile) -> str:
    content = base64.b64encode(plot.content).decode()
    title = _text(plot.title)
    return f'<figure><img src="data:image/png;base64,{content}" alt="{title}"><figcaption>{title}</figcaption></figure>'


def _table(table: Table) -> Iterator[str]:
    rows = table.rows.head(SHOWN)
    yield f"<details{' open' if len(table.rows) <= SHOWN else ''}><summary>{_text(table.title)} "
    yield f"({len(table.rows):,} rows, all in {_text(table.name)}.csv)</summary><div class='wide'><table><thead><tr>"
    yield "".join(f"<th>{_text(str(name))}</th>" for name in rows.columns) + "</tr></thead><tbody>"
    for row in rows.itertuples(index=False, name=None):
        yield "<tr>" + "".join(f"<td>{_text(_cell(cell))}</td>" for cell in row) + "</tr>"
    yield "</tbody></table></div></details>"


def _list(texts: Sequence[str]) -> Iterator[str]:
    if texts:
        yield "<ul>" + "".join(f"<li>{_text(text)}</li>" for text in texts) + "</ul>"


def _cell(cell: object) -> str:
    if pd.isna(cell):  # type: ignore[call-overload]
        return ""
    if isinstance(cell, pd.Timestamp):
        return f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{cell:.3g}"
    return cut(one_line(str(cell)), _LONGEST_CELL)


def _text(text: str) -> str:
    return html.escape(text, quote=True)
