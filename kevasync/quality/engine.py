"""The one door to Great Expectations: loaded on first use, ephemeral, no analytics, no progress bars."""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from kevasync.errors import Problem, UsageError

__all__ = ["Expectation", "Frame", "Verdict", "prepare", "validate"]

Frame = Any
"""A pandas DataFrame; pandas ships no types."""

CROSS_ROW = frozenset(
    {
        "expect_column_values_to_be_unique",
        "expect_compound_columns_to_be_unique",
        "expect_column_values_to_be_increasing",
        "expect_column_values_to_be_decreasing",
        "expect_column_value_z_scores_to_be_less_than",
        "expect_column_values_to_not_be_outliers",
    }
)
"""Expectations on rows that look at other rows as well: they must see all rows at once."""
KNOWN_KEYS = frozenset(
    {"type", "kwargs", "meta", "severity", "id", "description", "notes", "rendered_content", "success_on_last_run"}
)
COLUMN_ARGUMENTS = ("column", "column_A", "column_B", "column_list")


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation of a suite, checked: its place in the file, the columns it reads and how it must be run."""

    position: int
    type: str
    kwargs: Mapping[str, Any]
    columns: tuple[str, ...]
    by_row: bool
    cross_row: bool
    mostly: float
    critical: bool
    reason: str
    ignore_case: bool

    @property
    def field(self) -> str:
        """The column, or columns, for people."""
        return ", ".join(self.columns)

    def as_dict(self) -> dict[str, Any]:
        """The form Great Expectations reads."""
        return {"type": self.type, "kwargs": dict(self.kwargs), "meta": {"position": self.position}}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one expectation said of one frame: rows with a value, keys of rows that failed, or the observed value."""

    position: int
    success: bool
    said: int
    failed: tuple[str, ...]
    observed: Any


@cache
def _library() -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    # it writes a traceback to the log for an expectation it cannot build; we say the same in one line
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL + 1)
    with _unwarned():
        return import_module("great_expectations")


@contextmanager
def _unwarned() -> Iterator[None]:
    """Its own deprecation notes are not for our users."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@cache
def _batches() -> Any:
    """The definition that turns a pandas frame into a batch; one ephemeral context a process."""
    with _unwarned():
        context = _library().get_context(mode="ephemeral")
        context.enable_analytics(enable=False)
        context.variables.progress_bars = {"globally": False}
        source = context.data_sources.add_pandas("kevasync")
        return source.add_dataframe_asset("batch").add_batch_definition_whole_dataframe("whole")


def prepare(suite: Mapping[str, Any], where: str) -> list[Expectation]:
    """Check every expectation of a suite. Raises UsageError `quality-suite-invalid` with all problems at once."""
    prepared: list[Expectation] = []
    problems: list[Problem] = []
    theirs = _library().exceptions.GreatExpectationsError
    refused = (LookupError, TypeError, ValueError, AttributeError, re.error, theirs)
    for position, raw in enumerate(suite["expectations"], start=1):
        try:
            prepared.append(_prepare(position, raw))
        except refused as error:
            name = raw.get("type") if isinstance(raw, dict) else type(raw).__name__
            column = (
                raw["kwargs"].get("column") if isinstance(raw, dict) and isinstance(raw.get("kwargs"), dict) else None
            )
            message = f"expectation {position} ({name}): {_say(error)}"
            problems.append(Problem("quality-suite-invalid", "error", message, suite.get("name"), column))
    if problems:
        raise UsageError(
            "quality-suite-invalid",
            f"{where}: {len(problems)} of {len(suite['expectations'])} expectations cannot be used",
            problems=problems,
        )
    return prepared


def _prepare(position: int, raw: Any) -> Expectation:
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str) or not isinstance(raw.get("kwargs", {}), dict):
        raise TypeError("needs a type (text) and kwargs (an object)")
    if unknown := set(raw) - KNOWN_KEYS:
        raise ValueError(f"does not know {', '.join(sorted(unknown))}")
    kwargs, meta = raw.get("kwargs", {}), raw.get("meta") or {}
    for pattern in (kwargs.get("regex"), *(kwargs.get("regex_list") or ())):
        if pattern is not None:
            re.compile(pattern)
    configuration = import_module("great_expectations.expectations.expectation_configuration")
    expectations = import_module("great_expectations.expectations.expectation")
    with _unwarned():
        built = configuration.ExpectationConfiguration(type=raw["type"], kwargs=kwargs).to_domain_obj()
    by_row = isinstance(
        built,
        expectations.ColumnMapExpectation
        | expectations.ColumnPairMapExpectation
        | expectations.MulticolumnMapExpectation,
    )
    columns = [kwargs[name] for name in COLUMN_ARGUMENTS if kwargs.get(name) is not None]
    flat = tuple(name for item in columns for name in (item if isinstance(item, list) else [item]))
    reason = meta.get("reason") or f"does not meet {raw['type']}"
    return Expectation(
        position,
        raw["type"],
        kwargs,
        flat,
        by_row,
        raw["type"] in CROSS_ROW,
        float(kwargs.get("mostly", 1.0)),
        raw.get("severity", "critical") == "critical",
        str(reason),
        bool(meta.get("ignore_case")),
    )


def _say(error: Exception) -> str:
    """A library's error in one line."""
    if hasattr(error, "errors"):
        return "; ".join(f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors())
    return (str(error).splitlines() or [type(error).__name__])[0]


def validate(frame: Frame, expectations: Sequence[Expectation], key: str, where: str) -> list[Verdict]:
    """Run expectations on one frame. Raises UsageError `quality-suite-invalid` where one cannot be evaluated."""
    if not expectations:
        return []
    library = _library()
    with _unwarned():
        suite = library.ExpectationSuite(name="batch", expectations=[item.as_dict() for item in expectations])
        batch = _batches().get_batch(batch_parameters={"dataframe": frame})
        form = {
            "result_format": "COMPLETE",
            "unexpected_index_column_names": [key],
            "return_unexpected_index_query": False,
        }
        results = batch.validate(suite, result_format=form).results
    by_position = {item.position: item for item in expectations}
    return [_verdict(result, by_position, key, where) for result in results]


def _verdict(result: Any, expectations: Mapping[int, Expectation], key: str, where: str) -> Verdict:
    position = result.expectation_config.meta["position"]
    raised = _raised(result.exception_info)
    if raised is not None:
        item = expectations[position]
        message = f"expectation {position} ({item.type} on {item.field}): {raised}"
        problem = Problem("quality-suite-invalid", "error", message, None, item.field)
        raise UsageError("quality-suite-invalid", f"{where}: {message}", problems=[problem])
    found = result.result
    failed = tuple(str(row[key]) for row in found.get("unexpected_index_list") or ())
    said = int(found.get("element_count", 0)) - int(found.get("missing_count", 0) or 0)
    return Verdict(position, bool(result.success), said, failed, found.get("observed_value"))


def _raised(info: Mapping[str, Any]) -> str | None:
    """The message of an evaluation that failed; the library nests it by metric or gives it bare."""
    for item in (info, *(value for value in info.values() if isinstance(value, dict))):
        if item.get("raised_exception"):
            lines = str(item.get("exception_message") or "cannot be evaluated").splitlines()
            return lines[0] if lines else "cannot be evaluated"
    return None
