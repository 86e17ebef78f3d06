"""Bad input to a plan from files: one clear error with its place and next step, and nothing is half-written."""

import gzip
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from refusals import CONTACTS, CUSTOMERS, PLAN, ended, put, refused, tree

from kevasync.cli.main import run

ROOT = Path(__file__).parents[2]
HEAD = "id,email,name\n"
MANY = CUSTOMERS + "".join(f"cust_{n},p{n}@x.example,Pat {n},\n" for n in range(3, 3000))
MAPPING = 'version = 1\n[contact]\nsalesforce = "Contact"\n[[contact.field]]\nkeva = "email"\nsalesforce = "Email"\n'
BASE = 'keva_id,sf_id,Email,agreed\ncust_1,003000000000001AAA,a@x.example,"[""Email""]"\n'
LINKS = "keva_id,sf_id\ncust_1,003000000000001AAA\n"


def parquet(**columns):
    """A Parquet file without compression or dictionary, so that a test can find a value in it."""
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, compression="none", use_dictionary=False)
    return out.getvalue()


TABLE = parquet(id=["cust_1", "cust_2"], email=["a@x.example", None], name=["Ann", "Bob"])
DAMAGED = TABLE.replace(b"cust_2", b"\xff\xfe\xfd\xfc\xfb\xfa")

EXPORTS = {
    "missing": (None, "export-missing", ["k.csv"]),
    "empty": ("", "export-empty", ["k.csv"]),
    "blank lines": ("\n \n\n", "export-empty", ["k.csv"]),
    "cut gz": (gzip.compress(MANY.encode(), mtime=0)[:200], "export-truncated", ["k.csv", "200 bytes"]),
    "damaged gz": (
        gzip.compress(CUSTOMERS.encode(), mtime=0)[:-6] + b"xxxxxx",
        "export-truncated",
        ["k.csv", "damaged"],
    ),
    "cut Parquet": (TABLE[:-30], "export-truncated", ["k.csv", "Parquet"]),
    "damaged Parquet": (TABLE[:40] + b"\0" * 60 + TABLE[100:], "export-truncated", ["k.csv", "damaged"]),
    "cut JSON array": ('[{"id":"c1"},{"id":"c2","em', "export-truncated", ["k.csv", "record 2"]),
    "cut NDJSON": ('{"id":"c1","email":"a@x.example"}\n{"id":"c2","ema', "export-truncated", ["k.csv", "line 2"]),
    "broken NDJSON": ('{"id":"c1"}\n{"id":"c2" "x"}\n{"id":"c3"}\n', "export-json", ["k.csv", "line 2"]),
    "unterminated quote": (HEAD + '1,"a@x.example,Ann\n2,b,c\n', "export-truncated", ["k.csv", "line 2", "quote"]),
    "half quoted": (HEAD + '1,a@x.example,Ann\n2,"b" c,d\n', "export-quotes", ["k.csv", "line 3"]),
    "last row cut": (HEAD + "1,a@x.example,Ann\n2,b", "export-truncated", ["k.csv", "line 3", "2 of 3"]),
    "ragged": (HEAD + "1,a@x.example,Ann,surplus\n2,b,c\n", "export-ragged", ["k.csv", "line 2", "4 cells"]),
    "no encoding": (HEAD.encode() + b"1,\xc3\xa9@x,\x81\x8d\n", "export-encoding", ["k.csv", "line 2"]),
    "two encodings": ((HEAD + "1,é,é\n").encode() + "2,é,é\n".encode("cp1252"), "export-encoding", ["line 3"]),
    "cut UTF-16": ((HEAD + "1,a,b\n").encode("utf-16")[:-1], "export-truncated", ["k.csv", "UTF-16"]),
    "column twice": ("id,email,phone,email\n1,a,b,c\n", "export-column-twice", ["k.csv", "'email'", "column 4"]),
    "column in two spellings": ("id,email,Email\n1,a,b\n", "export-column-twice", ["'email' and 'Email'"]),
    "NUL": (HEAD + "1,a@x.example,Ann\n2,b,B\0b\n", "export-nul", ["k.csv", "line 3"]),
    "escaped NUL": ('{"id":"c1","name":"A\\u0000b"}\n', "export-nul", ["k.csv", "line 1", "'name'"]),
    "id twice": (HEAD + "c1,a,b\nc2,b,c\nc1,c,d\n", "export-id-twice", ["1 id ", "'c1'", "line 2, line 4"]),
    "no id": (HEAD + "c1,a,b\n,b,c\n", "export-id-missing", ["k.csv", "line 3"]),
    "no id column": ("email,name\na@x.example,Ann\n", "export-no-id", ["k.csv", "email, name"]),
    "web page": ("<html><body>Please sign in</body></html>\n", "export-no-id", ["k.csv", "<html>"]),
    "spreadsheet": (b"PK\x03\x04" + b"\0" * 40, "export-format", ["k.csv", "spreadsheet"]),
    "id twice in Parquet": (parquet(id=["a", "b", "a"], email=["x"] * 3), "export-id-twice", ["k.csv", "row 1, row 3"]),
    "no id in Parquet": (parquet(id=["a", None], email=["x"] * 2), "export-id-missing", ["k.csv", "1 of 2", "row 2"]),
    "nothing to compare": ("id,colour\nc1,red\n", "plan-no-fields", ["email", "Keva's data has no column"]),
}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Each test runs in a folder of its own; only what it puts there is there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KEVASYNC_WORKSPACE", raising=False)
    return tmp_path


@pytest.fixture(scope="module")
def plan_folder(tmp_path_factory):
    """One plan, made once, to be copied and spoiled."""
    folder = tmp_path_factory.mktemp("made")
    put(folder, {})
    arguments = ["plan", "--keva", f"{folder}/k.csv", "--salesforce", f"{folder}/s.csv", "--out", f"{folder}/out"]
    assert run([*arguments, "--quiet"], stdout=io.StringIO()) == 0
    return folder / "out"


@pytest.mark.parametrize("case", list(EXPORTS))
def test_broken_export(case, here, capsys):
    """A Keva export that cannot be relied on is refused with its place; no plan folder, no leftovers."""
    content, code, words = EXPORTS[case]
    put(here, {} if content is None else {"k.csv": content})
    if content is None:
        (here / "k.csv").unlink()
    refused(capsys, PLAN, 2, code, words, here)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (CONTACTS + "003000000000001AAA,b@x.example,B,C,\n", "export-id-twice", ["s.csv", "line 2, line 3"]),
        ("Email,LastName\na@x.example,B\n", "export-no-id", ["s.csv", "(Id)"]),
        (CONTACTS + "003000000000001,b@x.example,B,C,\n", "export-id-twice", ["1 id stands", "003000000000001AAA"]),
        (parquet(Id=["003000000000001AAA", None], Email=["x", "y"]), "export-id-missing", ["s.csv", "row 2"]),
        (CONTACTS + '003000000000002AAA,"b', "export-truncated", ["s.csv", "line 3"]),
    ],
)
def test_broken_contacts(content, code, words, here, capsys):
    """The file of Contacts is held to the same, and it is the file that is named."""
    put(here, {"s.csv": content})
    refused(capsys, PLAN, 2, code, words, here)


def test_parquet_damaged_where_only_the_comparison_reads_it(here, capsys):
    """Damage in a column that is read late ends as one error too, without a plan."""
    whole = parquet(id=[f"cust_{n}" for n in range(5_000)], email=[f"p{n}@x.example" for n in range(5_000)])
    at = whole.index(b"p17@x.example")
    put(here, {"k.csv": whole[: at - 4] + b"\xff\xff\xff\x7f" + whole[at:]})
    refused(capsys, PLAN, 2, "export-truncated", ["k.csv", "damaged"], here)


@pytest.mark.parametrize(
    ("option", "content", "code", "words"),
    [
        ("base", None, "export-missing", ["x.csv"]),
        ("base", "", "export-empty", ["x.csv"]),
        ("base", "keva_id,Email\n1,2\n", "plan-file-columns", ["x.csv", "sf_id", "It has: keva_id, Email"]),
        ("base", BASE.replace('"[""Email""]"', "Email"), "plan-file-values", ["x.csv", "agreed", "row 1"]),
        ("base", BASE + BASE.splitlines()[1], "plan-file-values", ["cust_1", "row 1, 2", "003000000000001AAA"]),
        ("links", LINKS + "cust_1,003000000000002AAA\n", "plan-file-values", ["keva_id cust_1", "row 1, 2"]),
        ("links", LINKS + "cust_2,003000000000001\n", "plan-file-values", ["sf_id 003000000000001AAA", "row 1, 2"]),
        (
            "links",
            LINKS + ",003000000000002AAA\ncust_2,\n",
            "plan-file-values",
            ["keva_id is empty in row 2", "sf_id is"],
        ),
        ("links", "keva_id,sf_id,active\na,b,perhaps\n", "plan-file-values", ["active", "row 1"]),
        ("links", LINKS + 'cust_2,"0030\n', "export-truncated", ["x.csv", "line 3"]),
        ("links", LINKS + "cust_2\n", "export-truncated", ["x.csv", "line 3", "1 of 2"]),
        ("links", parquet(keva_id=["a"], sf_id=["b"])[:-9], "export-truncated", ["x.csv"]),
    ],
)
def test_broken_links_and_base(option, content, code, words, here, capsys):
    """Links and base are checked before anything is compared; all that is wrong in them is said at once."""
    put(here, {} if content is None else {"x.csv": content})
    refused(capsys, [*PLAN, f"--{option}", "x.csv"], 2, code, words, here)


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({"base": BASE}, {"no-op": 1, "create": 1}),
        ({"links": LINKS}, {"no-op": 1, "create": 1}),
        ({"base": BASE, "links": LINKS}, {"no-op": 1, "create": 1}),
        ({"links": LINKS.replace("keva_id,sf_id", "Keva_Id;SF_Id").replace("1,0", "1;0")}, {"no-op": 1, "create": 1}),
        ({"base": "keva_id,sf_id,Email\n"}, {"link": 1, "create": 1}),
        (
            {"links": "keva_id,sf_id,active\ncust_1,003000000000001AAA,false\n"},
            {"create": 1, "no-op": 1, "not-in-keva": 1},
        ),
        ({"base": json.dumps([{"keva_id": "cust_1", "sf_id": "003000000000001AAA"}])}, {"no-op": 1, "create": 1}),
    ],
)
def test_links_and_base_in_any_form(more, counts, here, capsys):
    """Base or links alone, CSV with `agreed` as JSON text, other spellings and forms: all are read."""
    put(here, {f"{name}.csv": content for name, content in more.items()})
    options = [word for name in more for word in (f"--{name}", f"{name}.csv")]
    made = ended(capsys, *PLAN, *options)
    assert {name: number for name, number in made["counts"].items() if number} == counts


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (None, "mapping-missing", ["m.toml"]),
        ("", "mapping-invalid", ["m.toml", "[contact]"]),
        (b"\xff\xfe\0", "mapping-invalid", ["m.toml", "UTF-8"]),
        ("version = 1\n[contact\n", "mapping-invalid", ["m.toml:2", "TOML"]),
        (MAPPING + 'directon = "to_crm"\n', "mapping-invalid", ["m.toml:7", "directon"]),
        (
            MAPPING + 'colour = 1\nconflict = "maybe"\n',
            "mapping-invalid",
            ["2 problems", "colour", "m.toml:8", "maybe"],
        ),
        (MAPPING.replace("contact", "lead"), "mapping-invalid", ["no table [contact]", "m.toml:2", "lead"]),
        (MAPPING.replace("email", "nope"), "plan-no-fields", ["nope"]),
    ],
)
def test_broken_mapping(content, code, words, here, capsys):
    """A mapping that cannot be used is refused with its lines, all problems at once."""
    put(here, {} if content is None else {"m.toml": content})
    refused(capsys, [*PLAN, "--mapping", "m.toml"], 2, code, words, here)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["plan", "--keva", "k.csv"], "plan-files-incomplete", ["--salesforce and --out"]),
        (["plan", "--base", "k.csv", "--region", "DE"], "plan-files-only", ["--base, --region"]),
        (["plan"], "workspace-not-found", ["kevasync.toml"]),
        ([*PLAN, "--customer", "nobody"], "customer-unknown", ["'nobody'"]),
        ([*PLAN, "--region", "UK"], "region-unknown", ["'UK'", "GB"]),
        ([*PLAN, "--describe", "d.json"], "salesforce-describe-invalid", ["d.json"]),
        ([*PLAN, "--describe", "account.json"], "plan-describe-other", ["account.json", "Account", "Contact"]),
        ([*PLAN, "--object", "lead"], "mapping-no-object", ["[lead]", "contact"]),
        (["show", "nowhere"], "plan-missing", ["nowhere"]),
        (["show", "./k.csv"], "plan-missing", ["k.csv"]),
        (["apply", "./nowhere", "--yes"], "plan-missing", ["nowhere"]),
    ],
)
def test_wrong_options(arguments, code, words, here, capsys):
    """Options that do not go together, or name what is not there, are told apart; nothing is written."""
    account = {"name": "Account", "fields": [{"name": "Name", "type": "string", "label": "Name"}]}
    put(here, {"account.json": json.dumps(account)})
    refused(capsys, arguments, 2, code, words, here)


def test_one_unknown_customer_among_known_ones_is_said(here, capsys):
    """The plan is made for those that are known, and names the other."""
    put(here, {})
    made = ended(capsys, *PLAN, "--customer", "cust_2", "--customer", "nobody")
    assert made["counts"]["create"] == 1
    assert "'nobody'" in made["notes"][0]


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("k.csv", ["not a folder"]),
        ("k.csv/deep", ["k.csv", "not a folder"]),
        ("exports", ["exports", "thesis.doc"]),
        ("kept", ["kept", "note.txt"]),
        (".", ["cannot itself become a plan"]),
        ("/", ["cannot itself become a plan"]),
    ],
)
def test_a_plan_never_takes_the_place_of_something_else(out, words, here, capsys):
    """A file, the folder one stands in, a folder with other things in it, even beside a plan: all stay as they are."""
    put(here, {})
    (here / "exports").mkdir()
    (here / "exports" / "thesis.doc").write_text("years of work")
    ended(capsys, *PLAN[:-1], "kept")
    (here / "kept" / "note.txt").write_text("mine")
    refused(capsys, [*PLAN[:-1], out], 2, "plan-out-occupied", words, here)


def test_an_earlier_plan_gives_way_and_a_failed_one_does_not(here, capsys):
    """--out twice replaces the first plan; where the second fails the first stays whole; parents come and go."""
    put(here, {})
    first = ended(capsys, *PLAN[:-1], "a/b/c", "--detailed-exitcode", code=4)
    put(here, {"k.csv": "id,email,name,phone\ncust_1,a@x.example,Ann Bee,+12125550100\n"})
    second = ended(capsys, *PLAN[:-1], "a/b/c")
    assert first["plan"] != second["plan"]
    assert ended(capsys, "show", "a/b/c")["plan"] == second["plan"]
    put(here, {"k.csv": ""})
    refused(capsys, [*PLAN[:-1], "a/b/c"], 2, "export-empty", ["k.csv"], here)
    refused(capsys, [*PLAN[:-1], "x/y/z"], 2, "export-empty", ["k.csv"], here)
    assert sorted(path.name for path in (here / "a" / "b").iterdir()) == ["c"]


def manifest(change):
    """An edit of plan.json by hand."""

    def edit(folder):
        path = folder / "plan.json"
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))

    return edit


EDITS = {
    "a count": (manifest(lambda it: it["counts"].update(create=0)), 3, "plan-edited", ["digest"]),
    "no guard": (manifest(lambda it: it.update(guards=[{}])), 3, "plan-edited", ["digest"]),
    "no digest": (manifest(lambda it: it.pop("digest")), 2, "plan-unreadable", ["plan.json", "digest"]),
    "later format": (manifest(lambda it: it.update(format=9)), 2, "plan-unreadable", ["format 9", "reads 1"]),
    "half a manifest": (lambda at: os.truncate(at / "plan.json", 99), 2, "plan-unreadable", ["plan.json, line"]),
    "not a manifest": (lambda at: (at / "plan.json").write_text("[]"), 2, "plan-unreadable", ["plan.json"]),
    "other bytes": (lambda at: (at / "plan.json").write_bytes(b"\xff\0"), 2, "plan-unreadable", ["plan.json"]),
    "a Parquet of another": (lambda at: (at / "changes.parquet").write_bytes(TABLE), 3, "plan-edited", ["digest"]),
    "a file gone": (lambda at: (at / "review.parquet").unlink(), 3, "plan-edited", ["review.parquet"]),
    "no manifest": (lambda at: (at / "plan.json").unlink(), 2, "plan-missing", ["plan.json"]),
}


@pytest.mark.parametrize("case", list(EDITS))
@pytest.mark.parametrize("command", [["show", "./out"], ["apply", "./out", "--yes"]])
def test_a_plan_edited_by_hand(case, command, plan_folder, here, capsys):
    """A plan folder that is not as it was made is refused by what looks at it and by what would apply it."""
    edit, exit_code, code, words = EDITS[case]
    shutil.copytree(plan_folder, here / "out")
    edit(here / "out")
    refused(capsys, command, exit_code, code, words, here)


def test_odd_but_whole_exports_make_plans(here, capsys):
    """A header alone, ids of any length, formula-like and hostile cells are data: planned, shown, kept as they are."""
    put(here, {"k.csv": HEAD, "s.csv": "Id,Email,FirstName,LastName\n"})
    assert set(ended(capsys, *PLAN, "--detailed-exitcode")["counts"].values()) == {0}
    ended(capsys, "show", "./out")
    long_id = "c" * 5_000
    hostile = "=cmd|' /C calc'!A0 \x1b[31m\u202e"
    put(
        here,
        {"k.csv": f'{HEAD}{long_id},c@x.example,"{hostile}"\n"99999999999999999999999999",d@x.example,@SUM(A1) +1\n'},
    )
    assert ended(capsys, *PLAN)["counts"]["create"] == 2
    told = ended(capsys, "show", "./out", "--why", long_id)
    assert " ".join(row["new"] for row in told["changes"] if row["field"] != "Email").split() == hostile.split()
    assert run(["show", "./out", "--why", long_id]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert max(map(len, shown.splitlines())) < 2_000


def test_two_customers_with_one_address_are_for_a_person(here, capsys):
    """Duplicate e-mails, alike but for case, are ambiguous: nothing is guessed, nothing written."""
    put(here, {"k.csv": HEAD + "c1,a@x.example,Ann Bee\nc2,A@X.example,Bob\n"})
    made = ended(capsys, *PLAN, "--detailed-exitcode", code=4)
    assert (made["counts"]["ambiguous"], made["directions"]) == (2, {})


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize("columns", [40, 80])
def test_show_fits_a_terminal(columns, here, capsys, monkeypatch):
    """On a terminal no row of a table is wider than the terminal, and a value of 5 MB does not flood it."""
    cell = "long line\n" * 500_000
    put(here, {"k.csv": HEAD.replace("name", "name,notes") + f'cust_1,a@x.example,Ann Bee,"{cell}"\n'})
    put(here, {"k.csv": (here / "k.csv").read_bytes(), "s.csv": CONTACTS.replace("Phone", "Description")})
    ended(capsys, *PLAN)
    assert ended(capsys, "show", "./out", "--why", "cust_1")["review"][0]["keva"] == cell
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = Terminal()
    assert run(["show", "./out", "--why", "cust_1", "--no-color"], stdout=stream) == 0
    lines = stream.getvalue().splitlines()
    assert len(lines) < 200
    assert max(len(line) for line in lines) <= columns


BOUND = """
import ctypes, os, sys
if os.getuid() == 0:  # rights do not bind root: give up the capabilities that say so
    for capability in (1, 2):
        if ctypes.CDLL(None, use_errno=True).prctl(24, capability, 0, 0, 0):
            sys.exit(77)
os.execv(sys.executable, [sys.executable, "-m", "kevasync", *sys.argv[1:]])
"""


@pytest.mark.parametrize(
    ("arguments", "locked", "exit_code", "code"),
    [
        (PLAN, ".", 1, "plan-not-written"),
        (PLAN, "k.csv", 2, "usage"),
        (("show", "./out"), "out/plan.json", 2, "plan-unreadable"),
        (("init", "ws"), ".", 1, "workspace-not-writable"),
    ],
)
def test_what_may_not_be_read_or_written(arguments, locked, exit_code, code, here, capsys):
    """Without the right to a file or folder the error names it in plain words; nothing is left behind."""
    put(here, {})
    ended(capsys, *PLAN[:-1], "out")
    (here / locked).chmod(0o500 if locked == "." else 0)
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", BOUND, *arguments, "--json"],
        cwd=here, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    (here / locked).chmod(0o700)
    if done.returncode == 77:
        pytest.skip("this root cannot give up its rights")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"]) == (exit_code, code), error
    assert "permission denied" in error["what"].lower() or "'k.csv' is not readable" in error["what"]
    assert "[Errno" not in error["what"]
    assert sorted(path.name for path in here.iterdir()) == ["k.csv", "out", "s.csv"]


def test_a_full_disk(here):
    """Where no byte more fits (a limit on the size of files), the error says so and nothing half-written stays."""
    put(here, {"k.csv": MANY, "s.csv": CONTACTS})
    code = (
        "import resource, signal, sys\nfrom kevasync.cli.main import run\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        f"sys.exit(run({[*PLAN, '--json']!r}))"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    before = tree(here)
    done = subprocess.run([sys.executable, "-c", code], cwd=here, env=env, capture_output=True, text=True, check=False)
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"]) in {(1, "disk-full"), (1, "plan-disk-full")}, error
    assert tree(here) == before


def test_output_that_cannot_be_written(here):
    """Standard output on a full device ends with an exit code that is not 0, and no traceback."""
    put(here, {})
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "kevasync", *PLAN, "--json"],
            cwd=here, env=env, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "error[disk-full]" in done.stderr
    assert "Traceback" not in done.stderr
