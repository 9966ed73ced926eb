"""The calibration plot of a model's card, as PNG: made without pyplot, which keeps state of its own.

matplotlib is imported when it is drawn, as that takes a second.
"""

from __future__ import annotations

import math
from io import BytesIO

from insights.training.card import Bin, ModelCard

# Okabe and Ito's colours, which people of every colour vision can tell apart.
_MODEL, _PERFECT, _GRID = "#0072B2", "#8a8a8a", "#e3e3e3"
_INCHES, _DPI = (5.0, 5.0), 110


def _by_chance(one: Bin) -> float:
    return 1.96 * math.sqrt(one.came * (1 - one.came) / one.rows)


def calibration_plot(card: ModelCard) -> bytes:
    """Tenths of the tested rows: what was said against what came true. On the line, probabilities hold."""
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.ticker import PercentFormatter  # noqa: PLC0415

    figure = Figure(figsize=_INCHES, dpi=_DPI, layout="constrained", facecolor="white")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=_PERFECT, linewidth=1, linestyle="--", label="probabilities that hold")
    axes.errorbar(
        [one.given for one in card.reliability],
        [one.came for one in card.reliability],
        yerr=[_by_chance(one) for one in card.reliability],
        color=_MODEL,
        fmt="o",
        markersize=6,
        linewidth=1,
        label="this model, a tenth of the cases each,\nand how far chance moves it 19 times of 20",
    )
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.grid(visible=True, color=_GRID)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("probability given")
    axes.set_ylabel("share that came true")
    axes.set_title(
        f"{card.calibration:.3f} off on average, {card.tested:,} later cases", loc="left", fontsize=10
    )
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    written = BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()
