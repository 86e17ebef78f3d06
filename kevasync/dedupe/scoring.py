"""How likely a pair is one person: a model trained on made-up worlds, and its evidence in bits."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import kevasync
from kevasync.dedupe.comparison import (
    FIELDS,
    Floats,
    base_features,
    chance,
    feature_names,
    with_together,
    without_fields,
)
from kevasync.dedupe.forest import Forest
from kevasync.errors import UsageError

__all__ = ["FORMAT", "Contribution", "Scorer", "default_model"]

FORMAT = 2
Numbers = npt.NDArray[np.float64]
_TRAIN = ("python -m kevasync.dedupe.training",)
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


def _checked(path: Path) -> tuple[bytes, dict[str, Any]]:
    """The bytes of a model and its provenance, which speaks of these bytes."""
    beside = path.with_suffix(".provenance.json")
    if not path.is_file() or not beside.is_file():
        raise UsageError("model-missing", f"{path} or its provenance is not there", next_steps=_TRAIN)
    try:
        provenance: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
        wanted = str(provenance["sha256"])
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError("model-tampered", f"{beside.name} is no provenance", next_steps=_TRAIN) from error
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != wanted:
        what = f"{path.name}: SHA-256 {digest[:12]}… instead of {wanted[:12]}…"
        raise UsageError("model-tampered", what, next_steps=_TRAIN)
    return data, provenance


@dataclass(frozen=True)
class Scorer:
    """A pair alone (`first`), then amid its neighbours (`second`); both are boosted trees.

    `sieve` and `cut`: a cheap model before both, for log odds below which a pair is hopeless.
    """

    first: Forest
    second: Forest | None
    sieve: Forest | None = None
    cut: float = -10.0

    @classmethod
    def load(cls, path: Path | None = None) -> Scorer:
        """Read a model file and check it against its provenance.

        Raises UsageError model-missing, model-tampered (the hash is not the provenance's, or the file is no model) or
        model-version (made by another version of kevasync).
        """
        path = path or default_model()
        data, provenance = _checked(path)
        if provenance.get("format") != FORMAT or provenance.get("features") != feature_names():
            what = f"{path.name}: format {provenance.get('format')}, this version reads {FORMAT}"
            raise UsageError("model-version", what, next_steps=_TRAIN)
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                second, sieve = (
                    Forest.read(arrays, name) if f"{name}_shape" in arrays else None for name in ("second", "sieve")
                )
                return cls(Forest.read(arrays, "first"), second, sieve, float(arrays["cut"]))
        except (KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
            raise UsageError("model-tampered", f"{path} is no model: {error}", next_steps=_TRAIN) from error

    def save(self, path: Path, provenance: Mapping[str, Any]) -> None:
        """Write the model and its provenance beside it; the same model gives the same bytes."""
        arrays = {key: value for name, forest in self._named().items() for key, value in forest.arrays(name).items()}
        arrays["cut"] = np.array(self.cut)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue())
        digest = hashlib.sha256(buffer.getvalue()).hexdigest()
        document = {"sha256": digest, "format": FORMAT, **provenance, "features": feature_names()}
        path.with_suffix(".provenance.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

    @property
    def _walks(self) -> dict[str, list[Any]]:
        found = self.__dict__.get("_compiled")
        if found is None:
            found = {name: forest.compiled() for name, forest in self._named().items()}
            object.__setattr__(self, "_compiled", found)
        return dict(found)

    def __getstate__(self) -> dict[str, Any]:
        """The compiled trees stay behind: another process compiles its own."""
        return {name: value for name, value in self.__dict__.items() if name != "_compiled"}

    def _named(self) -> dict[str, Forest]:
        named = {"first": self.first, "second": self.second, "sieve": self.sieve}
        return {name: forest for name, forest in named.items() if forest is not None}

    def hopeful(self, rows: Floats) -> npt.NDArray[np.bool_]:
        """Which pairs (comparison.glance) are worth a closer look."""
        if self.sieve is None:
            return np.ones(len(rows), np.bool_)
        return self.sieve.predict(rows, self._walks["sieve"]) >= self.cut

    def logit(self, features: Floats) -> Numbers:
        """Log odds (natural) of each row of features (comparison.feature_names()) by itself."""
        return self.first.predict(features, self._walks["first"]) - chance(features)

    def together(self, context: Floats) -> Numbers:
        """Log odds of pairs amid their neighbours (collective.CONTEXT)."""
        if self.second is None:
            return context[:, 0].astype(np.float64)
        return self.second.predict(context, self._walks["second"])

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
            [
                Contribution("prior", float(hidden[row])),
                *(Contribution(field, float(parts[field][row])) for field in there),
            ]
            for row in range(len(base))
        ]

    def _bits(self, base: Floats, records: int) -> Numbers:
        return np.asarray(self.logit(with_together(base, records)) * _BITS)


def _own(field: str) -> list[int]:
    return [at for at, feature in enumerate(base_features()) if feature.fields[0] == field]
