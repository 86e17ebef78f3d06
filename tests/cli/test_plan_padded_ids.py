"""A plan from Parquet files whose ids have spaces around them: taken as they stand first, then trimmed."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kevasync.cli.main import run

KEVA = [{"id": f"cust_{n}", "email": f"p{n}@a.example", "name": f"Pat Number{n}"} for n in range(4)]
CONTACTS = [
    {"Id": f"003Xx000000000{n}AAA", "Email": f"p{n}@a.example", "FirstName": "Pat", "LastName": f"Number{n}"}
    for n in range(3)
]


def planned(folder, capsys, keva, contacts, expect=0, **files):
    pq.write_table(pa.Table.from_pylist(keva), folder / "keva.parquet")
    pq.write_table(pa.Table.from_pylist(contacts), folder / "sf.parquet")
    more = [f"--{name}={path}" for name, path in files.items()]
    sides = (f"--keva={folder}/keva.parquet", f"--salesforce={folder}/sf.parquet")
    code = run(["plan", "--json", *sides, f"--out={folder}/plan", *more])
    out = capsys.readouterr().out
    assert code == expect, out
    return json.loads(out)


def records_of(folder):
    rows = pq.read_table(folder / "plan" / "records.parquet").to_pylist()
    return sorted((row["keva_id"] or "", row["sf_id"] or "", row["operation"]) for row in rows)


@pytest.mark.parametrize("pad", [" {}", "{} ", "  {}  "])
@pytest.mark.parametrize("side", ["keva", "salesforce"])
def test_padded_ids_make_the_same_plan(tmp_path, capsys, side, pad):
    plain = planned(tmp_path, capsys, KEVA, CONTACTS)
    expected = records_of(tmp_path)
    assert plain["counts"]["link"] == 3
    keva = [{**KEVA[0], "id": pad.format(KEVA[0]["id"])}, *KEVA[1:]] if side == "keva" else KEVA
    contacts = (
        [*CONTACTS[:2], {**CONTACTS[2], "Id": pad.format(CONTACTS[2]["Id"])}] if side == "salesforce" else CONTACTS
    )
    planned(tmp_path, capsys, keva, contacts)
    assert records_of(tmp_path) == expected


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_an_empty_id_is_told(tmp_path, capsys, empty):
    told = planned(tmp_path, capsys, [*KEVA, {**KEVA[0], "id": empty}], CONTACTS, expect=2)
    assert told["error"]["code"] == "export-id-missing"


def test_a_padded_id_of_a_deleted_contact_is_found(tmp_path, capsys):
    """The link to a Contact that was merged away is followed even where the file has spaces around its id."""
    contacts = [{**row, "IsDeleted": "false", "MasterRecordId": None} for row in CONTACTS[:1]]
    gone = {**CONTACTS[1], "Id": f"{CONTACTS[1]['Id']} ", "IsDeleted": "true", "MasterRecordId": CONTACTS[0]["Id"]}
    links = tmp_path / "links.csv"
    links.write_text(f"keva_id,sf_id\ncust_1,{CONTACTS[1]['Id']}\n")
    planned(tmp_path, capsys, KEVA[1:2], [*contacts, gone], links=links)
    assert ("cust_1", CONTACTS[0]["Id"], "link") in records_of(tmp_path)
