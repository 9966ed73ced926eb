"""A report's files on a page: where they are, and as what a page shows without a request."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from incidents.report_file import ReportFile


@dataclass(frozen=True, kw_only=True, slots=True)
class FileLinks:
    """Where the gateway serves a report's files; `base` is None if nobody told us its address."""

    base: str | None
    token: str

    def to(self, file: ReportFile) -> str | None:
        """Where the gateway serves the file, or None if nobody said its address."""
        return None if self.base is None else f"{self.base}/reports/{self.token}/{file.name}"


def data_uri(file: ReportFile) -> str:
    """The file inside an address: a page then shows it without asking anybody."""
    return f"data:{file.media_type};base64,{base64.b64encode(file.content).decode()}"
