"""Trains the shipped scorer: sieve and first model on pairs of made-up worlds, the second on other worlds scored by the first."""

from __future__ import annotations

import multiprocessing
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier

import kevasync
from kevasync.dedupe import collective
from kevasync.dedupe.comparison import (
    FIELDS,
    Floats,
    base_features,
    glanced,
    sieve_places,
    with_together,
    without_fields,
)
from kevasync.dedupe.forest import Forest, from_boosting
from kevasync.dedupe.pipeline import close_triangles, score_alone
from kevasync.dedupe.scoring import Scorer
from kevasync.dedupe.training.others import OTHERS
from kevasync.dedupe.training.samples import Sample, any_world, load_world, sample_world
from kevasync.dedupe.training.worlds import KINDS

__all__ = ["ContextSample", "Plan", "context_sample", "fit_first", "fit_second", "fit_sieve", "provenance", "train"]

Tell = Callable[[str], None]
_OFTEN = ("crm", "crm", "contacts", "demo", "registry")
_HEAVIEST = 60
"""No pair counts for more than so many, or single ones would rule the fit."""
_DIFFERENT = ((12_000, 0.9), (100_000, 0.7))
"""What a pair of two persons counts against one of a pair of one, in tables of so many records: made-up worlds are fuller of
look-alikes than life, and the more so the larger they are, as their names run out (docs/decisions/0005-duplicates.md)."""
_SIZES = (700, 1500, 3000, 6000, 12_000)
_TABLES = (700, 1500, 3000, 1500, 6000, 3000, 12_000)
_LARGE = (
    ("crm", 25_000), ("retail", 25_000), ("contacts", 25_000), ("desk", 300_000), ("shop", 300_000), ("desk", 100_000),
    ("shop", 100_000), ("profiles", 100_000), ("crm", 100_000), ("contacts", 100_000), ("retail", 100_000),
    ("migration", 100_000), ("lab", 100_000), ("archive", 100_000), ("register", 100_000), ("archive", 25_000),
    ("registry", 25_000), ("census", 25_000), ("register", 25_000), ("archive", 25_000), ("accounts", 25_000),
)  # fmt: skip
"""Tables of the size of real ones, for the second model: what a score means depends on the size of the table."""
_ROWS = (15_000, 60_000)
"""At most so many pairs of a table, and of a large one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to train: rounds over all kinds of worlds for the first and the second model, and the seed of it all.

    `others_first` and `others_second`: tables of each other maker. `without`: makers left out, to try the model on them.
    """

    first_rounds: int = 6
    second_rounds: int = 10
    large_worlds: int = len(_LARGE)
    others_first: int = 12
    others_second: int = 20
    without: tuple[str, ...] = ()
    trees: int = 240
    seed: int = 20_261_123
    second_seed: int = 777

    def pairs(self) -> list[tuple[str, int, int]]:
        """Kind, size and seed of the worlds whose pairs the first model learns from."""
        return self._worlds(self.first_rounds, _SIZES, 1, self.seed) + self._others(
            self.others_first, _SIZES, self.seed
        )

    def tables(self) -> list[tuple[str, int, int]]:
        """The same of the worlds that the second model sees as whole tables; the first few have the size of a real one."""
        large = [
            (kind, size, self.second_seed * 1000 + 1500 + at)
            for at, (kind, size) in enumerate(_LARGE[: self.large_worlds])
            if kind not in self.without
        ]
        # the largest first, or one process works on alone at the end
        large.sort(key=lambda one: -one[1])
        others = self._others(self.others_second, _TABLES, self.second_seed)
        return large + self._worlds(self.second_rounds, _TABLES, 3, self.second_seed) + others

    def _others(self, tables: int, sizes: tuple[int, ...], seed: int) -> list[tuple[str, int, int]]:
        return [
            (maker, sizes[(turn + at) % len(sizes)], seed * 1000 + 50_000 + turn)
            for turn in range(tables)
            for at, maker in enumerate(OTHERS)
            if maker not in self.without
        ]

    @staticmethod
    def _worlds(rounds: int, sizes: tuple[int, ...], step: int, seed: int) -> list[tuple[str, int, int]]:
        return [
            (kind, sizes[(turn * step + at) % len(sizes)], seed * 1000 + turn * 100 + at)
            for turn in range(rounds)
            for at, kind in enumerate([*KINDS, *_OFTEN])
        ]


@dataclass(frozen=True, slots=True)
class ContextSample:
    """Pairs of one world amid their neighbours, their truth and weight."""

    kind: str
    records: int
    context: Floats
    truth: npt.NDArray[np.int8]
    weight: Floats
    true_pairs: int


def _drawn(sample: Sample, rng: np.random.Generator, most: tuple[int, int]) -> tuple[npt.NDArray[np.int64], Floats]:
    """Rows of a sample, at most so many true and false ones, and their weights."""
    rows, weights = [], []
    for truth, limit in ((1, most[0]), (0, most[1])):
        places = np.flatnonzero(sample.truth == truth)
        kept = rng.permutation(places)[:limit]
        rows.append(kept)
        weights.append(sample.weight[kept] * (len(places) / max(1, len(kept))))
    return np.concatenate(rows), np.minimum(np.concatenate(weights), _HEAVIEST).astype(np.float32)


def _present(sample: Sample) -> list[str]:
    own = {field: [at for at, feature in enumerate(base_features()) if feature.fields[0] == field] for field in FIELDS}
    return [field for field in FIELDS if (sample.base[:, own[field]] >= 0).any()]


def _matrix(samples: Iterable[Sample], seed: int) -> tuple[Floats, npt.NDArray[np.int8], Floats]:
    """Rows of all samples, a third of them once more without some of their fields, so that any table can be scored."""
    rng = np.random.default_rng(seed)
    parts: list[tuple[Floats, Any, Any]] = []
    for sample in samples:
        rows, weight = _drawn(sample, rng, (1600, 4500))
        parts.append((with_together(sample.base[rows], sample.records), sample.truth[rows], weight))
        fields = _present(sample)
        if len(fields) > 2:
            lost = set(rng.choice(fields, size=int(rng.integers(1, len(fields) - 1)), replace=False).tolist())
            some = rng.random(len(rows)) < 0.3
            hidden = without_fields(sample.base[rows[some]], lost)
            parts.append((with_together(hidden, sample.records), sample.truth[rows[some]], weight[some]))
    return (
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]).astype(np.float32),
    )


def fit_first(samples: Sequence[Sample], plan: Plan) -> Forest:
    """The model of a pair alone."""
    rows, truth, weight = _matrix(samples, plan.seed)
    model = HistGradientBoostingClassifier(
        max_iter=plan.trees, learning_rate=0.08, max_leaf_nodes=31, min_samples_leaf=60, l2_regularization=5.0,
        max_features=0.3, early_stopping=False, random_state=plan.seed % 2**31,
    )  # fmt: skip
    model.fit(rows, truth, sample_weight=weight)
    return from_boosting(model)


def fit_sieve(samples: Sequence[Sample], first: Forest, plan: Plan) -> tuple[Forest, float]:
    """The cheap model that drops hopeless pairs, and its cut: 999 of 1000 true pairs that the first model believes pass."""
    places = sieve_places()
    rng = np.random.default_rng(plan.seed + 1)
    rows, truth, hopes = [], [], []
    walk = first.compiled()
    for sample in samples:
        kept, _ = _drawn(sample, rng, (2000, 6000))
        rows.append(glanced(sample.base[kept][:, places], sample.records))
        truth.append(sample.truth[kept])
        hopes.append(first.predict(with_together(sample.base[kept], sample.records), walk))
    matrix, same, hope = np.concatenate(rows), np.concatenate(truth), np.concatenate(hopes)
    model = HistGradientBoostingClassifier(
        max_iter=70, learning_rate=0.15, max_leaf_nodes=15, min_samples_leaf=60, l2_regularization=5.0, early_stopping=False,
        random_state=plan.seed % 2**31,
    )  # fmt: skip
    # it learns what the first model thinks of a pair, so that it drops nothing that the other would have kept
    model.fit(matrix, (hope > -2.2) | (same == 1))
    sieve = from_boosting(model)
    worthy = sieve.predict(matrix[(same == 1) & (hope > -1.5)], sieve.compiled())
    return sieve, float(np.quantile(worthy, 0.001))


def context_sample(scorer: Scorer, kind: str, records: int, seed: int) -> ContextSample:
    """A whole world scored by the first model, with each pair's neighbours."""
    con = duckdb.connect(config={"threads": 1})
    con.execute("set enable_progress_bar = false")
    try:
        count = load_world(con, any_world(kind, records, seed, any_table=True))
        numbers, logit = score_alone(con, "dd_pair", count, scorer)
        close_triangles(con, numbers, logit, count, scorer)
        pairs, rows = collective.context(con, count, collective.LEAST)
        person = con.execute("select person from dd_truth order by n").fetchnumpy()["person"]
        truth = (person[pairs[:, 0] - 1] == person[pairs[:, 1] - 1]).astype(np.int8)
        sizes = np.bincount(person)
        return ContextSample(
            kind, count, rows, truth, np.ones(len(rows), np.float32), int((sizes * (sizes - 1) // 2).sum())
        )
    finally:
        con.close()


def _context_of(job: tuple[Scorer, str, int, int]) -> ContextSample:
    return context_sample(*job)


def _different(records: int) -> float:
    sizes, counts = zip(*_DIFFERENT, strict=True)
    return float(np.interp(np.log(records), np.log(sizes), counts))


def fit_second(samples: Iterable[ContextSample], plan: Plan) -> Forest:
    """The model of a pair amid its neighbours: more of what confirms never lowers a probability."""
    rng = np.random.default_rng(plan.seed + 2)
    rows, truth, weight = [], [], []
    for sample in samples:
        kept = rng.permutation(len(sample.truth))[: _ROWS[sample.records > 2 * _TABLES[-1]]]
        rows.append(sample.context[kept])
        truth.append(sample.truth[kept])
        # every world counts the same: what differs from table to table is what this model has to learn
        each = np.where(sample.truth[kept] == 1, 1, _different(sample.records))
        weight.append((each * min(_HEAVIEST, 6000 / max(1, len(kept)))).astype(np.float32))
    rising = {"logit": 1, "path": 1, "path_mass": 1}
    model = HistGradientBoostingClassifier(
        max_iter=250, learning_rate=0.06, max_leaf_nodes=15, min_samples_leaf=150, l2_regularization=10.0, max_features=0.4,
        early_stopping=False, monotonic_cst=[rising.get(name, 0) for name in collective.CONTEXT], random_state=plan.seed % 2**31,
    )  # fmt: skip
    model.fit(np.concatenate(rows), np.concatenate(truth), sample_weight=np.concatenate(weight))
    return from_boosting(model)


def train(plan: Plan, tell: Tell, processes: int = 1) -> tuple[Scorer, dict[str, Any]]:
    """The scorer and its provenance; the same plan and versions give the same arrays.

    Two rounds of worlds are made by so many processes; fitting takes a few minutes, the worlds most of the time.
    """
    context = multiprocessing.get_context("spawn")
    jobs = plan.pairs()
    tell(f"first: {len(jobs)} worlds")
    with context.Pool(processes) as pool:
        samples = pool.starmap(sample_world, jobs, chunksize=1)
    tell(f"first: fitting {sum(len(sample.truth) for sample in samples):,} pairs")
    first = fit_first(samples, plan)
    sieve, cut = fit_sieve(samples, first, plan)
    scorer = Scorer(first, None, sieve, cut)
    del samples
    jobs = plan.tables()
    tell(f"second: {len(jobs)} worlds")
    with context.Pool(processes) as pool:
        # one table after the other: together they would need gigabytes, and little of each is learned from
        second = fit_second(pool.imap(_context_of, [(scorer, *job) for job in jobs]), plan)
    return Scorer(first, second, sieve, cut), provenance(plan)


def provenance(plan: Plan) -> dict[str, Any]:
    """What a model's file says of how it was made."""
    without = f" --without {','.join(plan.without)}" if plan.without else ""
    return {
        "trained_on": "worlds made up by the modules of kevasync.dedupe.training; no real record",
        "again": f"python -m kevasync.dedupe.training --seed {plan.seed}{without}",
        "plan": asdict(plan),
        "versions": {
            "kevasync": kevasync.__version__,
            "python": platform.python_version(),
            "scikit-learn": sklearn.__version__,
            "numpy": np.__version__,
            "duckdb": duckdb.__version__,
        },
    }
