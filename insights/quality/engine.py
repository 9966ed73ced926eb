"""The adapter to Great Expectations, the one place that runs it: in memory, nothing on disk, nothing sent, no
progress bars.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from incidents.texts.team import worded
from incidents.texts.times import grouped
from insights.quality.page import self_contained
from insights.quality.report import (
    Check,
    Finding,
    QualityReport,
)

_ONE_AT_A_TIME = threading.Lock()
"""Great Expectations keeps its context in a global of the process."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """One expectation: `low` and `high` bound a value, a row count or a time, `values` name what is allowed, `other`
    is the column that must not be later, `most` is the least share of rows that must fulfil it.
    """

    check: Check
    column: str
    words: str
    low: float | datetime | None = None
    high: float | datetime | None = None
    values: tuple[str, ...] = ()
    other: str = ""
    most: float = 1.0


def validate(
    frame: pd.DataFrame, expected: Sequence[Expected], *, name: str, with_html: bool
) -> QualityReport:
    """`name` is the page's title. Expectations that cannot be computed have failed."""
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        # Its own and its dependencies' deprecations are not our users' business.
        warnings.simplefilter("ignore")
        # Importing it takes seconds: only who checks data waits for it.
        import great_expectations as gx  # noqa: PLC0415

        context = _context(gx)
        suite = context.suites.add(
            gx.ExpectationSuite(
                name=name, expectations=[_expectation(gx, number, one) for number, one in enumerate(expected)]
            )
        )
        batch = (
            context.data_sources.add_pandas("memory")
            .add_dataframe_asset("frame")
            .add_batch_definition_whole_dataframe("all")
        )
        definition = context.validation_definitions.add(
            gx.ValidationDefinition(name=name, data=batch, suite=suite)
        )
        outcome = definition.run(
            batch_parameters={"dataframe": frame},
            # No samples: they would carry customers' values into pages and logs.
            result_format={"result_format": "SUMMARY", "partial_unexpected_count": 0},
        )
        failed = {
            int(result.expectation_config.meta["number"]): result
            for result in outcome.results
            if not result.success
        }
        html = self_contained(_page(outcome), title=name) if with_html else None
    findings = tuple(
        Finding(check=one.check, column=one.column, words=one.words, observed=_observed(one, failed[number]))
        for number, one in enumerate(expected)
        if number in failed
    )
    return QualityReport(checked=len(expected), findings=findings, html=html)


def _context(gx: Any) -> Any:
    from great_expectations.data_context.types.base import (  # noqa: PLC0415
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    return gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        ),
    )


def _expectation(gx: Any, number: int, one: Expected) -> Any:
    column, bounds = {"column": one.column}, {"min_value": one.low, "max_value": one.high}
    kinds: dict[Check, tuple[str, dict[str, Any]]] = {
        Check.COLUMNS: ("ExpectColumnToExist", column),
        Check.ROWS: ("ExpectTableRowCountToBeBetween", bounds),
        Check.VOLUME: ("ExpectTableRowCountToBeBetween", bounds),
        Check.FRESHNESS: ("ExpectColumnMaxToBeBetween", column | bounds),
        Check.DRIFT: ("ExpectColumnMaxToBeBetween", column | bounds),
        Check.UNIQUE: ("ExpectColumnValuesToBeUnique", column),
        Check.COMPLETENESS: ("ExpectColumnValuesToNotBeNull", column | {"mostly": one.most}),
        Check.RANGE: ("ExpectColumnValuesToBeBetween", column | bounds | {"mostly": one.most}),
        Check.VALUES: (
            "ExpectColumnValuesToBeInSet",
            column | {"value_set": list(one.values), "mostly": one.most},
        ),
        Check.ORDER: (
            "ExpectColumnPairValuesAToBeGreaterThanB",
            {
                "column_A": one.column,
                "column_B": one.other,
                "or_equal": True,
                "ignore_row_if": "either_value_is_missing",
                "mostly": one.most,
            },
        ),
    }
    kind, terms = kinds[one.check]
    return getattr(gx.expectations, kind)(**terms, meta={"number": number})


def _observed(one: Expected, result: Any) -> str:
    seen = result.result or {}
    if one.check is Check.COLUMNS:
        return worded("not there")
    if one.check is Check.FRESHNESS and pd.isna(seen.get("observed_value")):
        return worded("no time at all")
    if seen.get("observed_value") is not None:
        value = seen["observed_value"]
        return worded("seen: {value}", value=f"{value:.3g}" if isinstance(value, float) else value)
    if "unexpected_count" in seen:
        # Where something is missing nothing was compared; only completeness is about what is missing.
        left_out = 0 if one.check is Check.COMPLETENESS else seen.get("missing_count") or 0
        return worded(
            "{count} of {all} rows",
            count=grouped(seen["unexpected_count"]),
            all=grouped(seen["element_count"] - left_out),
        )
    return worded("could not be computed: are the values of one kind?")


def _page(outcome: Any) -> str:
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer  # noqa: PLC0415
    from great_expectations.render.view.view import DefaultJinjaPageView  # noqa: PLC0415

    view: Any = DefaultJinjaPageView()
    return str(view.render(ValidationResultsPageRenderer().render(outcome)))
