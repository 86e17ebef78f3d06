"""A state of its own for each test."""

from __future__ import annotations

import pytest

from kevasync.store.state import State


@pytest.fixture
def state(tmp_path):
    with State.open(tmp_path / "state.db") as opened:
        yield opened
