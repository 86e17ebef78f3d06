"""How likely a pair is one person: a model trained on made-up worlds, its evidence in bits, and a refit on labels."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import kevasync
from kevasync.dedupe.comparison import FIELDS, Floats, base_features, feature_names, with_together, without_fields
from kevasync.dedupe.forest import Forest
from kevasync.errors import UsageError

__all__ = ["FORMAT", "Contribution", "Scorer", "default_model"]

FORMAT = 1
Numbers = npt.NDArray[np.float64]
_TRAIN = ("kevasync dedupe train", "install kevasync anew")
_BITS = 1 / np.log(2)


@dataclass(frozen=True, slots=True)
class Contribution:
    """How much one field speaks for (or against) one person, in bits."""

    field: str
    bits: float


def default_model() -> Path:
    """The model that is shipped: in the package, or beside it in a checkout."""
    package = Path(kevasync.__file__).parent
    inside = package / "models" / "duplicates.npz"
    return inside if inside.is_file() else package.parent / "models" / "duplicates.npz"


def sigmoid(logit: npt.NDArray[Any]) -> Numbers:
    """Probability of a logit."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logit, -60, 60))), np.float64)


@dataclass(frozen=True)
class Scorer:
    """A pair alone (`first`: boosting, `steady`: extra trees, joined as a mean of log odds), then amid its neighbours (`second`).

    `sieve` and `cut`: a cheap model before both, for log odds below which a pair is hopeless.
    `adjust`: slope and shift of the final log odds, 1 and 0 unless refitted on labels; `learned`: a booster on top of
    the features, fitted on a reviewer's labels.
    """

    first: Forest
    steady: Forest | None
    second: Forest | None
    sieve: Forest | None = None
    cut: float = -10.0
    adjust: tuple[float, float] = (1.0, 0.0)

    @classmethod
    def load(cls, path: Path | None = None) -> Scorer:
        """Read a model file and check it against its provenance. Raises UsageError model-tampered, model-version."""
        path = path or default_model()
        beside = path.with_suffix(".provenance.json")
        try:
            data = path.read_bytes()
            provenance = json.loads(beside.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError("model-tampered", f"{path}: {error}", next_steps=_TRAIN) from error
        digest = hashlib.sha256(data).hexdigest()
        if digest != provenance.get("sha256"):
            raise UsageError("model-tampered", f"{path.name}: SHA-256 {digest[:12]}… instead of {str(provenance.get('sha256'))[:12]}…", next_steps=_TRAIN)
        if provenance.get("format") != FORMAT or provenance.get("features") != feature_names():
            raise UsageError("model-version", f"{path.name}: format {provenance.get('format')}, this version reads {FORMAT}", next_steps=_TRAIN)
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            rest = [Forest.read(arrays, name) if f"{name}_shape" in arrays else None for name in ("steady", "second", "sieve")]
            return cls(Forest.read(arrays, "first"), *rest, cut=float(arrays["cut"]))

    def save(self, path: Path, provenance: dict[str, Any]) -> None:
        """Write the model and its provenance beside it; the same model gives the same bytes."""
        arrays = {key: value for name, forest in self._named().items() for key, value in forest.arrays(name).items()}
        arrays["cut"] = np.array(self.cut)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        path.write_bytes(buffer.getvalue())
        document = {"sha256": hashlib.sha256(buffer.getvalue()).hexdigest(), "format": FORMAT, **provenance, "features": feature_names()}
        path.with_suffix(".provenance.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

    @property
    def _walks(self) -> dict[str, list[Any]]:
        found = self.__dict__.get("_compiled")
        if found is None:
            found = {name: forest.compiled() for name, forest in self._named().items()}
            object.__setattr__(self, "_compiled", found)
        return dict(found)

    def _named(self) -> dict[str, Forest]:
        named = {"first": self.first, "steady": self.steady, "second": self.second, "sieve": self.sieve}
        return {name: forest for name, forest in named.items() if forest is not None}

    def hopeful(self, rows: Floats) -> npt.NDArray[np.bool_]:
        """Which pairs (comparison.glance) are worth a closer look."""
        if self.sieve is None:
            return np.ones(len(rows), np.bool_)
        return self.sieve.predict(rows, self._walks["sieve"]) >= self.cut

    def logit(self, features: Floats) -> Numbers:
        """Log odds (natural) of each row of features (comparison.feature_names()) by itself."""
        boosted = self.first.predict(features, self._walks["first"])
        if self.steady is None:
            return boosted
        share = np.clip(self.steady.predict(features, self._walks["steady"]), 1e-4, 1 - 1e-4)
        return np.asarray((boosted + np.log(share / (1 - share))) / 2)

    def together(self, context: Floats) -> Numbers:
        """Log odds of pairs amid their neighbours (collective.CONTEXT)."""
        if self.second is None:
            raw = context[:, 0].astype(np.float64)
        else:
            raw = self.second.predict(context, self._walks["second"])
        return np.asarray(raw * self.adjust[0] + self.adjust[1])

    def adjusted(self, slope: float, shift: float) -> Scorer:
        """The same model with its log odds stretched and moved."""
        return replace(self, adjust=(slope, shift))

    def explain(self, base: Floats, records: int) -> list[list[Contribution]]:
        """Bits by field for each row of base features; with the `prior` first, they sum up to the pair's own log odds.

        Each field's part is the mean of what it adds when fields are told one after the other, in this order and in the
        reverse (Shapley values over two orders, exact in their sum).
        """
        there = [field for field in FIELDS if (base[:, _own(field)] != -2.0).any()]  # noqa: PLR2004 missing on both sides
        hidden = self._bits(without_fields(base, set(FIELDS)), records)
        parts = {field: np.zeros(len(base)) for field in there}
        for order in (there, there[::-1]):
            before = hidden
            for count in range(1, len(order) + 1):
                after = self._bits(without_fields(base, set(FIELDS) - set(order[:count])), records)
                parts[order[count - 1]] += (after - before) / 2
                before = after
        return [
            [Contribution("prior", float(hidden[row])), *(Contribution(field, float(parts[field][row])) for field in there)]
            for row in range(len(base))
        ]

    def _bits(self, base: Floats, records: int) -> Numbers:
        return np.asarray(self.logit(with_together(base, records)) * _BITS)


def _own(field: str) -> list[int]:
    return [at for at, feature in enumerate(base_features()) if feature.fields[0] == field]
