"""The CSV of the ledger may be opened in a spreadsheet: nothing in it runs, and numbers stay numbers."""

import csv
import io

import pytest

from kevasync.cli.context import Context
from kevasync.cli.log import COLUMNS, _write_csv, harmless


@pytest.mark.parametrize("cell", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "\t=1", "\r=1"])
def test_a_formula_gets_an_apostrophe(cell):
    """Whatever a spreadsheet takes for a formula is written behind an apostrophe."""
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["+12125550100", "+1 (212) 555-0100", "-5", "-1,204.50", "Ann", "", None, 12])
def test_numbers_and_texts_stay(cell):
    """Telephone numbers and negative numbers are not touched."""
    assert harmless(cell) == cell


def test_every_cell_of_a_line_is_made_harmless():
    """Old and new values, and a message that quotes one, alike."""
    out = io.StringIO()
    entry = dict.fromkeys(COLUMNS) | {"message": "=A1", "changes": {"Title": ["=1", "Buyer"]}}
    _write_csv(Context(stdout=out), [entry])
    (row,) = csv.DictReader(io.StringIO(out.getvalue()))
    assert (row["message"], row["old"], row["new"]) == ("'=A1", "'=1", "Buyer")
