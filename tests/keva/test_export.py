"""Exports are read the same however they are written, and refused whole where they are broken."""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import subprocess
import sys
import textwrap
from operator import itemgetter

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kevasync.errors import KevasyncError, UsageError
from kevasync.keva import delimited, documents, export

SALESFORCE = {
    "id_columns": ("Id",),
    "modified_columns": ("SystemModstamp",),
    "deleted_columns": ("IsDeleted",),
    "master_columns": ("MasterRecordId",),
}


def rows_of(extracted):
    """Rows of the snapshot as dicts, by id: their order is no promise."""
    return sorted((row for part in extracted.parts for row in pq.read_table(part).to_pylist()), key=itemgetter("_id"))


def land(tmp_path, content, name="export.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    into = tmp_path / "into"
    into.mkdir(exist_ok=True)
    return export.land(path, into)


def refused(tmp_path, content, name="export.csv"):
    """The error; whatever happened, nothing may lie in the folder."""
    with pytest.raises(KevasyncError) as caught:
        land(tmp_path, content, name)
    assert list((tmp_path / "into").iterdir()) == []
    return caught.value


def test_snapshot_has_the_agreed_form(tmp_path):
    """A part has the five meta columns with their types, then every field as text."""
    extracted = land(tmp_path, "id,email,updatedAt,seats\n c1 ,a@example.com,2024-01-14T15:30:00+02:00,3\n")
    schema = pq.read_schema(extracted.parts[0])
    assert schema.names == ["_id", "_modified", "_deleted", "_master", "_absent", "id", "email", "updatedAt", "seats"]
    assert schema.field("_deleted").type == pa.bool_()
    assert pa.types.is_list(schema.field("_absent").type)
    assert all(schema.field(name).type == pa.string() for name in ("_id", "_modified", "_master", "seats"))
    (row,) = rows_of(extracted)
    assert row["_id"] == "c1"
    assert (row["_modified"], row["updatedAt"]) == ("2024-01-14T13:30:00.000Z", "2024-01-14T15:30:00+02:00")
    assert extracted.rows == 1
    assert extracted.columns == ("id", "email", "updatedAt", "seats")
    assert extracted.watermark == "2024-01-14T13:30:00.000Z"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiter_encoding_and_line_end_are_found_out(tmp_path, delimiter, encoding, line_end):
    """Whatever the delimiter, encoding and line end, the same values come out, with and without gzip."""
    text = line_end.join(
        [delimiter.join(["id", "name", "company"]), delimiter.join(["1", '"Zoë\nMüller"', '"A ""B"" Inc, Ltd; |"']), ""]
    )
    content = text.encode(encoding)
    for name, data in (("a.csv", content), ("a.csv.gz", gzip.compress(content, mtime=0))):
        (row,) = rows_of(land(tmp_path, data, name))[-1:]
        assert (row["id"], row["name"], row["company"]) == ("1", "Zoë\nMüller", 'A "B" Inc, Ltd; |')


def test_unusual_encoding_is_said(tmp_path, caplog):
    """A file read as Windows-1252 is named as such to whoever watches, and in the log."""
    steps = []

    class Watch:
        def start(self, what, _):
            steps.append(what)

        def advance(self, rows, **_):
            steps.append(rows)

        def done(self):
            steps.append("done")

    (tmp_path / "a.csv").write_bytes("id,name\n1,Zoë\n".encode("cp1252"))
    (tmp_path / "into").mkdir()
    export.land(tmp_path / "a.csv", tmp_path / "into", progress=Watch())
    assert steps == ["Reading a.csv (read as Windows-1252, not UTF-8)", 1, "done"]
    assert "Windows-1252" in caplog.text


def test_json_forms_agree(tmp_path):
    """NDJSON, an array, a saved API reply and pretty-printed documents give the same rows."""
    rows = [{"id": "1", "tags": ["a", 'b"'], "isVip": True, "n": 12}, {"id": "2", "tags": [], "isVip": None, "n": 1.5}]
    forms = [
        "\n".join(json.dumps(row) for row in rows),
        json.dumps(rows),
        json.dumps(rows, indent=2),
        json.dumps({"customers": rows, "total": 2}),
        json.dumps({"data": rows}, indent=1),
        "\n".join(json.dumps(row, indent=2) for row in rows),
    ]
    for index, text in enumerate(forms):
        made = rows_of(land(tmp_path, text, f"{index}.json"))
        assert [(row["_id"], row["tags"], row["isVip"], row["n"]) for row in made] == [
            ("1", '["a","b\\""]', "true", "12"),
            ("2", "[]", None, "1.5"),
        ]


def test_absent_key_null_and_empty_cell_are_told_apart(tmp_path):
    """A key that a record lacks is absent, a null is null, and an empty CSV cell is null."""
    made = rows_of(land(tmp_path, '{"id":"1","phone":"x","name":null}\n{"id":"2","name":"n"}\n', "a.ndjson"))
    assert [(row["phone"], row["name"], row["_absent"]) for row in made] == [("x", None, None), (None, "n", ["phone"])]
    (row,) = rows_of(land(tmp_path, "id,phone\n1,\n"))[-1:]
    assert (row["phone"], row["_absent"]) == (None, None)


def test_custom_fields_get_plain_names(tmp_path):
    """Custom fields become columns; a name that is taken keeps its prefix; a key not said is absent."""
    lines = [
        {"id": "1", "email": "a@example.com", "customFields": {"plan": "gold", "email": "other", "seats": 3}},
        {"id": "2", "email": None, "customFields": {"plan": None}},
        {"id": "3"},
    ]
    made = rows_of(land(tmp_path, "\n".join(map(json.dumps, lines)), "a.ndjson"))
    by_id = {row["_id"]: row for row in made}
    assert (by_id["1"]["plan"], by_id["1"]["customFields.email"], by_id["1"]["seats"]) == ("gold", "other", "3")
    assert by_id["1"]["_absent"] is None
    assert sorted(by_id["2"]["_absent"]) == ["customFields.email", "seats"]
    assert sorted(by_id["3"]["_absent"]) == ["customFields.email", "email", "plan", "seats"]


def test_custom_fields_in_csv_are_json_text_or_dotted_columns(tmp_path):
    """A CSV cell with a JSON object is laid out; a heading `customFields.x` loses its prefix."""
    text = 'id,customFields,customFields.region\n1,"{""plan"":""gold""}",EU\n2,,US\n'
    made = rows_of(land(tmp_path, text))
    assert [(row["plan"], row["region"], row["_absent"]) for row in made] == [
        ("gold", "EU", None),
        (None, "US", ["plan"]),
    ]


def test_known_names_are_spelled_as_documented(tmp_path):
    """`Customer ID`, `EMAIL` and `JobTitle` are found; unknown columns are kept as they are."""
    extracted = land(tmp_path, "Customer ID,EMAIL,JobTitle,Favourite Colour,_id\nc1,a@example.com,CTO,red,x\n")
    assert extracted.columns == ("Customer ID", "email", "jobTitle", "Favourite Colour", "_id_")
    assert rows_of(extracted)[0]["_id"] == "c1"


def test_parquet_types_become_canonical_text(tmp_path):
    """Every Parquet type has one text form, the same as in CSV and JSON."""
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE t AS SELECT 'c1' AS id, 3::DOUBLE AS whole, 1.5::DOUBLE AS part, 'nan'::DOUBLE AS none, "
        "true AS yes, [1, 2] AS list, ['a\"b'] AS texts, DATE '2024-01-02' AS day, 1.50::DECIMAL(9,2) AS money, "
        "TIMESTAMP '2024-01-02 10:00:00.123' AS moment, TIMESTAMPTZ '2024-01-02 10:00:00+02' AS zoned, "
        "{'plan': 'gold'} AS customFields, 'abc'::BLOB AS bytes, 9007199254740993 AS big"
    )
    con.execute(f"COPY t TO '{tmp_path / 't.parquet'}' (FORMAT parquet)")
    con.close()
    (tmp_path / "t.parquet.gz").write_bytes(gzip.compress((tmp_path / "t.parquet").read_bytes()))
    for name in ("t.parquet", "t.parquet.gz"):
        (row,) = rows_of(land(tmp_path, (tmp_path / name).read_bytes(), name))[-1:]
        assert {key: row[key] for key in row if key[0] != "_"} == {
            "id": "c1",
            "whole": "3",
            "part": "1.5",
            "none": None,
            "yes": "true",
            "list": "[1,2]",
            "texts": '["a\\"b"]',
            "day": "2024-01-02",
            "money": "1.50",
            "moment": "2024-01-02T10:00:00.123Z",
            "zoned": "2024-01-02T08:00:00.000Z",
            "plan": "gold",
            "bytes": "abc",
            "big": "9007199254740993",
        }


def test_flat_parquet_is_viewed_in_place_with_the_same_result(tmp_path):
    """The view over a flat Parquet file gives what landing it gives, and each row's place; nested files are landed."""
    path = tmp_path / "contacts.parquet"
    table = {"Id": ["3", "4"], "SystemModstamp": ["2024-01-02T03:04:05.000+0000", None], "IsDeleted": [False, True]}
    pq.write_table(pa.table({**table, "MasterRecordId": [None, "3"], "Account.Name": ["A", None]}), path)
    sql, columns = export.parquet_view(path, **SALESFORCE)
    landed = export.land_table(path, tmp_path, **SALESFORCE)
    with duckdb.connect() as con:
        viewed = con.sql(sql).to_arrow_table()
    assert viewed["_place"].to_pylist() == [0, 1]
    assert viewed.drop(["_place"]).to_pylist() == rows_of(landed)
    assert columns == landed.columns == ("Id", "SystemModstamp", "IsDeleted", "MasterRecordId", "Account.Name")
    assert [(r["_modified"], r["_deleted"], r["_master"]) for r in rows_of(landed)] == [
        ("2024-01-02T03:04:05.000Z", False, None),
        (None, True, "3"),
    ]
    pq.write_table(pa.table({"id": ["1"], "customFields": [{"a": 1}]}), path)
    assert export.customer_view(path) is None
    pq.write_table(pa.table({"id": ["1", "1"]}), path)
    with pytest.raises(UsageError, match="row 1, row 2"):
        export.customer_view(path)


@pytest.mark.parametrize(
    ("code", "says", "content", "name"),
    [
        ("export-empty", "no header", b"", "a.csv"),
        ("export-empty", "no header", b" \r\n\n", "a.csv"),
        ("export-empty", "no header", gzip.compress(b"", mtime=0), "a.csv.gz"),
        ("export-format", "spreadsheet", b"PK\x03\x04rest", "a.xlsx"),
        ("export-truncated", "line 3: the last row has 1 of 2", b"id,a\n1,x\n2", "a.csv"),
        ("export-truncated", "line 3: a quote opened", b'id,a\n1,x\n2,"y\n3,z\n', "a.csv"),
        ("export-truncated", "gzip", gzip.compress(b"id,a\n" + bytes(range(48, 58)) * 5000, mtime=0)[:-20], "a.csv.gz"),
        ("export-truncated", "middle of a character", "id,a\n1,é\n2,ü".encode()[:-1], "a.csv"),
        ("export-truncated", "line 2", b'{"id":"1"}\n{"id":"2"', "a.ndjson"),
        ("export-truncated", "never closed", b'[{"id":"1"},{"id":"2"}', "a.json"),
        ("export-truncated", "never closed", b'[{"id":"1"},', "a.json"),
        ("export-truncated", "record 2", b'[{"id":"1"},{"id":"2","x":"y', "a.json"),
        ("export-json", "after the end", b'[{"id":"1"}]{"id":"2"}', "a.json"),
        ("export-truncated", "record 2", b'{"customers":[{"id":"1"},{"id":"2', "a.json"),
        ("export-truncated", "Parquet", b"PAR1 and no more", "a.parquet"),
        ("export-encoding", "line 3", "id,a\n1,é\n2,".encode() + b"\xff\xfe\x81\n", "a.csv"),
        ("export-encoding", "line 4", "id,a\n1,éé\n2,üü\n3,".encode() + b"\xe9\n", "a.csv"),
        ("export-encoding", "half of a character", b'{"id":"1","a":"\\ud800"}\n', "a.ndjson"),
        ("export-nul", "line 3", b"id,a\n1,x\n2,y\0z\n", "a.csv"),
        ("export-nul", "line 2", b'{"id":"1","a":"x"}\n{"id":"2","a":"y\\u0000z"}\n', "a.ndjson"),
        ("export-quotes", "line 2", b'id,a\n1,"x"y\n2,z\n', "a.csv"),
        ("export-ragged", "line 2: 3 cells where the header has 2", b"id,a\n1,x,y\n2,z\n", "a.csv"),
        ("export-ragged", "line 3: 1 cells", b"id,a\n1,x\n2\n3,y\n", "a.csv"),
        ("export-column-twice", "'a' stands twice", b"id,a,a\n1,x,y\n", "a.csv"),
        ("export-column-twice", "are one name", b"id,x,X\n1,x,y\n", "a.csv"),
        ("export-column-twice", "line 2", b'{"id":"1"}\n{"id":"2","a":1,"a":2}\n', "a.ndjson"),
        ("export-column-twice", "are one name", b'{"id":"1","x":1}\n{"id":"2","X":1}\n', "a.ndjson"),
        ("export-no-id", "Its columns: name, email", b"name,email\nx,y\n", "a.csv"),
        ("export-id-missing", "1 of 3 records have no id: line 3", b"id,a\n1,x\n ,y\n3,z\n", "a.csv"),
        ("export-id-missing", "line 2", b'{"id":"1"}\n{"a":"2"}\n', "a.ndjson"),
        ("export-id-twice", "'1' on line 2, line 4", b'id,a\n1,"x\ny"\n1,y\n3,z\n', "a.csv"),
        ("export-id-twice", "'1' on record 1, record 3", b'[{"id":1},{"id":2},{"id":1}]', "a.json"),
        ("export-json", "line 2", b'{"id":"1"}\n{"id" "2"}\n{"id":"3"}\n', "a.ndjson"),
        ("export-json", "line 2", b'{"id":"1"}\n[1]\n', "a.ndjson"),
        ("export-json", "line 1", b'{"id":"1"},\n{"id":"2"}\n', "a.ndjson"),
        ("export-json", "not a JSON object", b'id,customFields\n1,{"a":1}\n2,red\n', "a.csv"),
        (
            "export-too-wide",
            "2,500 different keys",
            json.dumps({"id": 1, "customFields": dict.fromkeys(map(str, range(2500)))}).encode(),
            "a.json",
        ),
    ],
)
def test_broken_file_is_refused_with_its_place(tmp_path, code, says, content, name):
    """A broken file gives one error that names file and place, and leaves nothing behind."""
    error = refused(tmp_path, content, name)
    assert error.code == code
    assert says in error.what
    assert name in error.what
    assert error.next_steps


def test_missing_file_and_folder_are_refused(tmp_path):
    """A path that is no file is named as what it is."""
    with pytest.raises(UsageError) as missing:
        export.land(tmp_path / "nothing.csv", tmp_path)
    with pytest.raises(UsageError) as folder:
        export.land(tmp_path, tmp_path)
    assert (missing.value.code, folder.value.code) == ("export-missing", "export-is-folder")


@pytest.mark.parametrize(
    ("content", "columns"), [("id,a\n", ("id", "a")), ("[]", ()), ('{"customers":[],"total":0}', ())]
)
def test_header_without_rows_is_an_empty_side(tmp_path, content, columns):
    """No rows is not an error of the file: the guards decide on an empty side."""
    extracted = land(tmp_path, content)
    assert (extracted.rows, extracted.columns, rows_of(extracted)) == (0, columns, [])


def test_odd_but_clear_cells_are_kept(tmp_path):
    """Formulas, inch marks, blank lines, mixed line ends and words such as NULL come through as they are."""
    text = 'id,a,b\r\n1,=1+1,5\'10"\n\n2,"@SUM(A1)",NULL\r\n3,-2,  x \n4,a\rb,"\r\n"\n'
    made = rows_of(land(tmp_path, text))
    assert [(row["a"], row["b"]) for row in made] == [
        ("=1+1", "5'10\""),
        ("@SUM(A1)", "NULL"),
        ("-2", "  x "),
        ("a\rb", "\r\n"),
    ]


def test_quote_after_a_space_opens_a_cell(tmp_path):
    """Hand-written `1, "x, y"` is one quoted cell, in the fast and in the exact reading."""
    for text in ('id,a\n1, "x, y"\n', 'id,a\n1, "x, y"\r\n'):
        assert rows_of(land(tmp_path, text))[-1]["a"] == "x, y"


@pytest.mark.parametrize("name", ["a.csv", "a.ndjson", "a.json"])
def test_large_cell_comes_through(tmp_path, name):
    """A cell of 5 MB is a cell."""
    cell = "long line\n" * 500_000
    out = io.StringIO()
    csv.writer(out).writerows([["id", "notes"], ["1", cell]])
    text = {
        "a.csv": out.getvalue(),
        "a.ndjson": json.dumps({"id": "1", "notes": cell}),
        "a.json": json.dumps([{"id": "1", "notes": cell}]),
    }
    assert rows_of(land(tmp_path, text[name], name))[0]["notes"] == cell


@pytest.mark.parametrize("name", ["a.csv", "a.ndjson"])
def test_ten_thousand_columns_are_read(tmp_path, name):
    """Width is slow, not fatal."""
    names = ["id", *(f"c{index}" for index in range(9_999))]
    if name == "a.csv":
        text = "\n".join(",".join(row) for row in (names, *([f"{n}"] + ["v"] * 9_999 for n in range(3))))
    else:
        text = "\n".join(json.dumps({"id": str(n), **dict.fromkeys(names[1 : 9_998 + n], "v")}) for n in range(3))
    extracted = land(tmp_path, text, name)
    assert (extracted.rows, len(extracted.columns)) == (3, 10_000)


def test_large_file_with_hard_quotes_is_read_exactly(tmp_path):
    """Rows quoted so that their line breaks look like rows survive the parallel reading of a file of many buffers."""
    path = tmp_path / "big.csv"
    cell = 'x\n7,"",y\n8,z\n'
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "a", "b"])
        writer.writerows([n, cell * (n % 50), f"b{n}"] for n in range(60_000))
    extracted = export.land(path, tmp_path)
    with duckdb.connect() as con:
        wrong = con.execute(
            f"SELECT count(*), count(*) FILTER (a IS DISTINCT FROM nullif(repeat(?, _id::INT % 50), '') "
            f"OR b <> 'b' || _id) FROM read_parquet('{extracted.parts[0]}')",
            [cell],
        ).fetchall()
    assert wrong == [(60_000, 0)]


def test_full_disk_leaves_nothing(tmp_path):
    """When the disk is full the error says so, and the temporary files are gone."""
    (tmp_path / "a.csv").write_text("id,a\n" + "".join(f"{n},{n * 7919 % 99991}-{n}\n" for n in range(200_000)))
    (tmp_path / "into").mkdir()
    script = f"""
        import resource
        from pathlib import Path
        from kevasync.errors import RunError
        from kevasync.keva import export
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        try:
            export.land(Path({str(tmp_path / "a.csv")!r}), Path({str(tmp_path / "into")!r}))
        except RunError as error:
            print(error.code)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "disk-full"
    assert list((tmp_path / "into").iterdir()) == []


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)
CELLS = st.one_of(
    TEXTS, st.sampled_from(['"', ",", '","', "\n", "\r\n", "'", '""', "a;b", " x", "\\", "NULL", "é", "=1"])
)
VALUES = st.one_of(
    CELLS,
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.one_of(CELLS, st.integers(), st.booleans(), st.none()), max_size=3),
)


def plain(value):
    """The text that a JSON value has in a snapshot."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return json.dumps(value)
    return str(value)


def same(got, value):
    """Equal texts; a float or a list may be written in more than one way, so those are read again."""
    if isinstance(value, float):
        return math.isclose(float(got), value, rel_tol=1e-15)
    return json.loads(got) == value if isinstance(value, list) else got == plain(value)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_csv_round_trip(tmp_path_factory, rows, delimiter, quoting, line_end):
    """Any texts written by Python's csv come back the same; an empty cell comes back as null."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=line_end)
    writer.writerow(["id", "a", "b", "c"])
    writer.writerows([f"r{n}", *row] for n, row in enumerate(rows))
    made = rows_of(land(tmp_path_factory.mktemp("csv"), out.getvalue()))
    assert [(row["a"], row["b"], row["c"]) for row in made] == [tuple(cell or None for cell in row) for row in rows]


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.dictionaries(st.sampled_from(["a", "b", "c d", 'e"f']), VALUES), min_size=1, max_size=8),
    ascii_only=st.booleans(),
    array=st.booleans(),
)
def test_json_round_trip(tmp_path_factory, rows, ascii_only, array):
    """Any values written by Python's json come back the same, and a key that was not written is absent."""
    records = [{"id": f"r{n}", **row} for n, row in enumerate(rows)]
    text = (
        json.dumps(records, ensure_ascii=ascii_only)
        if array
        else "\n".join(json.dumps(r, ensure_ascii=ascii_only) for r in records)
    )
    made = rows_of(land(tmp_path_factory.mktemp("json"), text, "a.json"))
    keys = {key for row in rows for key in row}
    for row, got in zip(rows, made, strict=True):
        assert all(same(got[key], value) for key, value in row.items())
        assert sorted(got["_absent"] or []) == sorted(keys - set(row))


@settings(max_examples=15, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
def test_exact_reading_equals_the_fast_one(tmp_path_factory, rows):
    """The slow reading by the book gives what DuckDB gives wherever DuckDB is believed."""
    folder = tmp_path_factory.mktemp("both")
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([["id", "a", "b"], *([f"r{n}", *row] for n, row in enumerate(rows))])
    fast = rows_of(land(folder, out.getvalue()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delimited, "whole_sql", lambda *_: "SELECT error('not this way')")
        assert rows_of(land(folder, out.getvalue()))[-len(fast) :] == fast
    lines = "\n".join(json.dumps({"id": f"r{n}", "a": row[0], "b": row[1]}) for n, row in enumerate(rows))
    fast = rows_of(land(folder, lines, "a.ndjson"))[-len(rows) :]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(documents, "_fast", lambda *_: None)
        assert rows_of(land(folder, lines, "a.ndjson"))[-len(rows) :] == fast
