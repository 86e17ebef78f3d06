"""Brakes for accidents: what a plan may not do without a person saying so. Deciding only; apply refuses.

Percentages are of the records they could have touched and apply from `minimum_rows` upwards: three changes among five
linked records are no accident. Each guard has one flag that goes past it for one run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Fired", "GuardFacts", "GuardLimits", "check_guards"]


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """Limits in per cent; `minimum_rows` is the number of records from which percentages mean anything."""

    max_change_percent: float = 30.0
    max_clear_percent: float = 5.0
    max_unlink_percent: float = 2.0
    count_jump_percent: float = 20.0
    api_budget_percent: float = 50.0
    minimum_rows: int = 50


@dataclass(frozen=True, slots=True)
class GuardFacts:
    """What a plan is judged by; all are counts of records, but for the calls."""

    keva_rows: int
    sf_rows: int
    links: int
    known_pairs: int
    updated: int
    cleared: int
    unlinked: int
    writes: int
    keva_rows_before: int | None = None
    sf_rows_before: int | None = None
    api_calls: int = 0
    api_calls_left: int | None = None


@dataclass(frozen=True, slots=True)
class Fired:
    """A guard that stopped a plan: its error code, the numbers in words, and the flag that goes past it."""

    code: str
    message: str
    flag: str

    def as_dict(self) -> Mapping[str, Any]:
        """The form in which plan.json keeps it."""
        return asdict(self)


def _above(part: int, whole: int, percent: float, minimum: int) -> bool:
    return part >= minimum * percent / 100 and part * 100 > whole * percent and whole >= minimum


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({part * 100 / whole if whole else 100:.1f} %)"


def check_guards(facts: GuardFacts, limits: GuardLimits) -> list[Fired]:
    """All guards that a plan with these facts sets off, in the order in which a person should look at them."""
    fired: list[Fired] = []
    known, least = facts.known_pairs, limits.minimum_rows
    for name, rows in (("Keva", facts.keva_rows), ("Salesforce", facts.sf_rows)):
        if rows == 0 and (facts.links > 0 or (name == "Keva" and facts.sf_rows > 0)):
            fired.append(
                Fired("guard-empty-side", f"{name} has no records, with {facts.links:,} links known", "--allow-empty")
            )
    for name, rows, before in (
        ("Keva", facts.keva_rows, facts.keva_rows_before),
        ("Salesforce", facts.sf_rows, facts.sf_rows_before),
    ):
        if rows and before and _above(abs(rows - before), before, limits.count_jump_percent, least):
            message = (
                f"{name} has {rows:,} records, {before:,} in the run before: "
                f"{(rows - before) * 100 / before:+.1f} %, limit {limits.count_jump_percent:g} %"
            )
            fired.append(Fired("guard-count", message, "--allow-count"))
    for code, flag, words, part, percent in (
        ("guard-unlinks", "--allow-unlinks", "links would be dissolved", facts.unlinked, limits.max_unlink_percent),
        (
            "guard-clears",
            "--allow-clears",
            "records would have a value cleared",
            facts.cleared,
            limits.max_clear_percent,
        ),
        ("guard-changes", "--allow-changes", "linked records would change", facts.updated, limits.max_change_percent),
    ):
        whole = max(known, facts.links)
        if _above(part, whole, percent, least):
            fired.append(Fired(code, f"{_share(part, whole)} {words}, limit {percent:g} %", flag))
    left = facts.api_calls_left
    if left is not None and facts.api_calls * 100 > left * limits.api_budget_percent:
        message = (
            f"the plan needs about {facts.api_calls:,} API calls; {left:,} are left today, "
            f"of which one plan may use {limits.api_budget_percent:g} %"
        )
        fired.append(Fired("guard-budget", message, "--allow-budget"))
    return fired
