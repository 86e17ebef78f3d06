"""Suggests Salesforce fields for columns: candidates with calibrated confidence, "no standard field" among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kevasync.automap import model_file
from kevasync.automap.explain import for_none, for_target
from kevasync.automap.fields import Candidate, SourceField, Suggestion, TargetField
from kevasync.automap.pairs import Known, Reader, features, read_sheet
from kevasync.automap.ranking import Ranking, confidences, list_features, shares_known
from kevasync.automap.roles import OBJECTS
from kevasync.automap.settle import settle

__all__ = ["Semantic", "Suggester"]

Semantic = Callable[[list[str]], Sequence[Sequence[float]]]
"""Texts to vectors of one length, for those who have embeddings at hand."""

_CANDIDATES = 6
_SEMANTIC_WEIGHT = 1.5
_SEMANTIC_MIDDLE = 0.5  # a cosine that speaks neither for nor against


class Suggester:
    """The trained model, ready to suggest."""

    def __init__(
        self,
        reader: Reader,
        ranking: Ranking,
        provenance: dict[str, Any] | None = None,
        semantic: Semantic | None = None,
    ) -> None:
        self.reader, self.ranking = reader, ranking
        self.provenance = provenance or {}
        self.semantic = semantic

    @classmethod
    def load(cls, folder: Path | None = None, semantic: Semantic | None = None) -> Suggester:
        """The model in `folder`, or the one that comes with kevasync.

        Raises UsageError model-missing, model-tampered, model-version.
        """
        reader, ranking, provenance = model_file.read(folder)
        return cls(reader, ranking, provenance, semantic)

    def suggest(
        self,
        object_name: str,
        sources: Sequence[SourceField],
        targets: Sequence[TargetField],
        region: str | None = None,
    ) -> list[Suggestion]:
        """A suggestion for each column, in order: five candidates and more, best first.

        Among them is the one without a target: no standard field. Their confidences sum to at most 1. `targets` of a
        suggestion are the field or fields of the best candidate: several where one column fills several (a full name,
        whose own field is read-only). `region` is the country of telephone numbers written without a country code.
        """
        if not sources:
            return []
        home = object_name if object_name in OBJECTS else OBJECTS[0]
        known = Known.of(home, targets)
        if not known.targets:
            return [Suggestion(source, (Candidate(None, 1.0),)) for source in sources]
        sheet = read_sheet(home, sources, self.reader)
        pairs = features(home, sheet, known)
        scores = self.ranking.scores(pairs)
        likeness = self._alike(sources, known.targets)
        if likeness is not None:
            scores = scores + _SEMANTIC_WEIGHT * (likeness - _SEMANTIC_MIDDLE)
        listed = list_features(home, sheet, known, pairs, scores)
        answers = self.ranking.answers(listed, shares_known(sheet, known, pairs, scores))
        writable = {target.name: target.writable for target in known.targets}
        found = []
        for row, source in enumerate(sources):
            sure, none = confidences(scores[row], answers[row])
            order = np.argsort(-sure, kind="stable")[: _CANDIDATES - 1]
            named = [
                Candidate(
                    known.targets[place].name,
                    float(sure[place]),
                    for_target(sheet, row, known.targets[place], known.places[place], pairs[row, place], self.ranking),
                )
                for place in order
            ]
            ordered = sorted(
                [*named, Candidate(None, none, for_none(sheet, row, none))], key=lambda one: -one.confidence
            )
            found.append(Suggestion(source, tuple(ordered), _fields(ordered[0].target, writable)))
        return settle(found, known.targets, home, region)

    def _alike(self, sources: Sequence[SourceField], targets: Sequence[TargetField]) -> NDArray[np.float64] | None:
        """Cosines of the plugged-in vectors, columns by targets; None without a plug."""
        if self.semantic is None:
            return None
        left = np.asarray(self.semantic([source.label or source.name for source in sources]), dtype=np.float64)
        right = np.asarray(self.semantic([target.label or target.name for target in targets]), dtype=np.float64)
        left /= np.linalg.norm(left, axis=1, keepdims=True) + 1e-12
        right /= np.linalg.norm(right, axis=1, keepdims=True) + 1e-12
        return np.asarray(left @ right.T, dtype=np.float64)


def _fields(target: str | None, writable: dict[str, bool]) -> tuple[str, ...]:
    """The field of an answer; for a full name that cannot be written, its parts."""
    if target is None:
        return ()
    parts = ("FirstName", "LastName")
    if target == "Name" and not writable[target] and all(writable.get(part) for part in parts):
        return parts
    return (target,)
