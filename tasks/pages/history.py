"""Whether a history is fit to learn from, as a page."""

from __future__ import annotations

from collections.abc import Sequence

from incidents.report_file import ReportFile
from insights.quality.report import QualityReport
from tasks.pages.files import FileLinks
from tasks.pages.markdown import plain


def history_page(
    title: str, report: QualityReport, files: Sequence[ReportFile], links: FileLinks, *, examples: int
) -> str:
    """The expectations that failed, of so many rows; `title` is what the model learns, `files` tell of each one."""
    lines = [
        f"# History of {title}",
        "",
        f"{report.checked - len(report.findings)} of {report.checked} expectations hold for {examples:,} rows.",
        "",
        *(f"- **{finding.check}**: {plain(str(finding))}" for finding in report.findings),
        "",
    ]
    for file in files:
        address = links.to(file)
        lines.append(
            f"[{file.title}]({address})"
            if address is not None
            else f"{file.title}: give the gateway's address as `links.gateway`, and there will be a link here."
        )
    return "\n".join(lines)
