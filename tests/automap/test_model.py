"""The model file, the corpus and the training."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kevasync.automap import card, corpus, model_file
from kevasync.automap.figures import Answer, measure
from kevasync.automap.suggest import Suggester
from kevasync.automap.train import train_parts
from kevasync.errors import UsageError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for path in model_file.default_dir().glob("automap.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def test_a_tampered_model_is_refused(copied):
    """One byte changed: the model is not used."""
    path = copied / "automap.zip"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        Suggester.load(copied)
    assert caught.value.code == "model-tampered"
    assert "kevasync automap train" in caught.value.next_steps


def test_a_cut_model_with_a_matching_hash_is_refused(copied):
    """A file that is no model is refused even when its provenance was written to match."""
    path = copied / "automap.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("meta.json", "{}")
    beside = copied / "automap.provenance.json"
    provenance = json.loads(beside.read_text())
    provenance["model_sha256"] = model_file.digest(path)
    beside.write_text(json.dumps(provenance))
    with pytest.raises(UsageError) as caught:
        Suggester.load(copied)
    assert caught.value.code in {"model-tampered", "model-version"}


def test_a_model_of_another_version_is_refused(copied):
    """Another format number: refused by name, with the command that makes it anew."""
    beside = copied / "automap.provenance.json"
    provenance = json.loads(beside.read_text())
    provenance["format"] += 1
    beside.write_text(json.dumps(provenance))
    with pytest.raises(UsageError) as caught:
        Suggester.load(copied)
    assert caught.value.code == "model-version"


@pytest.mark.parametrize("text", ["", "[]", "{}", "\x00"])
def test_a_broken_provenance_is_refused(copied, text):
    """Without a provenance nothing is trusted."""
    (copied / "automap.provenance.json").write_text(text)
    with pytest.raises(UsageError) as caught:
        Suggester.load(copied)
    assert caught.value.code == "model-tampered"


def test_no_model(tmp_path):
    """No model at all is said so."""
    with pytest.raises(UsageError) as caught:
        Suggester.load(tmp_path)
    assert caught.value.code == "model-missing"


def test_the_shipped_model_is_of_the_shipped_corpus():
    """The provenance names the corpus that is in the repository, by its hash."""
    provenance = json.loads((model_file.default_dir() / "automap.provenance.json").read_text())
    assert provenance["corpus_sha256"] == model_file.digest(corpus.corpus_path())


def test_training_twice_gives_the_same_bytes(tmp_path):
    """The same rows and seed write the same model; it can be read back and suggests the same."""
    rows = [
        row
        for row in corpus.load(corpus.corpus_path())
        if row.family in {"sugarcrm", "insightly", "zoho_crm", "vtiger"}
    ]
    for name in ("one", "two"):
        reader, ranking, report = train_parts(rows, 3, folds=2)
        origin = model_file.Origin(3, "", len(rows), 0)
        model_file.write(tmp_path / name, reader, ranking, origin, report.figures)
    assert (tmp_path / "one" / "automap.zip").read_bytes() == (tmp_path / "two" / "automap.zip").read_bytes()
    Suggester.load(tmp_path / "one")


def test_the_corpus_is_what_its_generator_writes(tmp_path):
    """Seeded: the same bytes each time, whatever the hash seed."""
    made = tmp_path / "made.csv"
    subprocess.run(
        [sys.executable, ROOT / "data" / "fixtures" / "field_pairs.py", made], check=True, env={"PYTHONHASHSEED": "5"}
    )
    assert made.read_bytes() == (ROOT / "data" / "fixtures" / "field_pairs.csv").read_bytes()


def test_the_corpus_is_broad():
    """Systems, languages and columns without a field, as promised."""
    rows = corpus.load(corpus.corpus_path())
    assert len({row.family for row in rows if not row.family.startswith("invented")}) >= 100
    assert {row.language for row in rows} == {"en", "de", "fr", "es", "pt", "nl", "it"}
    assert {row.object for row in rows} == {"Contact", "Account", "Lead"}
    assert sum(row.target is None for row in rows) / len(rows) > 0.2
    assert len(rows) > 12_000


def test_a_file_that_is_no_corpus(tmp_path):
    """A CSV with other columns is named, not trained on."""
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(UsageError) as caught:
        corpus.load(path)
    assert caught.value.code == "automap-corpus-missing"


def test_figures():
    """Top-1 and recall count mapped columns; a decision counts all; calibration the columns with a field as answer."""
    sure = Answer("f", "Contact", "en", "a", "Email", (("Email", 0.95), ("Phone", 0.01)), 0.02)
    wrong = Answer("f", "Contact", "en", "b", "Phone", (("Email", 0.5), ("Phone", 0.3)), 0.1)
    none = Answer("f", "Contact", "en", "c", None, (("Email", 0.1),), 0.8)
    found = measure([sure, wrong, none])
    assert (found.top1, found.recall3, found.none_recall) == (0.5, 1.0, 1.0)
    assert found.decision_accuracy == pytest.approx(2 / 3)
    assert found.ece == pytest.approx((0.05 + 0.5) / 2)
    assert (found.acceptable_at_99, found.threshold_99) == (pytest.approx(1 / 3), 0.95)
    levels = {least: (right, count) for least, right, count in found.levels}
    assert levels == {0.95: (1.0, 1), 0.9: (1.0, 1), 0.8: (1.0, 2), 0.7: (1.0, 2), 0.5: (pytest.approx(2 / 3), 3)}


def test_the_card_keeps_the_table_of_the_benchmark(tmp_path):
    """Training again writes the card anew but for what the benchmark put in."""
    path = tmp_path / "card.md"
    figures = {"all": measure([])}
    card.write(path, figures, {"meaning": 1.0})
    path.write_text(path.read_text().replace(card.BEGIN, f"{card.BEGIN}\nour table"))
    card.write(path, figures, {"meaning": 1.0})
    assert "our table" in card.between(path.read_text())
