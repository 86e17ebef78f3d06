"""Field mapping on the shared benchmark's development part: ours, rapidfuzz, TF-IDF and Valentine's COMA in one run.

    python benchmarks/automap.py [--cases dev.jsonl] [--folder ../shared/automap] [--json] [--card FILE]

Ours never saw these teams: it is trained on data/fixtures/field_pairs.csv alone. The peers get what they take: names
(and labels where there are any). Each scorer's own confidence is taken as it is. The scorer is the benchmark's.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from kevasync.automap import card
from kevasync.automap.fields import SourceField, TargetField
from kevasync.automap.names import read

Ranked = list[list[tuple[str | None, float]]]
Method = Callable[[str, list[SourceField], list[TargetField]], Ranked]
FOLDER = Path(__file__).resolve().parents[2] / "shared" / "automap"
SHOWN = ("top1", "recall3", "decision_acc", "prec_conf90", "ece", "auto_share_99")


def ours() -> Method:
    from kevasync.automap.suggest import Suggester

    suggester = Suggester.load()

    def rank(object_name: str, sources: list[SourceField], targets: list[TargetField]) -> Ranked:
        found = suggester.suggest(object_name, sources, targets)
        return [[(item.target, item.confidence) for item in one.candidates] for one in found]

    return rank


def spelled(text: str) -> str:
    return read(text).path


def rapidfuzz_wratio() -> Method:
    from rapidfuzz import fuzz, process

    def rank(_: str, sources: list[SourceField], targets: list[TargetField]) -> Ranked:
        names, labels = [spelled(one.name) for one in targets], [spelled(one.label) for one in targets]
        found = []
        for source in sources:
            texts = [spelled(source.name), *([spelled(source.label)] if source.label else [])]
            scores = process.cdist(texts, names + labels, scorer=fuzz.WRatio).max(axis=0) / 100
            found.append(best(targets, [max(scores[i], scores[i + len(names)]) for i in range(len(names))]))
        return found

    return rank


def tfidf() -> Method:
    from sklearn.feature_extraction.text import TfidfVectorizer

    def rank(_: str, sources: list[SourceField], targets: list[TargetField]) -> Ranked:
        wanted = [spelled(one.name) for one in targets] + [spelled(one.label) for one in targets]
        given = [f"{spelled(one.name)} {spelled(one.label or '')}".strip() for one in sources]
        vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)).fit(wanted + given)
        scores = (vectors.transform(given) @ vectors.transform(wanted).T).toarray()
        half = len(targets)
        return [best(targets, [max(row[i], row[i + half]) for i in range(half)]) for row in scores]

    return rank


def coma() -> Method:
    import pandas as pd
    from valentine import valentine_match
    from valentine.algorithms import Coma

    def rank(_: str, sources: list[SourceField], targets: list[TargetField]) -> Ranked:
        left = pd.DataFrame(columns=[spelled(one.name) or one.name for one in sources])
        right = pd.DataFrame(columns=[spelled(one.name) for one in targets])
        matches = valentine_match([left, right], Coma(max_n=0, delta=1.0))
        scores: dict[str, list[tuple[str | None, float]]] = {}
        names = {spelled(one.name): one.name for one in targets}
        for pair, score in matches.items():
            scores.setdefault(pair.source_column, []).append((names[pair.target_column], float(score)))
        found = (scores.get(spelled(one.name) or one.name, []) for one in sources)
        return [sorted(listed, key=lambda item: -item[1])[:5] for listed in found]

    return rank


def best(targets: list[TargetField], scores: Sequence[float]) -> list[tuple[str | None, float]]:
    order = sorted(range(len(targets)), key=lambda place: -scores[place])[:5]
    return [(targets[place].name, float(scores[place])) for place in order]


def scorer(folder: Path) -> ModuleType:
    found = importlib.util.spec_from_file_location("score", folder / "score.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def targets_of(folder: Path) -> dict[str, list[TargetField]]:
    table = json.loads((folder / "targets.json").read_text(encoding="utf-8"))
    return {
        name: [
            TargetField(one["name"], one["label"], one["type"], one.get("length") or 0, one.get("writable", True))
            for one in listed
        ]
        for name, listed in table.items()
    }


def run(method: Method, cases: list[dict[str, Any]], targets: dict[str, list[TargetField]]) -> tuple[list[Any], float]:
    lines, started = [], time.process_time()
    for case in cases:
        sources = [
            SourceField(pair["source_field"], pair["source_label"], pair["source_type"], place)
            for place, pair in enumerate(case["pairs"])
        ]
        for source, ranked in zip(sources, method(case["object"], sources, targets[case["object"]]), strict=True):
            lines.append({"case": case["case"], "source_field": source.name, "candidates": ranked})
    return lines, (time.process_time() - started) * 1000 / max(len(cases), 1)


METHODS: dict[str, Callable[[], Method]] = {
    "kevasync": ours,
    "rapidfuzz WRatio": rapidfuzz_wratio,
    "TF-IDF character n-grams": tfidf,
    "Valentine COMA": coma,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--cases", default="dev.jsonl")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--card", type=Path, help="put the table into this model card, between its marks")
    given = parser.parse_args()
    if not (given.folder / given.cases).is_file():
        print(f"skipped: {given.folder / given.cases} is not there")
        return 0
    score, targets = scorer(given.folder), targets_of(given.folder)
    cases = score.load(given.folder / given.cases)
    table: dict[str, Any] = {}
    for name, make in METHODS.items():
        try:
            method = make()
        except ImportError as error:
            print(f"{name}: skipped, {error}")
            continue
        lines, spent = run(method, cases, targets)
        table[name] = score.evaluate(lines, cases)
        table[name]["top1_nontrivial"] = score.evaluate(lines, cases, lambda _, pair: not pair["trivial"])["top1"]
        foreign = score.evaluate(lines, cases, lambda case, _: case["lang"] != "en")
        table[name]["top1_not_english"] = foreign["top1"] if foreign["mapped"] else None
        table[name]["ms_a_case"] = spent
    if given.json:
        print(json.dumps(table, indent=1))
        return 0
    columns = ("top1", "top1_nontrivial", "top1_not_english", *SHOWN[1:], "ms_a_case")
    scored = sum(pair["scored"] for case in cases for pair in case["pairs"])
    lines = [f"{len(cases)} cases, {scored} scored columns", "", "| method | " + " | ".join(columns) + " |"]
    lines.append("|" + "---|" * (len(columns) + 1))
    for name, row in table.items():
        lines.append(f"| {name} | " + " | ".join("-" if row[c] is None else f"{row[c]:.3f}" for c in columns) + " |")
    text = "\n".join(lines)
    print(text)
    if given.card:
        before, _, rest = given.card.read_text(encoding="utf-8").partition(card.BEGIN)
        whole = f"{before}{card.BEGIN}\n{text}\n{card.END}{rest.partition(card.END)[2]}"
        given.card.write_text(whole, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
