"""The auto-mapper's model on disk: plain arrays and text in an uncompressed zip, with provenance beside it."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import kevasync
from kevasync.automap.figures import Figures
from kevasync.automap.meaning import Linear, Splitter
from kevasync.automap.memory import Known, Memory
from kevasync.automap.pairs import FEATURES, Reader
from kevasync.automap.ranking import LIST_FEATURES, Ranking
from kevasync.automap.roles import roles
from kevasync.automap.shapes import Shapes
from kevasync.errors import UsageError

__all__ = ["CARD", "FORMAT", "Origin", "default_dir", "digest", "read", "rounded", "write"]

FORMAT = 1
NAME = "automap.zip"
PROVENANCE = "automap.provenance.json"
CARD = "automap.card.md"
_STEP = 0.05  # weights are kept in these steps, one byte each
_STAMP = (1980, 1, 1, 0, 0, 0)  # zip's earliest: the file depends on its contents alone
_AGAIN = ("kevasync automap train",)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a model was made of."""

    seed: int
    corpus_sha256: str
    rows: int
    decisions: int


def rounded(table: NDArray[np.float64]) -> NDArray[np.float32]:
    """Weights as they will be read back."""
    return np.asarray(_bytes(table), dtype=np.float32) * np.float32(_STEP)


def _bytes(table: NDArray[Any]) -> NDArray[np.int8]:
    return np.clip(np.round(np.asarray(table, dtype=np.float64) / _STEP), -127, 127).astype(np.int8)


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def default_dir() -> Path:
    """Where the models are: in the installed package, else in the checkout."""
    home = Path(kevasync.__file__).parent
    return home / "models" if (home / "models").is_dir() else home.parent / "models"


def write(out_dir: Path, reader: Reader, ranking: Ranking, origin: Origin, figures: Mapping[str, Figures]) -> Path:
    """Write the model and its provenance; answers the model's path."""
    out_dir.mkdir(parents=True, exist_ok=True)
    path = out_dir / NAME
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in _members(reader, ranking).items():
            archive.writestr(zipfile.ZipInfo(name, _STAMP), content)
    packages = ("numpy", "scikit-learn", "scipy", "rapidfuzz")
    provenance = {
        "format": FORMAT,
        "model_sha256": digest(path),
        **asdict(origin),
        "made_with": {"kevasync": kevasync.__version__, "python": platform.python_version()}
        | {name: metadata.version(name) for name in packages},
        "held_out": {name: one.as_dict() for name, one in figures.items()},
        "again": _AGAIN[0],
    }
    (out_dir / PROVENANCE).write_text(json.dumps(provenance, indent=1) + "\n", encoding="utf-8")
    return path


def _members(reader: Reader, ranking: Ranking) -> dict[str, bytes]:
    entries = [[one.key, roles().names.index(one.role), one.systems, one.system] for one in reader.memory.entries]
    meta = {
        "format": FORMAT,
        "roles": roles().names,
        "features": FEATURES,
        "list_features": LIST_FEATURES,
        "patterns": reader.shapes.patterns,
        "group_classes": reader.group.classes,
    }
    return {
        "meta.json": _json(meta),
        "words.json": _json(reader.splitter.counts),
        "memory.json": _json(entries),
        "meaning.signs.json": _json(list(reader.meaning.index)),
        "meaning.npy": _array(_bytes(reader.meaning.weights)),
        "meaning.offsets.npy": _array(reader.meaning.intercepts),
        "group.signs.json": _json(list(reader.group.index)),
        "group.npy": _array(_bytes(reader.group.weights)),
        "group.offsets.npy": _array(reader.group.intercepts),
        "shapes.npy": _array(np.asarray(reader.shapes.table, dtype=np.float32)),
        "pair.npy": _array(np.append(ranking.weights, ranking.intercept)),
        "list.npy": _array(np.vstack([ranking.means, ranking.scales, np.asarray(ranking.list_weights)])),
        "list.offsets.npy": _array(np.append(ranking.list_intercepts, ranking.doubt)),
    }


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _array(content: NDArray[Any]) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, np.ascontiguousarray(content), version=(1, 0), allow_pickle=False)
    return out.getvalue()


def read(folder: Path | None = None) -> tuple[Reader, Ranking, dict[str, Any]]:
    """The models and their provenance.

    Raises UsageError model-missing, model-tampered (the hash is not the provenance's, or the file is no model) or
    model-version (made by another version of kevasync).
    """
    folder = folder or default_dir()
    path, beside = folder / NAME, folder / PROVENANCE
    if not path.is_file() or not beside.is_file():
        raise UsageError("model-missing", f"{path} or its provenance is not there", next_steps=_AGAIN)
    try:
        provenance: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
        wanted = provenance["model_sha256"]
        made_by = provenance["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError("model-tampered", f"{beside.name} is no provenance", next_steps=_AGAIN) from error
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != wanted:
        raise UsageError("model-tampered", f"{path} is not the file its provenance speaks of", next_steps=_AGAIN)
    if made_by != FORMAT:
        raise UsageError(
            "model-version", f"{path} has format {made_by}, this version reads {FORMAT}", next_steps=_AGAIN
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        return (*_built(members), provenance)
    except (KeyError, ValueError, zipfile.BadZipFile, IndexError, TypeError) as error:
        raise UsageError("model-tampered", f"{path} is no model: {error}", next_steps=_AGAIN) from error


def _built(members: Mapping[str, bytes]) -> tuple[Reader, Ranking]:
    meta = json.loads(members["meta.json"])
    if (tuple(meta["roles"]), tuple(meta["features"]), tuple(meta["list_features"])) != (
        roles().names,
        FEATURES,
        LIST_FEATURES,
    ):
        raise UsageError("model-version", "the model knows other roles or features", next_steps=_AGAIN)
    meaning = _linear(members, "meaning", roles().names)
    group = _linear(members, "group", tuple(meta["group_classes"]))
    entries = [
        Known(key, roles().names[role], systems, system)
        for key, role, systems, system in json.loads(members["memory.json"])
    ]
    table = np.asarray(_load(members["shapes.npy"]), dtype=np.float64)
    reader = Reader(
        Splitter(json.loads(members["words.json"])),
        meaning,
        group,
        Memory(entries),
        Shapes(tuple(meta["patterns"]), table),
    )
    pair, listed = _load(members["pair.npy"]), _load(members["list.npy"])
    offsets = _load(members["list.offsets.npy"])
    return reader, Ranking(
        pair[:-1], float(pair[-1]), listed[0], listed[1], listed[2:], offsets[:-1], float(offsets[-1])
    )


def _linear(members: Mapping[str, bytes], name: str, classes: tuple[str, ...]) -> Linear:
    listed = json.loads(members[f"{name}.signs.json"])
    weights = _load(members[f"{name}.npy"])
    offsets = _load(members[f"{name}.offsets.npy"])
    if weights.shape != (len(listed), len(classes)) or offsets.shape != (len(classes),):
        raise ValueError(f"{name} has the wrong shape")
    index = {sign: place for place, sign in enumerate(listed)}
    return Linear(index, np.asarray(weights, dtype=np.float32) * np.float32(_STEP), offsets, classes)


def _load(content: bytes) -> NDArray[Any]:
    return np.asarray(np.lib.format.read_array(io.BytesIO(content), allow_pickle=False))
