"""A model's card in the Prefect UI, with its calibration plot."""

from __future__ import annotations

import asyncio

from incidents.report_file import PNG, ReportFile
from insights.contract import Subject
from insights.training.card import ModelCard, card_markdown
from insights.training.card_plot import calibration_plot
from tasks.artifacts import publish_page, publish_picture
from tasks.pages.files import data_uri
from tasks.pages.markdown import plain


async def show_card(subject: Subject, card: ModelCard, *, is_promoted: bool) -> None:
    """`model-routing-service` tells of the model in use, `challenger-routing-service` of the last one kept out."""
    key = f"{'model' if is_promoted else 'challenger'}-{subject.key}"
    title = f"Calibration of {subject.title}"
    content = await asyncio.to_thread(calibration_plot, card)
    plot = data_uri(ReportFile(name=f"{key}.png", title=title, media_type=PNG, content=content))
    await publish_page(
        key=key,
        markdown=card_markdown(card, plain=plain, plot=plot),
        description=f"{card.title} {card.verdict}",
    )
    await publish_picture(key=f"{key}-calibration", address=plot, description=title)
