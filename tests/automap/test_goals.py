"""The goals, on the shared benchmark's development part, where it stands beside the checkout."""

import importlib.util
import json
from pathlib import Path

import pytest

from kevasync.automap.fields import SourceField, TargetField
from kevasync.automap.suggest import Suggester

FOLDER = Path(__file__).parents[3] / "shared" / "automap"


@pytest.mark.skipif(not (FOLDER / "dev.jsonl").is_file(), reason="the shared benchmark is not beside the checkout")
def test_goals_on_the_development_part():
    """Right first, right among three, right decisions and honest confidence, names and labels only."""
    found = importlib.util.spec_from_file_location("score", FOLDER / "score.py")
    score = importlib.util.module_from_spec(found)
    found.loader.exec_module(score)
    table = json.loads((FOLDER / "targets.json").read_text(encoding="utf-8"))
    suggester, lines = Suggester.load(), []
    text = (FOLDER / "dev.jsonl").read_text(encoding="utf-8")  # the scorer's own reader leaves the file open
    cases = [json.loads(line) for line in text.splitlines() if line.strip()]
    for case in cases:
        targets = [
            TargetField(one["name"], one["label"], one["type"], one.get("length") or 0, one.get("writable", True))
            for one in table[case["object"]]
        ]
        sources = [SourceField(one["source_field"], one["source_label"], one["source_type"]) for one in case["pairs"]]
        for one in suggester.suggest(case["object"], sources, targets):
            candidates = [[item.target, item.confidence] for item in one.candidates]
            lines.append({"case": case["case"], "source_field": one.source.name, "candidates": candidates})
    whole = score.evaluate(lines, cases)
    assert whole["top1"] >= 0.90
    assert whole["recall3"] >= 0.95
    assert whole["decision_acc"] >= 0.82
    assert whole["prec_conf90"] >= 0.97
    assert whole["ece"] <= 0.04
    assert whole["auto_share_99"] >= 0.30
    assert score.evaluate(lines, cases, lambda _, pair: not pair["trivial"])["top1"] >= 0.80
