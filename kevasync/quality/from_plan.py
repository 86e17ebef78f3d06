"""A plan's writes as one batch, so that the gate can be run on a plan long before apply."""

from __future__ import annotations

from pathlib import Path

import duckdb

from kevasync.records import Direction, Side
from kevasync.values import quote_identifier, quote_literal

__all__ = ["batch_of_plan"]


def batch_of_plan(changes: Path, into: Path, side: Side = Side.SALESFORCE) -> Path | None:
    """Write the plan's changes for one side as a batch file (`endpoint.WriteBatch`) into the folder `into`.

    `_key` is the record as people know it: the Keva id, or the Salesforce id where there is no customer yet. None
    where the plan writes nothing to that side.
    """
    direction = Direction.TO_CRM if side is Side.SALESFORCE else Direction.FROM_CRM
    own = "sf_id" if side is Side.SALESFORCE else "keva_id"
    source = f"read_parquet({quote_literal(str(changes))})"
    path = into / f"plan-{side.value}.parquet"
    with duckdb.connect() as con:
        names = [
            row[0]
            for row in con.execute(
                f"SELECT DISTINCT field FROM {source} WHERE direction = ? ORDER BY 1",  # noqa: S608 quoted
                [direction.value],
            ).fetchall()
        ]
        if not names:
            return None
        values = "".join(
            f", max(new) FILTER (field = {quote_literal(name)}) AS {quote_identifier(name)}" for name in names
        )
        con.execute(
            f"""COPY (
                SELECT coalesce(keva_id, sf_id) AS _key, keva_id AS _keva_id, {own} AS _id,
                    coalesce(list(field) FILTER (new IS NULL), []) AS _clear{values}
                FROM {source} WHERE direction = {quote_literal(direction.value)}
                GROUP BY keva_id, sf_id ORDER BY _key
            ) TO {quote_literal(str(path))} (FORMAT parquet)"""  # noqa: S608 quoted
        )
    return path
