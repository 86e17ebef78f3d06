"""Files are read whole, in any usual form, or refused with the line; what was done about their ids is said."""

import gzip
import json

import duckdb
import pytest

from kevasync.dedupe.columns import parse
from kevasync.dedupe.reading import read
from kevasync.errors import UsageError

HEAD = "id,name,email\n"
ROWS = "".join(f"{at},Ann Lee{at},ann{at}@lee.com\n" for at in range(1, 31))


def taken(path, columns=None):
    """The records as (id, name, email), with the notes."""
    with duckdb.connect() as con:
        used = read(con, [path], parse(columns) if columns else None)
        rows = con.execute("select dd_id.id, name, email from dd_in join dd_id using (n) order by n").fetchall()
        return rows, [note for item in used for note in item.notes]


def refused(path, columns=None):
    with pytest.raises(UsageError) as caught:
        taken(path, columns)
    return caught.value.code, caught.value.what


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + ROWS + "id,name,email,phone,city\n" + "1,Bo,b@x.com,5,Rome\n" * 30, "line 32: 5 cells"),
        ("id,name\n" + ROWS, "line 2: 3 cells where the header has 2"),
        (HEAD + ROWS + "31,Bo\n" + ROWS, "line 32: 2 cells where the header has 3"),
        (HEAD + ROWS + "31,Bo,b@x.com,surplus\n", "line 32: 4 cells where the header has 3"),
        (HEAD + ROWS + "Total: 60 rows\n", "line 32: 1 cell where the header has 3"),
        ("Customers of 2026\n" + HEAD + ROWS, "line 2: 3 cells where the header has 1"),
        (HEAD + '1,"Ann\nLee",a@x.com\n2,Bo\n', "line 4: 2 cells"),
        (HEAD + ROWS + '31,"Bo,b@x.com\n', "line 32: a quote opened in this row is never closed"),
        (HEAD + ROWS + '31,"Bo" Yu,b@x.com\n', "line 32: text stands after the closing quote"),
    ],
)
def test_a_ragged_file_is_refused_with_its_line(tmp_path, text, says):
    """No line is left out to make the others fit: the first that does not fit is named."""
    path = tmp_path / "people.csv"
    path.write_text(text)
    code, what = refused(path)
    assert code == "dedupe-ragged"
    assert says in what
    assert "people.csv" in what


PEOPLE = [("1", "Ann, the\nfirst", "ann@lee.com"), ("2", 'Bo "Z" Müller', None), ("3", "Zoë", "zoe@x.com")]


def written(delimiter, end="\n"):
    rows = [
        f'{one}{delimiter}"{name.replace(chr(34), chr(34) * 2)}"{delimiter}{mail or ""}' for one, name, mail in PEOPLE
    ]
    return end.join([delimiter.join(["id", "name", "email"]), *rows, ""])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", written(",").encode()),
        ("a.csv", written(",", "\r\n").replace("the\r\n", "the\n").encode()),
        ("a.csv", b"\xef\xbb\xbf" + written(",").encode()),
        ("a.csv", written(";").encode()),
        ("a.csv", written("\t").encode()),
        ("a.csv", written("|").encode()),
        ("a.tsv", written("\t").encode()),
        ("a.csv.gz", gzip.compress(written(",").encode())),
        ("a.csv", ("\n" + written(",")).encode()),
        ("a.csv", written(",").replace("\n3", "\r\n3").encode()),
        ("a.csv", written(",").encode("utf-16")),
        ("a.csv", written("\t").encode("utf-16-le")),
        ("a.csv", written(";").encode("cp1252")),
        ("a.tsv.gz", gzip.compress(written("\t").encode("utf-16"))),
    ],
)
def test_every_usual_form_is_read(tmp_path, name, content):
    """Delimiters, quoted line breaks, byte order marks, mixed line ends, gzip and encodings change nothing."""
    path = tmp_path / name
    path.write_bytes(content)
    assert taken(path)[0] == PEOPLE


def test_windows_letters_far_down_are_found(tmp_path):
    """A file that begins as ASCII and goes on as Windows-1252 is read as that."""
    path = tmp_path / "people.csv"
    path.write_bytes(HEAD.encode() + ROWS.encode() * 2_000 + "99,Zoë Müller,z@x.com\n".encode("cp1252"))
    assert taken(path)[0][-1][1] == "Zoë Müller"


def test_broken_characters_are_told_with_a_way_out(tmp_path):
    """UTF-8 with a few broken bytes is refused, not guessed at, and the error says how to convert."""
    path = tmp_path / "people.csv"
    path.write_bytes(HEAD.encode() + "1,Zoë Müller Ångström,z@x.com\n2,Jos".encode() + b"\xe9,j@x.com\n")
    with pytest.raises(UsageError) as caught:
        taken(path)
    assert "neither UTF-8 nor Windows-1252" in caught.value.what
    assert "iconv" in caught.value.next_steps[0]


def test_two_files_that_are_read_line_by_line_stay_apart(tmp_path):
    """Two UTF-16 files are both read, each with its own rows."""
    for name, row in (("a.csv", "1,Ann,a@x.com\n"), ("b.csv", "2,Bo,b@x.com\n")):
        (tmp_path / name).write_text(HEAD + row, encoding="utf-16")
    with duckdb.connect() as con:
        read(con, [tmp_path / "a.csv", tmp_path / "b.csv"], None)
        assert con.execute("select name from dd_in order by n").fetchall() == [("Ann",), ("Bo",)]


def test_columns_of_one_name_are_numbered(tmp_path):
    """Headings that come twice, and missing ones, do not get in the way."""
    path = tmp_path / "people.csv"
    path.write_text("id,Name,name,\n1,Ann,Lee,x\n")
    assert taken(path, "id=id,name=name_1,email=column3")[0] == [("1", "Lee", "x")]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.json", json.dumps({"records": [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bo"}]}), "a list of objects"),
        ("a.json", '["Ann", "Bo"]', "a list of objects"),
        ("a.ndjson", '[{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bo"}]', "one object a line"),
        ("a.json", '\ufeff{"name"', "a.json"),
    ],
)
def test_json_of_another_shape_is_told(tmp_path, name, text, says):
    """An envelope around the records, or an array where lines are due: the error says what is needed."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    code, what = refused(path)
    assert code == "dedupe-unreadable"
    assert says in what


def test_a_folder_is_called_a_folder(tmp_path):
    """A folder given as FILE is not said to be missing."""
    assert "is a folder" in refused(tmp_path)[1]


@pytest.mark.parametrize("columns", [None, "id=id,email=mail"])
def test_no_value_of_the_first_record_is_told(tmp_path, columns):
    """A file without a header: the error says which column looks like a value, and prints none."""
    path = tmp_path / "people.csv"
    path.write_text("17,Ann Abernathy,ann@firm.com,+1 415 555 0101\n18,Bo Yu,bo@yu.com,+1 415 555 0102\n")
    what = refused(path, columns)[1]
    assert "column 3 of 4 looks like a value" in what
    assert not any(value in what for value in ("Ann", "@", "415"))


def test_a_record_without_a_source_keeps_its_id(tmp_path):
    """Ids that come twice are told apart by their source; where that is empty the id stands by itself."""
    path = tmp_path / "people.csv"
    path.write_text("id,src,name\n1,crm,Ann\n1,shop,Bo\n2,,Zoe\n")
    assert [row[0] for row in taken(path, "id=id,source=src,name=name")[0]] == ["crm:1", "shop:1", "2"]


@pytest.mark.parametrize(
    ("text", "says"),
    [("id,name\n1,Ann\n1,Bo\n2,Zoe\n", "1 of 3 ids come again"), ("id,name\n1,Ann\n,Bo\n", "1 of 2 records have none")],
)
def test_guessed_ids_that_are_not_used_are_told(tmp_path, text, says):
    """Row numbers in place of ids never come as a surprise."""
    path = tmp_path / "people.csv"
    path.write_text(text)
    rows, notes = taken(path)
    assert [row[0] for row in rows] == [str(at) for at in range(1, len(rows) + 1)]
    assert len(notes) == 1
    assert notes[0].startswith("id does not tell records apart")
    assert says in notes[0]


def test_the_same_file_twice_is_told(tmp_path):
    """Each record would be found to be its own duplicate: a note says why."""
    path = tmp_path / "people.csv"
    path.write_text(HEAD + ROWS)
    with duckdb.connect() as con:
        used = read(con, [path, path], None)
    assert "is given more than once" in used[0].notes[0]
    assert "does not tell records apart" in used[0].notes[1]
