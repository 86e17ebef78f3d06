"""What a column means by what its values look like: a naive Bayes model over shares, trained on invented profiles."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from kevasync.automap.fields import ValueProfile
from kevasync.automap.roles import roles

__all__ = ["Shapes", "invent"]

Floats = NDArray[np.float64]

_EDGES = (0.02, 0.25, 0.6, 0.9)
_LENGTHS = (1.3, 2.5, 4.2, 6.5, 10.5, 16.5, 30.0)
_DRAWS = 60
_SMOOTHING = 0.03
_FEWEST = 3  # filled values below which a profile says nothing
_FULL = 40  # filled values from which it says all it can
_MOST = 6.0
_DISTINCT = (0.05, 0.5, 0.95)
_UNRECOGNISED = 0.25  # of the columns hold words the lists and patterns do not know, as in other languages
_LISTED = frozenset(
    {"first_name", "last_name", "city", "state", "country", "job_title", "industry", "department", "company_suffix"}
    | {"lead_source", "account_type", "lead_status", "street", "person_name", "rating", "ownership"}
)
_UNIQUE = frozenset({"email", "id", "phone", "mobile", "full_name", "account_number", "duns"})
_REPEATED = frozenset(
    [
        "salutation",
        "suffix",
        "department",
        "lead_source",
        "industry",
        "rating",
        "status",
        "type",
        "ownership",
        "country",
        "state",
        "opt_out_email",
        "opt_out_fax",
        "do_not_call",
        "is_deleted",
        "converted",
        "bounced",
        "record_type",
        "owner",
    ]
)


@cache
def _looks() -> dict[str, list[tuple[dict[str, float], float]]]:
    text = (resources.files("kevasync.automap") / "shapes.toml").read_text(encoding="utf-8")
    found = {}
    for role, looks in tomllib.loads(text)["looks"].items():
        parsed = [{name: float(share) for name, share in (part.split("=") for part in look.split())} for look in looks]
        found[role] = [({name: share for name, share in look.items() if name != "l"}, look["l"]) for look in parsed]
    return found


def invent(role: str, draw: random.Random) -> ValueProfile:
    """An invented profile of a column with this role: one of its looks, with noise."""
    shares, length = draw.choice(_looks()[role])
    noisy = {}
    for name, share in shares.items():
        spread = draw.gauss(share, 0.07) if share < 1.0 else 1.0 - abs(draw.gauss(0.0, 0.015))
        noisy[name] = min(1.0, max(0.0, spread))
    if draw.random() < _UNRECOGNISED:
        noisy = {name: share * draw.uniform(0.0, 0.5) if name in _LISTED else share for name, share in noisy.items()}
    for name in draw.sample(("word", "upper", "city", "last_name", "code", "list", "company_suffix"), 2):
        noisy.setdefault(name, max(0.0, draw.gauss(0.0, 0.03)))
    mean = max(1.0, draw.gauss(length, length * 0.15))
    unique = draw.uniform(0.9, 1.0) if role in _UNIQUE else draw.uniform(0.2, 1.0)
    unique = draw.uniform(0.001, 0.08) if role in _REPEATED else unique
    if role == "none":
        unique = draw.choice((draw.uniform(0.001, 0.1), draw.uniform(0.1, 0.9), 1.0))
    filled = draw.choice((20, 60, 200, 1_000))
    return ValueProfile(1_000, filled, unique, 1, int(mean * 2), mean, noisy)


class Shapes:
    """Log-likelihood of each bin of each pattern's share, for each role."""

    def __init__(self, patterns: tuple[str, ...], table: Floats) -> None:
        self.patterns = patterns
        self.table = table
        """roles by (patterns + length + distinct) by bins, log-probabilities."""
        self.index = {name: place for place, name in enumerate(roles().names)}

    @classmethod
    def learn(cls, seed: int) -> Shapes:
        """Count the bins of invented profiles."""
        patterns = tuple(sorted({name for looks in _looks().values() for shares, _ in looks for name in shares}))
        names = roles().names
        table = np.full((len(names), len(patterns) + 2, len(_LENGTHS) + 1), _SMOOTHING)
        for place, role in enumerate(names):
            draw = random.Random(f"{seed}-{role}")  # noqa: S311 reproducible, not secret
            count = _DRAWS * (6 if role == "none" else 1)
            for _ in range(count):
                for row, bin_ in enumerate(_bins(patterns, invent(role, draw))):
                    table[place, row, bin_] += 1.0 / count
        table = np.log(table / table.sum(axis=2, keepdims=True))
        return cls(patterns, np.round(table, 4))

    def evidence(self, profile: ValueProfile | None) -> Floats:
        """For each role, how much likelier these values are under it than under the usual role, in log-odds.

        All 0 without values; at most 6 either way; less while there are few values.
        """
        if profile is None or profile.filled < _FEWEST:
            return np.zeros(len(self.table))
        bins = _bins(self.patterns, profile)
        each = self.table[:, np.arange(len(bins)), bins]
        score = each.sum(axis=1) * 0.5  # the patterns overlap: all together count half
        usual = np.log(np.mean(np.exp(score - score.max()))) + score.max()
        trust = min(1.0, profile.filled / _FULL)
        return np.asarray(np.clip(score - usual, -_MOST, _MOST) * trust, dtype=np.float64)


def _bins(patterns: tuple[str, ...], profile: ValueProfile) -> list[int]:
    shares: Mapping[str, float] = profile.shares
    found = [int(np.searchsorted(_EDGES, shares.get(name, 0.0))) for name in patterns]
    found.append(int(np.searchsorted(_LENGTHS, profile.mean_length)))
    found.append(int(np.searchsorted(_DISTINCT, profile.distinct_ratio)))
    return found
