"""What an installed kevasync finds: the model and the corpus it was trained on, inside the package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

import kevasync
from kevasync.automap import corpus, model_file
from kevasync.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
ASK = """
from kevasync.automap import corpus, model_file
print(corpus.corpus_path(), len(corpus.load(corpus.corpus_path())), model_file.default_dir(), bool(model_file.read()))
"""


def test_the_package_is_looked_at_before_the_checkout(tmp_path, monkeypatch):
    """Installed, the corpus stands with the models; in a checkout, under data; else the error says what to do."""
    package = tmp_path / "kevasync"
    (package / "models").mkdir(parents=True)
    (tmp_path / "data" / "fixtures").mkdir(parents=True)
    monkeypatch.setattr(kevasync, "__file__", str(package / "__init__.py"))
    with pytest.raises(UsageError, match="field_pairs"):
        corpus.corpus_path()
    in_checkout = tmp_path / "data" / "fixtures" / "field_pairs.csv"
    in_checkout.touch()
    assert corpus.corpus_path() == in_checkout
    (package / "models" / "field_pairs.csv").touch()
    assert corpus.corpus_path() == package / "models" / "field_pairs.csv"
    assert model_file.default_dir() == package / "models"


@pytest.mark.skipif(find_spec("hatchling") is None, reason="hatchling is not installed")
def test_a_wheel_has_all_that_training_reads(tmp_path):
    """Built and unpacked elsewhere, it finds model and corpus in itself."""
    ignored = shutil.ignore_patterns("__pycache__", ".git", ".*_cache", ".hypothesis", "dist", "build")
    for name in ("kevasync", "models", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / "src" / name, ignore=ignored)
    (tmp_path / "src" / "data" / "fixtures").mkdir(parents=True)
    for name in ("pyproject.toml", "README.md", "LICENSE", "data/fixtures/field_pairs.csv"):
        shutil.copy(ROOT / name, tmp_path / "src" / name)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=tmp_path / "src", check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    shutil.rmtree(tmp_path / "src")
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        check=True,
        capture_output=True,
        text=True,
    )
    models = tmp_path / "site" / "kevasync" / "models"
    path, rows, folder, read = done.stdout.split()
    assert (path, folder, read) == (str(models / "field_pairs.csv"), str(models), "True")
    assert int(rows) == len(corpus.load(ROOT / "data" / "fixtures" / "field_pairs.csv"))
