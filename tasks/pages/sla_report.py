"""The SLA report's page in the Prefect UI: what was kept, pictures, small tables, and where to download it all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from incidents.report_file import PNG, ReportFile
from incidents.texts.team import worded
from incidents.texts.times import day_and_clock
from insights.sla_report.report import SlaReport
from insights.sla_report.words import (
    ReportSection,
    headline,
    sections,
    when,
)
from tasks.pages.files import FileLinks, data_uri
from tasks.pages.markdown import plain

KEY = "sla-report"
_ROWS_SHOWN = 20


def report_page(report: SlaReport, files: Sequence[ReportFile], links: FileLinks) -> str:
    """Markdown. Its pictures are inside, as both UIs show those whether or not the reader reaches the gateway."""
    lines = [
        f"# {worded('SLA report {week}', week=report.week)}",
        "",
        f"**{headline(report)}**",
        "",
        worded("{when}. Made {time}.", when=when(report), time=day_and_clock(report.made_at)),
        "",
    ]
    for file in files:
        if file.media_type == PNG:
            lines += [f"![{file.title}]({data_uri(file)})", ""]
    for section in sections(report):
        lines += [*_table(section), ""]
    lines += [f"## {worded('Downloads')}", "", *_downloads(files, links), "", *_how_to_read()]
    return "\n".join(lines)


def _table(section: ReportSection) -> Iterator[str]:
    yield f"## {section.title}"
    yield ""
    if not section.rows:
        yield worded("Nothing.")
        return
    yield f"| {' | '.join(section.headings)} |"
    yield f"|---{'|--:' * (len(section.headings) - 1)}|"
    for row in section.rows[:_ROWS_SHOWN]:
        yield f"| {' | '.join(plain(cell) for cell in row)} |"
    if len(section.rows) > _ROWS_SHOWN:
        yield ""
        yield worded("and {count} more rows, in the download", count=len(section.rows) - _ROWS_SHOWN)


def _downloads(files: Sequence[ReportFile], links: FileLinks) -> Iterator[str]:
    if links.base is None:
        yield worded(
            "Put the gateway's address under `links.gateway` in the policy, and there will be links here. The same "
            "files come from `liaison report --out FOLDER`."
        )
        return
    for file in files:
        yield f"- [{file.title}]({links.to(file)}) {file.name.rpartition('.')[2].upper()}"


def _how_to_read() -> Iterator[str]:
    yield f"## {worded('How to read it')}"
    yield ""
    yield worded(
        "A promise counts in the week in which it was kept, or in which what was late was done; one that is late and "
        "still open counts in the week in which it was due. In brackets: chance alone puts the share of so few "
        "promises there 19 times of 20 (Wilson). Working time is time by the promise's calendar without its pauses; "
        "what is still open is not in its percentiles. More: docs/sla-report.md."
    )
