"""What `dedupe` and `accounts` write: nothing that is read is replaced or half written, and both can be stopped."""

import json
import os
import signal
import subprocess
import sys

import duckdb
import pytest

from kevasync.cli.failures import explain
from kevasync.cli.main import run
from kevasync.cli.outputs import written
from kevasync.errors import RunError

PEOPLE = "id,name,email\n1,Ann Lee,a.lee@x.com\n2,Ann Lee,a.lee@x.com\n3,Bo Yu,bo@y.com\n"
FILES = {
    "people.csv": PEOPLE,
    "labels.csv": "id_a,id_b,label\n1,2,yes\n",
    "keva.csv": "id,email,company\nc1,ann@acme.com,Acme\n",
    "accounts.csv": "Id,Name\n001A,Acme\n",
    "contacts.csv": "Id,AccountId\n003X,001A\n",
    "links.csv": "keva_id,sf_id\nc1,003X\n",
    "decided.csv": "keva_id,account_id,decision\nc1,001A,yes\n",
    ".env": "SECRET=1\n",
}
ACCOUNTS = ("accounts", "--keva", "keva.csv", "--accounts", "accounts.csv")
KNOWN = ("--contacts", "contacts.csv", "--links", "links.csv", "--decided", "decided.csv")


@pytest.fixture
def here(tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "link.csv").symlink_to("people.csv")
    os.link("people.csv", "hard.csv")
    (folder / "folder.csv").mkdir()
    os.mkfifo("pipe.csv")
    return folder


def refused(capsys, *arguments):
    assert run([*arguments, "--json"]) == 2
    return json.loads(capsys.readouterr().out)["error"]


def contents(folder):
    return {path.name: path.read_text() if path.is_file() else "" for path in folder.iterdir()}


@pytest.mark.parametrize(
    "arguments",
    [
        ("dedupe", "people.csv", "--out", "people.csv"),
        ("dedupe", "people.csv", "--clusters", "./people.csv"),
        ("dedupe", "people.csv", "--ask", "link.csv"),
        ("dedupe", "people.csv", "--out", "hard.csv"),
        ("dedupe", "people.csv", "--labels", "labels.csv", "--ask", "labels.csv"),
        ("dedupe", "people.csv", "--out", "new.csv", "--clusters", "../here/new.csv"),
        ("dedupe", "people.csv", "--out", "new.csv", "--ask", "new.csv"),
        ("dedupe", "people.csv", "--out", "folder.csv"),
        ("dedupe", "people.csv", "--out", "pipe.csv"),
        ("dedupe", "people.csv", "--out", ""),
        ("dedupe", "people.csv", "--out", "-"),
        ("dedupe", "people.csv", "--out", "new"),
        ("dedupe", "people.csv", "--clusters", "new.tsv"),
        ("dedupe", "people.csv", "--out", "new.csv.gz"),
        ("dedupe", "people.csv", "--ask", ""),
        ("dedupe", "people.csv", "--ask", "new.parquet"),
        *((*ACCOUNTS, *KNOWN, "--out", name) for name in ("keva.csv", "accounts.csv", "contacts.csv", "links.csv")),
        (*ACCOUNTS, *KNOWN, "--out", "decided.csv"),
        (*ACCOUNTS, "--out", "folder.csv"),
        (*ACCOUNTS, "--out", "new.xlsx"),
        (*ACCOUNTS, "--out", "env"),
    ],
)
def test_an_output_that_would_do_harm_is_refused(here, capsys, arguments):
    """No input, other output, folder or device is replaced, and no form is written that was not asked for."""
    before = contents(here)
    assert refused(capsys, *arguments)["code"] == "output-refused"
    assert contents(here) == before


@pytest.mark.parametrize("command", [("dedupe", "people.csv"), ACCOUNTS])
def test_a_missing_folder_is_told_before_the_search(here, capsys, command, monkeypatch):
    """A mistake in the name of the output does not cost the time of a search."""
    monkeypatch.setattr("kevasync.dedupe.pipeline.read", None)
    monkeypatch.setattr("kevasync.dedupe.accounts.read", None)
    assert refused(capsys, *command, "--out", "none/new.csv")["code"].endswith("-not-written")


@pytest.mark.parametrize("labels", ["none.csv", "folder.csv", "labels.csv"])
def test_labels_are_read_before_the_search(here, capsys, labels, monkeypatch):
    """Labels that are missing, no file, or too few are told at once."""
    monkeypatch.setattr("kevasync.dedupe.pipeline.read", None)
    assert refused(capsys, "dedupe", "people.csv", "--labels", labels)["code"] == "dedupe-labels"


@pytest.mark.parametrize(
    "arguments",
    [
        ("dedupe", "people.csv", "--object", "contact"),
        ("dedupe", "people.csv", "--detailed-exitcode"),
        (*ACCOUNTS, "--object", "contact"),
    ],
)
def test_options_of_a_workspace_are_not_passed_over(here, capsys, arguments):
    """What has no effect beside files is a mistake that is told."""
    assert refused(capsys, *arguments)["code"] == "usage"


def test_a_missing_file_of_decisions_is_told(here, capsys):
    """The error is of the decisions, and sends nobody to another command."""
    error = refused(capsys, *ACCOUNTS, "--decided", "none.csv")
    assert error["code"] == "accounts-decided"
    assert all("kevasync accounts" in step for step in error["next"])


def test_a_link_stays_a_link(here, capsys):
    """An output that is a symbolic link: the file that it points to is replaced."""
    (here / "to.csv").symlink_to("real.csv")
    assert run(["dedupe", "people.csv", "--out", "to.csv"]) == 0
    assert (here / "to.csv").is_symlink()
    assert (here / "real.csv").read_text().startswith("id_a,")


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(28, "No space left on device"), RunError),
        (duckdb.IOException("Could not write: No space left on device"), RunError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_a_failed_write_leaves_what_was_there(here, error, raised):
    """A full disk or Ctrl-C: the old file is as it was, the half of the new one is gone, and the error is the usual."""
    before = contents(here)

    def fail():
        with written(here / "people.csv", "dedupe-not-written") as part:
            part.write_text("half")
            raise error

    with pytest.raises(raised) as caught:
        fail()
    assert raised is KeyboardInterrupt or caught.value.code == "disk-full"
    assert contents(here) == before


@pytest.mark.parametrize(
    "error", [RuntimeError("Query interrupted"), duckdb.InterruptException("INTERRUPT Error: Interrupted!")]
)
def test_an_interrupted_query_is_no_mistake_of_ours(error):
    """DuckDB's words for Ctrl-C make no crash report."""
    assert explain(error, [], None).code == "interrupted"


def test_notes_are_said_to_people_and_scripts(here, capsys):
    """That row numbers stand in for ids is in the text and in the JSON."""
    (here / "twice.csv").write_text(PEOPLE.replace("\n2,", "\n1,"))
    assert run(["dedupe", "twice.csv"]) == 0
    assert "Note: id does not tell records apart" in capsys.readouterr().out
    assert run(["dedupe", "twice.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"][0].startswith("id does not tell records apart")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_search_in_files_can_be_stopped(here, number):
    """SIGTERM and Ctrl-C in the middle of blocking: exit 1, one JSON document, no word of a ledger, no folder left."""
    rows = (f"{n},Ann{n % 977} Lee{n % 1013},ann{n % 4001}@lee{n % 31}.com,{n % 89} Main St" for n in range(150_000))
    (here / "many.csv").write_text("id,name,email,street\n" + "\n".join(rows) + "\n")
    (here / "tmp").mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "kevasync", "dedupe", "many.csv", "--out", "new.csv", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(here / "tmp")},
    ) as process:
        for line in process.stderr:
            if "step=block state=started" in line:
                break
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    error = json.loads(out)["error"]
    assert error["code"] == "interrupted"
    assert "ledger" not in error["why"]
    assert not any((here / "tmp").iterdir())
    assert not (here / "new.csv").exists()
