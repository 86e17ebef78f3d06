"""The shipped model: what is not it is refused; the training gives the same again."""

import json
import shutil

import numpy as np
import pytest

from kevasync.dedupe.scoring import Scorer, default_model
from kevasync.dedupe.training.worlds import KINDS, make_world
from kevasync.errors import UsageError


@pytest.fixture
def copy(tmp_path):
    for name in ("duplicates.npz", "duplicates.provenance.json"):
        shutil.copy(default_model().parent / name, tmp_path / name)
    return tmp_path / "duplicates.npz"


def test_the_shipped_model_says_how_it_was_made():
    """Its provenance names the command, the seed and the versions, and its hash is right."""
    Scorer.load()
    provenance = json.loads(default_model().with_suffix(".provenance.json").read_text())
    assert str(provenance["plan"]["seed"]) in provenance["again"]
    assert {"scikit-learn", "numpy", "duckdb", "python"} <= provenance["versions"].keys()


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("duplicates.npz", lambda old: old[:-9] + b"x" + old[-8:], "model-tampered"),
        ("duplicates.npz", lambda old: old[:1000], "model-tampered"),
        ("duplicates.npz", None, "model-missing"),
        ("duplicates.provenance.json", lambda old: old.replace(b'"format": ', b'"format": 9'), "model-version"),
        ("duplicates.provenance.json", lambda old: old.replace(b'"given_jw"', b'"given"'), "model-version"),
        ("duplicates.provenance.json", lambda _: b"{", "model-tampered"),
        ("duplicates.provenance.json", None, "model-missing"),
    ],
)
def test_a_model_that_cannot_be_trusted(copy, name, change, code):
    """A model changed, cut, lost or of another version is refused with the way to a good one."""
    path = copy.parent / name
    path.write_bytes(change(path.read_bytes())) if change else path.unlink()
    with pytest.raises(UsageError) as caught:
        Scorer.load(copy)
    assert caught.value.code == code
    assert "python -m kevasync.dedupe.training" in caught.value.next_steps


def test_a_saved_model_comes_back_the_same(tmp_path):
    """Saving what was loaded gives the same bytes and the same scores."""
    scorer = Scorer.load()
    scorer.save(tmp_path / "duplicates.npz", {"plan": {}})
    assert (tmp_path / "duplicates.npz").read_bytes() == default_model().read_bytes()
    rows = np.random.default_rng(1).uniform(-2, 9, (50, scorer.first.features)).astype(np.float32)
    assert (Scorer.load(tmp_path / "duplicates.npz").logit(rows) == scorer.logit(rows)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_world_is_made_again_by_its_seed(kind):
    """The same kind, size and seed give the same records; another seed gives others."""
    world = make_world(kind, 200, 7)
    assert make_world(kind, 200, 7) == world
    assert make_world(kind, 200, 8).records != world.records
    assert len(set(world.truth)) < len(world.truth) == len(world.records)
