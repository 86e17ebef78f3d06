"""What leaves no doubt to a person: guards over the model's scores, each with its reason."""

from __future__ import annotations

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from kevasync.dedupe.columns import MAX_OTHER

__all__ = ["GUARDS", "guarded"]

GUARDS = {
    # Harold Sr and Harold Jr live at one address and share a phone
    "generation": "a.generation is not null and b.generation is not null and a.generation <> b.generation",
    # Miriam and Tobias of one household: each has an address with the own first name
    "own first names": """length(a.given1) > 2 and length(b.given1) > 2
        and jaro_winkler_similarity(a.given1, b.given1) < 0.75 and not coalesce(list_has_any(a.nicks, b.nicks), false)
        and contains(a.stem, a.given_key) and contains(b.stem, b.given_key)
        and not contains(a.stem, b.given_key) and not contains(b.stem, a.given_key)""",
    # colleagues: each has an address with a part of the own name at the same company, and the addresses are unlike
    "own addresses at work": """a.domain = b.domain and not a.free and not a.role and not b.role
        and jaro_winkler_similarity(a.stem, b.stem) < 0.7
        and (contains(a.stem, a.family_key) or contains(a.stem, a.given_key))
        and (contains(b.stem, b.family_key) or contains(b.stem, b.given_key))""",
    # a company's mail numbers its namesakes: maria.garcia and maria.garcia2, with other telephones and jobs
    "numbered addresses": """a.domain = b.domain and not a.free and not a.role and a.stem = b.stem
        and a.local <> b.local and levenshtein(a.phone, b.phone) > 2
        and jaro_winkler_similarity(a.title, b.title) < 0.8""",
}
"""Name to SQL over two rows of dd_record."""

_UNLIKE = " and ".join(
    f"jaro_winkler_similarity(a.{one}, b.{other}) < 0.8"
    for one, other in (("family", "family"), ("given1", "family"), ("family", "given1"))
)
_NOTHING_SHARED = " and ".join(
    f"not coalesce({sql}, false)"
    for sql in (
        *(f"a.{name} = b.{name}" for name in ("email", "phone", "company_key", "title")),
        "jaro_winkler_similarity(a.local, b.local) > 0.85",
        "jaro_winkler_similarity(a.street, b.street) > 0.85",
        "levenshtein(a.identifier, b.identifier) <= 1",
        "levenshtein(a.dob, b.dob) <= 2",
        "a.city = b.city and a.postcode = b.postcode",
        "list_has_any(a.name_tokens, b.name_tokens)",
        "list_has_any(a.nicks, b.nicks)",
    )
)
STRANGERS = f"""length(a.given1) > 1 and length(b.given1) > 1 and levenshtein(a.given1, b.given1) > 2
    and {_UNLIKE} and {_NOTHING_SHARED}"""
"""Names unlike in every order and nothing else in common but perhaps a postcode or a city. Holds only where no third
record is likely the same as both: of a person who is known by two names they are what links the two."""
_CEILING = -2.0
"""The log odds that a guarded pair has at most: a probability of about an eighth, to be looked at by a person."""
_STRANGE = -4.0
"""The same for strangers: of 301 pairs on seven sets 16 were one person (docs/decisions/0005-duplicates.md)."""
_FROM = -2.0

_COPIED = (
    "person", "generation", "email", "phone", "extension", "company_key", "street", "city", "postcode", "state",
    "country", "dob", "title", "identifier", *(f"other{number}" for number in range(MAX_OTHER)),
)  # fmt: skip
_TELLING = ("email", "phone", "company_key", "street", "dob", "identifier")
COPY = 3.0
"""The log odds that a pair of copies has at least: records equal in all that they have, a name and two more things that
few share. Of 1,468 such pairs on 27 sets all were one person, and none was believed below .958; but to the model sixty
copies in a small table look like a name and an address that everybody has."""


def guarded(
    con: duckdb.DuckDBPyConnection, numbers: npt.NDArray[np.int32], logit: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """The log odds of pairs (n x 2 record numbers), lowered where a guard speaks and raised for copies."""
    high = np.flatnonzero(logit > _FROM)
    lowered = _lowered(con, numbers, logit, high) if len(high) else logit
    return np.where(_copies(con, numbers), np.maximum(lowered, COPY), lowered)


def _copies(con: duckdb.DuckDBPyConnection, numbers: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
    """Which pairs are equal in all that they have."""
    telling = " + ".join(f"({name} is not null)::INT" for name in _TELLING)
    rows = con.execute(
        f"select n, hash({', '.join(_COPIED)}) as told from dd_record where person is not null and {telling} >= 2"  # noqa: S608 ours
    ).fetchnumpy()
    told = np.zeros(max(int(numbers.max(initial=0)), int(rows["n"].max(initial=0))) + 1, np.uint64)
    told[rows["n"]] = rows["told"]
    return np.asarray((told[numbers[:, 0]] != 0) & (told[numbers[:, 0]] == told[numbers[:, 1]]), np.bool_)


def _lowered(
    con: duckdb.DuckDBPyConnection,
    numbers: npt.NDArray[np.int32],
    logit: npt.NDArray[np.float64],
    high: npt.NDArray[np.int64],
) -> npt.NDArray[np.float64]:
    """The same, of those that stand so high that a guard matters."""
    asked = pa.table({"a": numbers[high, 0], "b": numbers[high, 1], "place": high})
    con.register("dd_guarding", asked)
    speaks = " or ".join(f"coalesce({sql}, false)" for sql in GUARDS.values())
    spoken = con.execute(
        f"""select place, coalesce({speaks}, false) as told from dd_guarding as pair
        join dd_record as a on a.n = pair.a join dd_record as b on b.n = pair.b
        where {speaks} or coalesce({STRANGERS}, false)"""  # noqa: S608 ours
    ).fetchnumpy()
    con.unregister("dd_guarding")
    told = spoken["told"].astype(bool)
    rows, strangers = spoken["place"][told], spoken["place"][~told]
    lowered = logit.copy()
    lowered[rows] = np.minimum(lowered[rows], _CEILING)
    lonely = _not_vouched_for(con, numbers, lowered, strangers)
    lowered[lonely] = np.minimum(lowered[lonely], _STRANGE)
    return lowered


def _not_vouched_for(
    con: duckdb.DuckDBPyConnection,
    numbers: npt.NDArray[np.int32],
    logit: npt.NDArray[np.float64],
    strangers: npt.NDArray[np.int64],
) -> npt.NDArray[np.int64]:
    """Those of the strangers (places) that no third record is likely the same as both of; strangers do not vouch."""
    if not len(strangers):
        return strangers
    likely = logit >= 0
    likely[strangers] = False
    con.register("dd_likely", pa.table({"a": numbers[likely, 0], "b": numbers[likely, 1]}))
    con.register("dd_strangers", pa.table({"a": numbers[strangers, 0], "b": numbers[strangers, 1], "place": strangers}))
    rows = con.execute(
        """with near as (
            select a as x, b as y from dd_likely union all select b, a from dd_likely
        ), vouched as (
            select distinct pair.place from dd_strangers as pair
            join near as one on one.x = pair.a join near as other on other.x = pair.b and other.y = one.y
        )
        select place from dd_strangers anti join vouched using (place)"""
    ).fetchnumpy()["place"]
    con.unregister("dd_likely")
    con.unregister("dd_strangers")
    return np.asarray(rows, np.int64)
