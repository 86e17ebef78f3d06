"""One connection with the functions on it, shared by the tests of values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import duckdb
import pytest

from kevasync.values import register
from tests.values.nasty import REGION


@pytest.fixture(scope="session")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        register(connection, REGION)
        register(connection, "DE")
        yield connection


@pytest.fixture(scope="session")
def run(con: duckdb.DuckDBPyConnection) -> Callable[[str, Sequence[str | None]], list[str | None]]:
    """Evaluate SQL over the column `x` that holds these values, in order."""

    def evaluate(sql: str, values: Sequence[str | None]) -> list[str | None]:
        rows = con.execute(
            f"select {sql} from (select unnest($1::struct(n integer, x varchar)[], recursive := true)) order by n",
            [[{"n": number, "x": value} for number, value in enumerate(values)]],
        ).fetchall()
        return [row[0] for row in rows]

    return evaluate
