"""The training notebook: clean, quick as opened, and a whole study on a small part of the corpus."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from kevasync.automap import train, train_report
from kevasync.automap.corpus import corpus_path, load
from kevasync.automap.figures import Answer

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "train_automapper.py"
CHARTS = ("curve_chart", "calibration_chart", "confusion_chart")


def app():
    spec = importlib.util.spec_from_file_location("train_automapper", NOTEBOOK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.app


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_as_opened_it_shows_what_was_measured_and_trains_nothing(monkeypatch):
    """The shipped model's own figures; no training until the button is pressed."""
    monkeypatch.setattr(train, "train_parts", lambda *_: pytest.fail("trained"))
    _, defs = app().run()
    rows = {row["held out"]: row for row in defs["measured"]}
    assert rows["all"]["right first"] == train.shipped()["held_out"]["all"]["top1"]
    assert "study" not in defs
    assert defs["figures_chart"].to_dict()["mark"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_small_study_runs_end_to_end():
    """Curve, calibration, confusion and hardest pairs, each with its chart, from one small training."""
    with threadpool_limits(1):  # matrices this small are slower on several threads
        _, defs = app().run(defs={"size": "small"})
    study = defs["study"]
    few, many = study.curve
    assert (few.systems, many.systems) == (8, 16)
    assert few.figures.columns == many.figures.columns < study.figures["all"].columns
    assert few.figures.top1 < many.figures.top1
    assert sum(one.count for one in study.reliability) == study.figures["all"].columns
    wrong = round((1 - study.figures["all"].decision_accuracy) * study.figures["all"].columns)
    assert sum(one.count for one in study.confusions) == sum(one.times for one in study.hardest) == wrong
    assert len(defs["curve"]) == 6
    assert defs["hardest"][0]["ahead by"] >= defs["hardest"][-1]["ahead by"] >= 0
    for name in CHARTS:
        assert defs[name].to_dict()["$schema"]


def answer(name, gold, said, sure, none=0.0, **more):
    return Answer("crm", "Contact", "en", name, gold, ((said, sure),), none, **more)


def test_confusions_are_counted_by_role():
    """Fields of one role on another address are told apart; right answers count only as what there was."""
    given = [
        answer("town", "MailingCity", "OtherCity", 0.8),
        answer("city", "MailingCity", "MailingCity", 0.9),
        answer("notes", None, "Description", 0.7, 0.2),
        answer("memo", None, "Description", 0.6, 0.3),
        answer("level", "Level__c", "Title", 0.5, 0.6),
    ]
    found = [(one.role, one.taken_for, one.count, one.of) for one in train_report.confusions(given)]
    assert found == [
        ("no standard field", "description", 2, 2),
        ("city", "another city", 1, 2),
        ("custom field", "no standard field", 1, 1),
    ]


def test_the_surest_mistakes_come_first():
    """The same miss is told once; what counts is how far it was ahead of the right answer."""
    given = [
        answer("memo", None, "Description", 0.6, 0.3),
        answer("city", "MailingCity", "MailingCity", 0.9),
        answer("town", "MailingCity", "OtherCity", 0.8),
        answer("town", "MailingCity", "OtherCity", 0.6),
    ]
    town, memo = train_report.hardest(given)
    assert (town.column, town.times, town.gap) == ("town", 2, pytest.approx(0.7))
    assert (memo.right, memo.said, memo.gap) == ("no standard field", "Description", pytest.approx(0.3))


def test_reliability_says_how_often_each_confidence_is_right():
    """Answers with a field and with none are told apart; the interval holds the share and has a width."""
    given = [answer("a", "Email", "Email" if place else "Phone", 0.84) for place in range(5)]
    given.append(answer("b", None, "Email", 0.05, 0.95))
    field, none = train_report.reliability(given)
    assert (field.count, field.confidence, field.right) == (5, pytest.approx(0.84), 0.8)
    assert field.low < 0.8 < field.high
    assert (none.answer, none.right, none.high) == ("no standard field", 1.0, 1.0)
    assert none.low < 0.5


def test_an_unknown_size_is_named():
    """The sizes there are stand in the error."""
    with pytest.raises(ValueError, match="small, medium, full"):
        train.study("huge")


def test_a_part_of_the_corpus_is_of_real_systems():
    """The invented ones come in only where all are wanted; the same seed chooses the same."""
    rows = load(corpus_path())
    few = train_report._families(rows, 12, 7)
    assert len(set(few)) == 12
    assert few == train_report._families(rows, 12, 7)
    assert not any(name.startswith("invented") for name in few)
    assert set(train_report._families(rows, None, 7)) == {row.family for row in rows}


def test_marimo_finds_nothing_to_complain_of():
    """`marimo check` is clean."""
    done = subprocess.run(
        [sys.executable, "-m", "marimo", "check", "--strict", str(NOTEBOOK)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_notebook_imports_training_marimo_and_plots_only():
    """All else is behind kevasync.automap.train."""
    names = set()
    for node in ast.walk(ast.parse(NOTEBOOK.read_text())):
        if isinstance(node, ast.Import):
            names |= {item.name for item in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{item.name}" for item in node.names}
    assert names <= {"marimo", "altair", "kevasync.automap.train"}
