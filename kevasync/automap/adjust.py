"""What people decided, put into suggestions at once: the accepted first, the rejected gone, kin lifted or lowered."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kevasync.automap.decisions import Held, MappingDecision, holding
from kevasync.automap.fields import Candidate, Evidence, Suggestion
from kevasync.automap.words import plain_name, tokens

__all__ = ["ACCEPTED", "adjust", "is_accepted"]

_SAME_NAME = 3.0
_SAME_WORDS = 1.6
_GROUP = 0.9
_PREFIX = 0.5
_TAKEN = -1.5
_REFUSED_ALIKE = -1.0
_FEATURE = "decision"
_WHOLE_NAME = "Name"
ACCEPTED = "accepted"
"""Value of the evidence of a pair that somebody accepted."""
_GROUP_NAME = re.compile(r"(Mailing|Other|Billing|Shipping)?(Street|City|State|PostalCode|Country)$")
_PERSON = frozenset({"FirstName", "LastName", "MiddleName", "Salutation", "Suffix"})


@dataclass(frozen=True, slots=True)
class _Lesson:
    """One decision that still holds, in the form in which it teaches about other columns."""

    object: str
    source: str
    words: tuple[str, ...]
    plain: str
    targets: tuple[str, ...]
    accepted: bool


def adjust(
    suggestions: Sequence[Suggestion], decisions: Iterable[MappingDecision], object_name: str
) -> list[Suggestion]:
    """The suggestions as the decisions on this object, and on the same names of other objects, leave them.

    An accepted pair stands first with confidence 1. A rejected one is gone; what it had goes to the others. Accepting
    lifts columns with the same words (`addr1`, `addr2`), of the same group (`b_city` after `b_street`) or prefix, and
    lowers a target that is now another column's.
    """
    held = holding(decisions)
    if not held:
        return list(suggestions)
    lessons = list(_lessons(held))
    return [_one(item, held.get((object_name, item.source.name)), lessons, object_name) for item in suggestions]


def is_accepted(item: Suggestion) -> bool:
    """Whether the first candidate is there because somebody accepted it."""
    first = item.candidates[0] if item.candidates else None
    return first is not None and any((one.feature, one.value) == (_FEATURE, ACCEPTED) for one in first.evidence)


def _lessons(held: Mapping[tuple[str, str], Held]) -> Iterable[_Lesson]:
    for (object_name, source), now in held.items():
        words, plain = tokens(source), plain_name(source)
        if now.accepted is not None:
            yield _Lesson(object_name, source, words, plain, now.accepted.targets, accepted=True)
        for targets in now.rejected:
            yield _Lesson(object_name, source, words, plain, targets, accepted=False)


def _one(item: Suggestion, held: Held | None, lessons: Sequence[_Lesson], object_name: str) -> Suggestion:
    if held is not None and held.accepted is not None:
        return _accepted(item, held.accepted)
    kept = item.candidates
    if held is not None:
        refused = {name for targets in held.rejected for name in (targets or (None,))}
        if any(len(targets) > 1 for targets in held.rejected):
            refused.add(_WHOLE_NAME)
        kept = tuple(candidate for candidate in kept if candidate.target not in refused)
        kept = _shared_out(kept, sum(candidate.confidence for candidate in item.candidates))
    moved = _moved(item, kept, lessons, object_name)
    first = moved[0].target if moved else None
    same = item.candidates and first == item.candidates[0].target
    return replace(item, candidates=moved, targets=item.targets if same else (first,) if first else ())


def _accepted(item: Suggestion, decision: MappingDecision) -> Suggestion:
    who = f"accepted by {decision.who}" if decision.who else "accepted"
    when = f" on {decision.at[:10]}" if decision.at else ""
    first = Candidate(decision.target, 1.0, (Evidence(_FEATURE, ACCEPTED, 0.0, f"{who}{when}"),))
    rest = tuple(replace(one, confidence=0.0) for one in item.candidates if one.target != decision.target)
    return replace(
        item,
        candidates=(first, *rest),
        targets=decision.targets,
        direction=decision.direction,
        transforms=decision.transforms,
        custom_field=decision.custom_field,
    )


def _shared_out(kept: tuple[Candidate, ...], total: float) -> tuple[Candidate, ...]:
    """The remaining candidates with the confidence of the refused ones shared among them, as they stand to each other.

    What was refused spoke for them less than surely, so half of it is lost.
    """
    left = sum(candidate.confidence for candidate in kept)
    if left <= 0:
        return kept
    grown = (left + (total - left) / 2) / left
    return tuple(replace(candidate, confidence=min(candidate.confidence * grown, 1.0)) for candidate in kept)


def _moved(
    item: Suggestion, kept: tuple[Candidate, ...], lessons: Sequence[_Lesson], object_name: str
) -> tuple[Candidate, ...]:
    words, plain = tokens(item.source.name), plain_name(item.source.name)
    total = min(sum(candidate.confidence for candidate in kept), 1.0)
    moved: list[tuple[Candidate, float]] = []
    for candidate in kept:
        reasons = [
            reason
            for lesson in lessons
            if (lesson.object, lesson.source) != (object_name, item.source.name)
            and (reason := _reason(candidate.target, words, plain, lesson, object_name)) is not None
        ]
        # the strongest for and the strongest against; many alike decisions are one lesson
        strongest = [
            *sorted((one for one in reasons if one.weight > 0), key=lambda one: -one.weight)[:1],
            *sorted((one for one in reasons if one.weight < 0), key=lambda one: one.weight)[:1],
        ]
        weight = sum(one.weight for one in strongest)
        own = candidate if not strongest else replace(candidate, evidence=(*candidate.evidence, *strongest))
        moved.append((own, candidate.confidence * math.exp(weight)))
    whole = sum(weight for _, weight in moved)
    if whole <= 0 or all(weight == candidate.confidence for candidate, weight in moved):
        return tuple(candidate for candidate, _ in moved)
    shared = [replace(candidate, confidence=weight / whole * total) for candidate, weight in moved]
    return tuple(sorted(shared, key=lambda candidate: -candidate.confidence))


def _reason(
    target: str | None, words: tuple[str, ...], plain: str, lesson: _Lesson, object_name: str
) -> Evidence | None:
    """What one decision on another column says of this candidate."""
    about = f"{lesson.source} → {', '.join(lesson.targets) or 'no standard field'}"
    hit = target in lesson.targets if target is not None else not lesson.targets
    alike = plain == lesson.plain
    if not lesson.accepted:
        if hit and alike:
            return Evidence(_FEATURE, about, _REFUSED_ALIKE, f"{about} was rejected, and the name is the same")
        return None
    if hit and alike:
        return Evidence(_FEATURE, about, _SAME_NAME, f"{about} was accepted, and the name is the same")
    if lesson.object != object_name:
        return None
    if hit and target is not None:
        if _without_digits(words) == _without_digits(lesson.words):
            return Evidence(_FEATURE, about, _SAME_WORDS, f"{about} was accepted, and the words are the same")
        return Evidence(_FEATURE, about, _TAKEN, f"{target} was accepted for {lesson.source}")
    if target is None or not lesson.targets:
        return None
    begins = _common_prefix(words, lesson.words)
    if begins and any(_same_group(target, other) for other in lesson.targets):
        return Evidence(_FEATURE, about, _GROUP, f"{about} was accepted: same beginning, same group of fields")
    if begins:
        return Evidence(_FEATURE, about, _PREFIX, f"{about} was accepted, and the name begins alike")
    return None


def _without_digits(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in words if not word.isdigit())


def _common_prefix(words: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Both go on after the same first word."""
    return len(words) > 1 and len(others) > 1 and words[0] == others[0]


def _same_group(target: str, other: str) -> bool:
    if target == other:
        return False
    if target in _PERSON and other in _PERSON:
        return True
    own, its = _GROUP_NAME.match(target), _GROUP_NAME.match(other)
    return bool(own and its and own.group(1) == its.group(1))
