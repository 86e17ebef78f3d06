"""The made-up table with its traps, scored once."""

import pytest
from made_up import TRAPS, found, people


@pytest.fixture(scope="session")
def world():
    """The pairs of the made-up table with the traps, and what is true."""
    rows, same = people()
    pairs = found([*rows, *(item for trap in TRAPS.values() for item in trap)])
    yield pairs, same
    pairs.con.close()
