"""The law of one field: what base, Keva and Salesforce together mean. Pure; `diff.sql` is the same law for millions.

All values are in the form in which they are compared (canonical, in the Salesforce representation). `None` is null,
which is a value: a clear travels. `UNSAID` is not a value: for the base it means that the sides never agreed on this
field; for a side, that it said nothing (an absent JSON key), which changes nothing.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final, NamedTuple

from kevasync.mapping.definition import ConflictPolicy, DriftPolicy
from kevasync.records import Direction

__all__ = ["UNSAID", "Action", "Value", "Verdict", "decide", "resolve", "settle"]


class _Unsaid(Enum):
    UNSAID = "unsaid"


UNSAID: Final = _Unsaid.UNSAID
Value = str | None | _Unsaid


class Verdict(StrEnum):
    """What the three values mean, before any policy is asked."""

    UNSAID = "unsaid"
    AGREED = "agreed"
    TO_CRM = "to_crm"
    FROM_CRM = "from_crm"
    CONFLICT = "conflict"
    DRIFT = "drift"
    REVIEW = "review"


class Action(StrEnum):
    """What is done about it: nothing, a write to one side or both (union, append), or a question to a person."""

    NO_OP = "no-op"
    TO_CRM = "to_crm"
    FROM_CRM = "from_crm"
    BOTH = "both"
    ASK_CONFLICT = "conflict"
    ASK_REVIEW = "review"
    ASK_DRIFT = "drift"


class Times(NamedTuple):
    """When each side's value was last changed, ISO 8601 UTC; None where unknown."""

    keva: str | None = None
    salesforce: str | None = None


def decide(base: Value, keva: Value, salesforce: Value, direction: Direction) -> Verdict:
    """The table of the law (docs/law.md), row by row."""
    if keva is UNSAID or salesforce is UNSAID:
        return Verdict.UNSAID
    if keva == salesforce:  # the same edit twice, or our own echo
        return Verdict.AGREED
    if direction is Direction.TO_CRM:
        if base is UNSAID:  # a first sync never clears
            return Verdict.REVIEW if keva is None else Verdict.TO_CRM
        return Verdict.DRIFT if keva == base else Verdict.TO_CRM
    if direction is Direction.FROM_CRM:
        if base is UNSAID:
            return Verdict.REVIEW if salesforce is None else Verdict.FROM_CRM
        return Verdict.DRIFT if salesforce == base else Verdict.FROM_CRM
    if base is UNSAID:  # a first sync fills what is empty
        if keva is None:
            return Verdict.FROM_CRM
        return Verdict.TO_CRM if salesforce is None else Verdict.CONFLICT
    if salesforce == base:
        return Verdict.TO_CRM
    return Verdict.FROM_CRM if keva == base else Verdict.CONFLICT


def resolve(
    keva: Value,
    salesforce: Value,
    policy: ConflictPolicy,
    times: Times = Times(),  # noqa: B008 a NamedTuple is immutable
) -> Action:
    """Who wins a conflict. Ties and missing time stamps are asked; the loser's value stays in the ledger."""
    match policy:
        case ConflictPolicy.KEVA:
            return Action.TO_CRM
        case ConflictPolicy.SALESFORCE:
            return Action.FROM_CRM
        case ConflictPolicy.UNION | ConflictPolicy.APPEND:
            return Action.BOTH
        case ConflictPolicy.FILL_ONLY:
            if keva is None:
                return Action.FROM_CRM
            return Action.TO_CRM if salesforce is None else Action.NO_OP
        case ConflictPolicy.LONGEST:
            return _larger(len(str(keva or "")), len(str(salesforce or "")))
        case ConflictPolicy.NEWEST if times.keva is not None and times.salesforce is not None:
            return _larger(times.keva, times.salesforce)
        case _:
            return Action.ASK_CONFLICT


def _larger(keva: str | int, salesforce: str | int) -> Action:
    if keva == salesforce:
        return Action.ASK_CONFLICT
    return Action.TO_CRM if keva > salesforce else Action.FROM_CRM  # type: ignore[operator] # both of one type


def settle(
    verdict: Verdict,
    keva: Value,
    salesforce: Value,
    direction: Direction,
    policies: tuple[ConflictPolicy, DriftPolicy],
    times: Times = Times(),  # noqa: B008 a NamedTuple is immutable
) -> Action:
    """The action that follows from a verdict and the field's conflict and drift policies."""
    conflict, drift = policies
    match verdict:
        case Verdict.UNSAID | Verdict.AGREED:
            return Action.NO_OP
        case Verdict.TO_CRM:
            return Action.TO_CRM
        case Verdict.FROM_CRM:
            return Action.FROM_CRM
        case Verdict.REVIEW:
            return Action.ASK_REVIEW
        case Verdict.CONFLICT:
            return resolve(keva, salesforce, conflict, times)
        case Verdict.DRIFT:
            if drift is DriftPolicy.REPORT:
                return Action.ASK_DRIFT
            if drift is DriftPolicy.RESPECT:
                return Action.NO_OP
            return Action.TO_CRM if direction is Direction.TO_CRM else Action.FROM_CRM
