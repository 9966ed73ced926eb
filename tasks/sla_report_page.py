"""The SLA report's page in the Prefect UI: what was kept, pictures, small tables, and where to download it all."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from incidents.report_file import PNG, ReportFile
from incidents.sla_report import SlaReport
from incidents.sla_report_words import ReportSection, headline, sections, when
from tasks.story import plain

KEY = "sla-report"
_ROWS_SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class FileLinks:
    """Where the gateway serves a report's files; `base` is None if nobody told us its address."""

    base: str | None
    token: str

    def to(self, file: ReportFile) -> str | None:
        return None if self.base is None else f"{self.base}/reports/{self.token}/{file.name}"


def report_page(report: SlaReport, files: Sequence[ReportFile], links: FileLinks) -> str:
    """Markdown. Its pictures are inside, as both UIs show those whether or not the reader reaches the gateway."""
    lines = [
        f"# SLA report {report.week}",
        "",
        f"**{headline(report)}**",
        "",
        f"{when(report)}. Made {report.made_at:%Y-%m-%d %H:%M UTC}.",
        "",
    ]
    for file in files:
        if file.media_type == PNG:
            lines += [f"![{file.title}]({data_uri(file)})", ""]
    for section in sections(report):
        lines += [*_table(section), ""]
    lines += ["## Downloads", "", *_downloads(files, links), "", *_how_to_read()]
    return "\n".join(lines)


def data_uri(file: ReportFile) -> str:
    return f"data:{file.media_type};base64,{base64.b64encode(file.content).decode()}"


def _table(section: ReportSection) -> Iterator[str]:
    yield f"## {section.title}"
    yield ""
    if not section.rows:
        yield "Nothing."
        return
    yield f"| {' | '.join(section.headings)} |"
    yield f"|---{'|--:' * (len(section.headings) - 1)}|"
    for row in section.rows[:_ROWS_SHOWN]:
        yield f"| {' | '.join(plain(cell) for cell in row)} |"
    if len(section.rows) > _ROWS_SHOWN:
        yield ""
        yield f"and {len(section.rows) - _ROWS_SHOWN} more rows, in the download"


def _downloads(files: Sequence[ReportFile], links: FileLinks) -> Iterator[str]:
    if links.base is None:
        yield (
            "Put the gateway's address under `links.gateway` in the policy, and there will be links here. The same "
            "files come from `liaison report --out FOLDER`."
        )
        return
    for file in files:
        yield f"- [{file.title}]({links.to(file)}) {file.name.rpartition('.')[2].upper()}"


def _how_to_read() -> Iterator[str]:
    yield "## How to read it"
    yield ""
    yield (
        "A promise counts in the week in which it was kept, or in which what was late was done; one that is late and "
        "still open counts in the week in which it was due. In brackets: chance alone puts the share of so few "
        "promises there 19 times of 20 (Wilson). Working time is time by the promise's calendar without its pauses; "
        "what is still open is not in its percentiles. More: docs/sla-report.md."
    )
