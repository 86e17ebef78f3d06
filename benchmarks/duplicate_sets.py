"""The labelled duplicate sets of the shared folder, and the figures that are told of a method on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "dedupe"


HELL = "entity_type = 'contact' and not master_id like 'CN%'"


HELL_COLUMNS = (
    "id=record_id,first_name=first_name,last_name=last_name,email=email,phone=phone,company=company_name,city=city,"
    "state=state_code,country=country_code,title=job_title"
)


@dataclass(frozen=True, slots=True)
class Set:
    """A table with its truth (SQL), which rows count, and what its columns are; None: guessed from the headers."""

    file: str
    id: str
    truth: str
    columns: str | None
    where: str = "true"
    bar: float | None = None


SETS = {
    "crm_20k": Set(
        "crm_20k.parquet",
        "unique_id",
        "cluster",
        "id=unique_id,first_name=first_name,last_name=last_name,email=email,phone=phone,company=company,city=city,title=title",
        bar=0.846,
    ),
    "hell": Set("dupehell_hell.parquet", "record_id", "master_id", HELL_COLUMNS, HELL, 0.567),
    "medium": Set("dupehell_medium.parquet", "record_id", "master_id", HELL_COLUMNS, HELL),
    "fake_1000": Set("fake_1000.csv", "unique_id", "cluster", None, bar=0.816),
    "febrl3": Set("febrl3.csv", "rec_id", "regexp_extract(rec_id, '^(rec-[0-9]+)-', 1)", None, bar=0.993),
    "historical": Set(
        "historical_half.parquet",
        "unique_id",
        "cluster",
        "id=unique_id,name=full_name,city=birth_place,postcode=postcode_fake,dob=dob,title=occupation,other=gender",
    ),
    "csv_example": Set(
        "csv_example_half.csv", "Id", '"True Id"', "id=Id,company=Site name,street=Address,postcode=Zip,phone=Phone"
    ),
}


Numbers = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Result:
    """Figures of one method on one set. `blocking`: share of true pairs among the candidates."""

    f1: float
    precision: float
    recall: float
    recall_at_99: float
    ece: float
    blocking: float
    seconds: float
    pairs: int
    clusters_f1: float | None = None
    refitted_f1: float | None = None

    @property
    def speed(self) -> float:
        return self.pairs / max(self.seconds, 1e-9)


def figures(probability: Numbers, truth: Numbers, total: int) -> dict[str, float]:
    """F1 at .5, the best recall at 99 % precision, and the expected calibration error in ten bins of all scored pairs."""
    given = probability >= 0.5
    right = float((given & truth).sum())
    order = np.argsort(-probability, kind="stable")
    hits = np.cumsum(truth[order])
    precision = hits / np.arange(1, len(hits) + 1)
    good = hits[precision >= 0.99]
    bins = np.minimum((probability * 10).astype(int), 9)
    gaps = [abs(probability[bins == at].sum() - truth[bins == at].sum()) for at in range(10)]
    return {
        "f1": 2 * right / max(given.sum() + total, 1),
        "precision": right / max(given.sum(), 1),
        "recall": right / max(total, 1),
        "recall_at_99": float(good.max()) / max(total, 1) if len(good) else 0.0,
        "ece": float(sum(gaps)) / max(len(probability), 1),
    }


def pairs_within(groups: Numbers) -> int:
    sizes = np.unique(groups, return_counts=True)[1]
    return int((sizes * (sizes - 1) // 2).sum())


def truth_of(con: duckdb.DuckDBPyConnection, one: Set) -> Numbers:
    """The person of each record number, counted from 0."""
    rows = con.execute(
        f'select ({one.truth})::VARCHAR as person from people join dd_id on dd_id.id = people."{one.id}"::VARCHAR order by n'
    ).fetchnumpy()["person"]
    return np.unique(rows.astype(str), return_inverse=True)[1]


def load(folder: Path, one: Set) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 2})
    con.execute("set enable_progress_bar = false")
    con.execute(f"create view people as select * from '{folder / one.file}' where {one.where}")
    return con
