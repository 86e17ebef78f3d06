"""The form in which values are compared: what is the same becomes equal, what is no value becomes null."""

import duckdb
import pyarrow as pa
import pytest

from kevasync.dedupe.ascii import to_ascii
from kevasync.dedupe.canonical import make_records
from kevasync.dedupe.columns import parse
from kevasync.dedupe.reading import read

COLUMNS = "first_name=first,last_name=last,email=email,phone=phone,company=company,title=title"
NAMES = [part.split("=")[1] for part in COLUMNS.split(",")]


def canonical(column, *rows):
    """One column of dd_record, in the order of the rows."""
    con = duckdb.connect()
    con.register("people", pa.Table.from_pylist([{name: row.get(name) for name in NAMES} for row in rows]))
    read(con, "people", parse(COLUMNS))
    make_records(con)
    return [row[0] for row in con.execute(f'select "{column}" from dd_record order by n').fetchall()]


@pytest.mark.parametrize("word", ["n/a", "N/A ", "-", "unknown", "#N/A", "xxx", "Not provided", "...", "0"])
def test_words_for_nothing_are_null(word):
    """What people write where there is nothing to write makes no two records alike, in any column."""
    row = dict.fromkeys(NAMES, word)
    for column in ("given", "family", "email", "phone", "company", "title"):
        assert canonical(column, row, {"first": "Ann"}) in ([None, None], [None, "ann"])


def test_people_called_null_keep_their_name():
    """Null, Na and None are names of people, and no names of companies or jobs."""
    rows = [{"first": "Na", "last": name, "company": name, "title": name} for name in ("Null", "None", "Na")]
    assert canonical("family", *rows) == ["null", "none", "na"]
    assert canonical("company", *rows) == [None, None, None]
    assert canonical("title", *rows) == [None, None, None]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("VP, Sales", "Vice President of Sales"),
        ("Sr. Software Eng", "senior software engineer"),
        ("R&D Mgr", "Research Development Manager"),
        ("CEO", "Chief Executive Officer"),
        ("Head of IT", "Head, Information Technology"),
    ],
)
def test_a_job_in_short_and_in_full_is_one(one, other):
    """Abbreviations of titles are written out, and words that say nothing are left out."""
    first, second = canonical("title", {"first": "a", "title": one}, {"first": "b", "title": other})
    assert first == second is not None


@pytest.mark.parametrize(
    ("written", "generation", "family"),
    [
        ("Hartmann, jun.", "jr", "hartmann"),
        ("Hartmann sen.", "sr", "hartmann"),
        ("Moreau, père", "sr", "moreau"),
        ("Souza, Filho", "jr", "souza"),
        ("Doyle Snr", "sr", "doyle"),
        ("Doyle Jr.", "jr", "doyle"),
        ("Sen", None, "sen"),
        ("Kang Jun", None, "kang jun"),
        ("Das, Sen Gupta", None, "das sen gupta"),
    ],
)
def test_a_generation_is_told_from_a_name(written, generation, family):
    """Father and son in several languages; Sen and Jun are also names."""
    row = {"first": "Ash", "last": written}
    assert canonical("generation", row) == [generation]
    assert canonical("family", row) == [family]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+49 (0)871 5213490", "0871/5213490"),
        ("(212) 555-7733 ext. 12", "+1 212 555 7733"),
        ("0044 20 7946 0991", "+44 20 7946 0991"),
    ],
)
def test_a_number_at_home_and_from_abroad_is_one(one, other):
    """A telephone number with and without the country's code ends alike."""
    first, second = canonical("phone", {"first": "a", "phone": one}, {"first": "b", "phone": other})
    assert first == second is not None


def test_broken_encodings_are_mended():
    """UTF-8 that was read as a Western code page, HTML entities and full-width letters are what they were."""
    for text in ("GrÃ¼nmann", "Grünmann", "Gru\u0308nmann"):
        assert to_ascii(text).lower() == "grunmann"
    assert to_ascii("LogÃ\xadstica") == "Logistica"
    assert to_ascii("Âge Ã la carte") == "Age A la carte", "what only looks broken stays"
    names = ["Smith &amp; Sons", "Smith & Sons"]
    assert len(set(canonical("company", *({"first": "a", "company": name} for name in names)))) == 1


def test_how_many_people_share_an_address_is_known():
    """Two names behind one address count twice, one name twice counts once."""
    box = [{"first": name, "last": "Okafor", "email": "team@calder.com"} for name in ("Ada", "Ada", "Bola", None)]
    assert canonical("people_email", *box, {"first": "Cy", "last": "Dent", "email": "cy@x.com"}) == [2, 2, 2, 2, 1]
