"""What tells two persons apart whatever else they share: guards over the model's scores, each with its reason."""

from __future__ import annotations

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["GUARDS", "guarded"]

GUARDS = {
    # Harold Sr and Harold Jr live at one address and share a phone
    "generation": "a.generation is not null and b.generation is not null and a.generation <> b.generation",
    # Miriam and Tobias of one household: each has an address with the own first name
    "own first names": """length(a.given1) > 2 and length(b.given1) > 2
        and jaro_winkler_similarity(a.given1, b.given1) < 0.75 and not coalesce(list_has_any(a.nicks, b.nicks), false)
        and contains(a.stem, a.given1) and contains(b.stem, b.given1)
        and not contains(a.stem, b.given1) and not contains(b.stem, a.given1)""",
    # colleagues: each has an address with a part of the own name at the same company, and the addresses are unlike
    "own addresses at work": """a.domain = b.domain and not a.free and not a.role and not b.role
        and jaro_winkler_similarity(a.stem, b.stem) < 0.7
        and (contains(a.stem, a.family) or contains(a.stem, a.given1))
        and (contains(b.stem, b.family) or contains(b.stem, b.given1))""",
    # a company's mail numbers its namesakes: maria.garcia and maria.garcia2, with other telephones and jobs
    "numbered addresses": """a.domain = b.domain and not a.free and not a.role and a.stem = b.stem
        and a.local <> b.local and levenshtein(a.phone, b.phone) > 2
        and jaro_winkler_similarity(a.title, b.title) < 0.8""",
}
"""Name to SQL over two rows of dd_record."""
_CEILING = -2.0
"""The log odds that a guarded pair has at most: a probability of about an eighth, to be looked at by a person."""
_FROM = -2.0


def guarded(
    con: duckdb.DuckDBPyConnection, numbers: npt.NDArray[np.int32], logit: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The log odds of pairs (n x 2 record numbers), lowered where a guard speaks."""
    high = np.flatnonzero(logit > _FROM)
    if not len(high):
        return logit
    asked = pa.table({"a": numbers[high, 0], "b": numbers[high, 1], "place": high})
    con.register("dd_guarding", asked)
    speaks = " or ".join(f"coalesce({sql}, false)" for sql in GUARDS.values())
    rows = con.execute(
        f"select place from dd_guarding as pair join dd_record as a on a.n = pair.a "  # noqa: S608 ours
        f"join dd_record as b on b.n = pair.b where {speaks}"
    ).fetchnumpy()["place"]
    con.unregister("dd_guarding")
    lowered = logit.copy()
    lowered[rows] = np.minimum(lowered[rows], _CEILING)
    return lowered
