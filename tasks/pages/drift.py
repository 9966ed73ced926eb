"""What was found of one model's drift, as a page."""

from __future__ import annotations

from insights.training.drift import Drift, Moved
from tasks.pages.markdown import plain


def drift_page(title: str, drift: Drift) -> str:
    """Each change with what it says; `title` is the model's."""
    lines = [f"# Drift of {title}", "", f"**{drift.moved}**", ""]
    lines += [f"- **{plain(one.what)}** {one.moved}: {plain(one.words)}" for one in drift.changes]
    if drift.moved is Moved.RETRAIN:
        lines += ["", "Look at what has changed, then run the flow `train`."]
    return "\n".join(lines)
