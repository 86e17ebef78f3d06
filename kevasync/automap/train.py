"""Trains the auto-mapper from the corpus: cross-fitted by system, calibrated on what was held out, seeded."""

from __future__ import annotations

import random
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from kevasync.automap import card, corpus, model_file, train_report
from kevasync.automap.corpus import Case, Row
from kevasync.automap.fields import SourceField, TargetField
from kevasync.automap.figures import Answer, Figures, measure
from kevasync.automap.meaning import Linear, Splitter, signs
from kevasync.automap.memory import Memory, memorise
from kevasync.automap.names import words_of
from kevasync.automap.pairs import FEATURES, Known, Reader, Sheet, features, read_sheet
from kevasync.automap.ranking import LIST_FEATURES, Ranking, confidences, list_features, shares_known
from kevasync.automap.roles import GROUPS, NONE, roles
from kevasync.automap.shapes import Shapes, invent
from kevasync.automap.train_report import SIZES, Study

__all__ = ["SIZES", "Report", "Study", "shipped", "study", "train", "train_parts"]

Floats = NDArray[np.float64]

FOLDS = 5
DECISIONS = "decisions"  # the family of rows made of decisions
_LEAST_SIGHTINGS = 3
_NONE_WEIGHT = 0.6
_DECISION_WEIGHT = 5.0  # what was decided here counts for several systems elsewhere
_PENALTY = 8.0  # C of the meaning model
_STEPS = 80
_SHARE_WITH_VALUES = 0.35
_KEPT_WRONG = 12  # wrong targets a column is trained against, the likeliest


@dataclass(frozen=True, slots=True)
class Report:
    """What training came to: figures on columns of systems that the models had not seen, in all and in parts."""

    figures: Mapping[str, Figures]
    rows: int
    families: int
    path: Path | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    """One case, read by models that did not see its family."""

    case: Case
    sheet: Sheet
    known: Known
    pairs: Floats
    gold: tuple[int, ...]
    """For each column the place of its field among the targets; -1 for none."""


def train(out_dir: Path, seed: int = 7, decisions: Sequence[Row] = ()) -> Report:
    """Train on the corpus (and on rows made of decisions) and write the model, its provenance and its card.

    The same corpus, seed and library versions write the same bytes. Raises UsageError automap-corpus-missing.
    """
    path = corpus.corpus_path()
    rows = [*corpus.load(path), *decisions]
    reader, ranking, report = train_parts(rows, seed)
    written = model_file.write(
        out_dir,
        reader,
        ranking,
        model_file.Origin(seed, model_file.digest(path), len(rows), len(decisions)),
        report.figures,
    )
    card.write(out_dir / model_file.CARD, report.figures, report.weights)
    return replace(report, path=written)


def train_parts(rows: Sequence[Row], seed: int, folds: int = FOLDS) -> tuple[Reader, Ranking, Report]:
    """Train in memory: the models and what they reach on systems held out."""
    parts = _folds(rows, folds)
    dealt = corpus.cases(rows, seed)
    read: list[list[_Read]] = []
    shapes = Shapes.learn(seed)
    for number, held_out in enumerate(parts):
        reader = _reader([row for row in rows if row.family not in held_out], shapes)
        mine = [case for case in dealt if case.family in held_out]
        read.append([_read(case, reader, f"{seed}-{number}-{place}") for place, case in enumerate(mine)])
    answers: list[Answer] = []
    for number, part in enumerate(read):
        others = [one for place, members in enumerate(read) if place != number for one in members]
        ranking = _rank(others)
        for one in part:
            answers.extend(_answers(one, ranking))
    ranking = _rank([one for part in read for one in part])
    figures = {"all": measure(answers)}
    for name, chosen in _slices(answers).items():
        figures[name] = measure(chosen)
    weights = {name: round(float(weight), 3) for name, weight in zip(FEATURES, ranking.weights, strict=True)}
    report = Report(figures, len(rows), len({row.family for row in rows}), None, weights, tuple(answers))
    return _reader(rows, shapes), ranking, report


def study(size: str = "small", seed: int = 7, tell: Callable[[str], None] = lambda _: None) -> Study:
    """Train on a part of the corpus (a name of SIZES), write nothing, and report closely; `tell` hears of each step.

    Raises UsageError automap-corpus-missing, ValueError on another size.
    """
    if size not in SIZES:
        raise ValueError(f"{size!r} is none of {', '.join(SIZES)}")
    rows = corpus.load(corpus.corpus_path())
    return train_report.study(rows, lambda *given: train_parts(*given)[2], SIZES[size], seed, tell)


def shipped() -> dict[str, Any]:
    """The provenance of the model that is in use here, with its figures on held-out systems under `held_out`.

    Raises UsageError model-missing, model-tampered, model-version.
    """
    return model_file.read()[2]


def _folds(rows: Sequence[Row], folds: int) -> list[set[str]]:
    """Families dealt out, the largest first, each to the part with the fewest rows."""
    sizes = Counter(row.family for row in rows)
    parts: list[tuple[int, set[str]]] = [(0, set()) for _ in range(folds)]
    for family, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
        place = min(range(folds), key=lambda number: (parts[number][0], number))
        total, members = parts[place]
        parts[place] = (total + size, members | {family})
    return [members for _, members in parts]


def _slices(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    found: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        found[answer.object].append(answer)
        found["real systems" if not answer.family.startswith("invented") else "invented"].append(answer)
        if answer.language != "en":
            found["not English"].append(answer)
        if not answer.trivial:
            found["not trivial"].append(answer)
        if answer.with_values:
            found["with values"].append(answer)
    return dict(sorted(found.items()))


def _reader(rows: Sequence[Row], shapes: Shapes) -> Reader:
    counts = Counter(
        word for row in rows for text in (row.source.name, row.source.label) if text for word in set(words_of(text))
    )
    splitter = Splitter({word: n for word, n in sorted(counts.items()) if n >= _LEAST_SIGHTINGS and word.isalpha()})
    spelled = [(row, source) for row in rows for source in _variants(row.source)]
    listed = [signs(row.object, source, splitter) for row, source in spelled]
    weights = np.asarray([_weight(row) for row, _ in spelled])
    meaning = _fit(listed, [row.role for row, _ in spelled], weights, roles().names)
    address = [place for place, (row, _) in enumerate(spelled) if row.role in roles().address]
    group = _fit(
        [listed[place] for place in address],
        [spelled[place][0].group.lower() or NONE for place in address],
        np.ones(len(address)),
        GROUPS,
    )
    triples = [(text, row.role, row.family) for row in rows for text in (row.source.name, row.source.label) if text]
    return Reader(splitter, meaning, group, Memory(memorise(triples)), shapes)


def _weight(row: Row) -> float:
    if row.family == DECISIONS:
        return _DECISION_WEIGHT
    return _NONE_WEIGHT if row.role == NONE else 1.0


def _variants(source: SourceField) -> Iterable[SourceField]:
    yield source
    if source.label:
        yield SourceField(source.name)
        yield SourceField(source.label)


def _fit(
    listed: Sequence[Mapping[str, float]], wanted: Sequence[str], weights: Floats, classes: Sequence[str]
) -> Linear:
    seen = Counter(sign for column in listed for sign in column)
    index = {sign: place for place, sign in enumerate(sorted(s for s, n in seen.items() if n >= _LEAST_SIGHTINGS))}
    matrix = _matrix(listed, index)
    order = {name: place for place, name in enumerate(classes)}
    if not index or len(set(wanted)) <= 1:  # too small a corpus to tell anything apart
        offsets = np.asarray([0.0 if name in wanted else -12.0 for name in classes])
        return Linear(index, model_file.rounded(np.zeros((len(index), len(classes)))), offsets, tuple(classes))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last steps change nothing that is kept
        model = LogisticRegression(C=_PENALTY, max_iter=_STEPS, tol=1e-3)
        model.fit(matrix, [order[role] for role in wanted], sample_weight=weights)
    table = np.zeros((len(index), len(classes)))
    offsets = np.full(len(classes), -12.0)  # a class never seen is never said
    table[:, model.classes_] = model.coef_.T
    offsets[model.classes_] = model.intercept_
    return Linear(index, model_file.rounded(table), np.round(offsets, 3), tuple(classes))


def _matrix(listed: Sequence[Mapping[str, float]], index: Mapping[str, int]) -> csr_matrix:
    data: list[float] = []
    places: list[int] = []
    ends = [0]
    for column in listed:
        for sign, weight in column.items():
            if (place := index.get(sign)) is not None:
                places.append(place)
                data.append(weight)
        ends.append(len(places))
    return csr_matrix((data, places, ends), shape=(len(listed), len(index)), dtype=np.float64)


def _read(case: Case, reader: Reader, name: str) -> _Read:
    draw = random.Random(name)  # noqa: S311 reproducible, not secret
    with_values = draw.random() < _SHARE_WITH_VALUES
    sources = [row.source for row in case.rows]
    if with_values:
        case, sources = _with_values(case, reader.shapes, draw)
    targets = [*roles().fields(case.object), *_custom(case, draw)]
    targets = [one for one in targets if one.name == "Name" or draw.random() < 0.97 or not one.writable]  # noqa: PLR2004
    known = Known.of(case.object, targets)
    places = {target.name: place for place, target in enumerate(known.targets)}
    sheet = read_sheet(case.object, sources, reader)
    pairs = features(case.object, sheet, known)
    gold = []
    for row in case.rows:
        wanted = _resolved(case, row)
        custom = f"{''.join(words_of(row.source.name)).title()}__c"
        gold.append(places.get(wanted or "", places.get(custom, -1) if wanted is None else -1))
    return _Read(case, sheet, known, pairs, tuple(gold))


def _with_values(case: Case, shapes: Shapes, draw: random.Random) -> tuple[Case, list[SourceField]]:
    """The case with invented values; a few columns hold something else than their name says."""
    places = {name: place for place, name in enumerate(roles().names)}
    rows, sources = [], []
    for row in case.rows:
        profile = invent(row.role, draw) if draw.random() < _SHARE_FILLED else None
        wanted = _MISTAKEN.get(row.role)
        if wanted and draw.random() < _SHARE_MISNAMED:
            role = draw.choice(wanted)
            other = invent(role, draw)
            told = shapes.evidence(other)
            if told[places[role]] - told[places[row.role]] > _CLEARLY:  # else nobody could tell
                row, profile = replace(row, role=role, target=roles().target(case.object, role, "")), other  # noqa: PLW2901
        rows.append(row)
        sources.append(replace(row.source, profile=profile))
    return replace(case, rows=tuple(rows)), sources


_SHARE_FILLED = 0.85
_CLEARLY = 1.2  # log-odds by which the values must speak for what the column truly holds
_SHARE_MISNAMED = 0.12
_MISTAKEN = {
    "title": ("salutation", "salutation", "salutation", "none"),
    "salutation": ("title",),
    "phone": ("mobile", "mobile", "mobile", "none"),
    "mobile": ("phone", "none"),
    "other_phone": ("mobile",),
    "email": ("none",),
    "full_name": ("company", "first_name"),
    "last_name": ("full_name",),
    "owner": ("none",),
    "birthdate": ("none",),
    "country": ("none",),
    "state": ("none",),
    "website": ("none",),
    "employees": ("none",),
    "account_number": ("none",),
}


def _resolved(case: Case, row: Row) -> str | None:
    """The field of the row in this file: an address of another kind that is the only one there is the address."""
    if row.group in {"shipping", "other"} and case.object == "Contact":
        groups = {other.group for other in case.rows if other.role in roles().address}
        if len(groups) == 1:
            return roles().target(case.object, row.role, "")
    return row.target


def _custom(case: Case, draw: random.Random) -> list[TargetField]:
    """Custom fields an org might have: some made of columns that have no standard field, under the same name."""
    if draw.random() < 0.5:  # noqa: PLR2004 half of the orgs
        return []
    nulls = [row for row in case.rows if row.target is None and row.role == NONE]
    chosen = draw.sample(nulls, min(len(nulls), draw.randrange(0, 3)))
    found = {}
    for row in chosen:
        words = words_of(row.source.name)
        if words and sum(map(len, words)) > 4:  # noqa: PLR2004 a name that says something
            name = f"{''.join(words).title()}__c"
            found[name] = TargetField(name, " ".join(words).title(), "string")
    for name in draw.sample(_USUAL_CUSTOM, 4):
        found.setdefault(name, TargetField(name, name.removesuffix("__c").replace("_", " "), "string"))
    return list(found.values())


_USUAL_CUSTOM = (
    "Level__c", "Languages__c", "Keva_Id__c", "Region__c", "Customer_Priority__c", "SLA__c", "Active__c", "Segment__c",
    "External_Id__c", "Primary_Contact__c", "Linkedin_Url__c", "Score__c", "Notes__c", "History__c", "Country_Code__c",
    "Old_Email__c", "Customer_Since__c", "VAT_Number__c", "Linked_Account__c", "Legacy_Address__c",
)  # fmt: skip


def _rank(read: Sequence[_Read]) -> Ranking:
    """Fit the pair score, then the list's answer, on cases read by models that did not see them."""
    wanted: list[float] = []
    given: list[Floats] = []
    for one in read:
        for row, gold in enumerate(one.gold):
            likely = np.argsort(-one.pairs[row, :, :6].sum(axis=1), kind="stable")[:_KEPT_WRONG]
            places = sorted({*likely.tolist(), *([gold] if gold >= 0 else [])})
            given.append(one.pairs[row, places])
            wanted.extend(float(place == gold) for place in places)
    weights, intercept = _pair_weights(np.concatenate(given), np.asarray(wanted))
    blank = np.zeros(len(LIST_FEATURES))
    ranking = Ranking(weights, intercept, blank, blank + 1, np.zeros((3, len(blank))), np.zeros(3))
    listed: list[Floats] = []
    outcomes: list[int] = []
    for one in read:
        scores = ranking.scores(one.pairs)
        listed.append(list_features(one.case.object, one.sheet, one.known, one.pairs, scores))
        best = scores.argmax(axis=1)
        outcomes.extend(
            1 if gold < 0 else (0 if gold == place else 2) for gold, place in zip(one.gold, best, strict=True)
        )
    stacked = np.concatenate(listed)
    means, scales = np.round(stacked.mean(axis=0), 4), np.round(stacked.std(axis=0) + 1e-3, 4)
    answer = LogisticRegression(C=1.0, max_iter=400, tol=1e-5).fit((stacked - means) / scales, outcomes)
    table, offsets = np.zeros((3, len(blank))), np.full(3, -8.0)
    table[answer.classes_] = np.round(answer.coef_, 4)
    offsets[answer.classes_] = np.round(answer.intercept_, 4)
    shares = np.concatenate([shares_known(one.sheet, one.known, one.pairs, ranking.scores(one.pairs)) for one in read])
    fitted = Ranking(weights, intercept, means, scales, table, offsets)
    right = np.asarray(outcomes)

    def surprise(doubt: float) -> float:
        sure = replace(fitted, doubt=doubt).answers(stacked, shares)[np.arange(len(right)), right]
        return -float(np.log(sure + 1e-6).mean())

    return replace(fitted, doubt=min((0.0, 0.25, 0.5, 0.75, 1.0), key=surprise))


def _pair_weights(given: Floats, wanted: Floats) -> tuple[Floats, float]:
    """Weights of the pair score; what can only speak for a pair never counts against it, nor the other way about."""
    signs_wanted = np.asarray([_SIGNS.get(name, 1.0) for name in FEATURES])
    kept = np.ones(len(FEATURES), dtype=bool)
    while True:
        model = LogisticRegression(C=1.0, max_iter=400, tol=1e-5).fit(given[:, kept], wanted)
        weights = np.zeros(len(FEATURES))
        weights[kept] = model.coef_[0]
        wrong = (weights * signs_wanted < 0) & kept
        if not wrong.any():
            return np.round(weights, 4), round(float(model.intercept_[0]), 4)
        kept[np.flatnonzero(wrong)[np.abs(weights[wrong]).argmax()]] = False


_SIGNS = {"contrary": -1.0, "taken": -1.0, "custom": 0.0, "read_only": 0.0}


def _answers(one: _Read, ranking: Ranking) -> Iterable[Answer]:
    scores = ranking.scores(one.pairs)
    listed = list_features(one.case.object, one.sheet, one.known, one.pairs, scores)
    answers = ranking.answers(listed, shares_known(one.sheet, one.known, one.pairs, scores))
    for row, (column, answer) in enumerate(zip(one.case.rows, answers, strict=True)):
        sure, none = confidences(scores[row], answer)
        order = np.argsort(-sure, kind="stable")[:3]
        gold = one.gold[row]
        yield Answer(
            family=column.family,
            object=column.object,
            language=column.language,
            name=column.source.name,
            gold=one.known.targets[gold].name if gold >= 0 else None,
            best=tuple((one.known.targets[place].name, float(sure[place])) for place in order),
            none=none,
            trivial=gold >= 0 and one.pairs[row, gold, FEATURES.index("same")] > 0,
            with_values=one.sheet.sources[row].profile is not None,
        )
