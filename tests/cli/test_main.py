"""The entry point: every ending is text or JSON and an exit code, never a traceback."""

import errno
import json
import logging
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from kevasync.cli import commands
from kevasync.cli.commands import COMMANDS, Entry, LazyGroup
from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.cli.failures import explain, redact
from kevasync.cli.main import build, run
from kevasync.errors import Problem, Refused, UsageError

HEAVY = (
    "pandas",
    "duckdb",
    "pyarrow",
    "great_expectations",
    "simple_salesforce",
    "sqlalchemy",
    "alembic",
    "sklearn",
    "requests",
)


def failing(error):
    def command(ctx: typer.Context) -> None:
        """Fail."""
        Context.of(ctx)
        raise error

    return command


@pytest.fixture
def command(monkeypatch):
    """Put one more command into the table, whose body the test gives."""

    def add(body, name="probe"):
        module = type(sys)("kevasync_probe")
        module.body = body
        monkeypatch.setitem(sys.modules, "kevasync_probe", module)
        monkeypatch.setitem(commands.COMMANDS, name, Entry("Start", "Probe.", "kevasync_probe:body"))

    return add


def test_help_lists_all_without_heavy_imports():
    """`kevasync --help` names every command, takes under a second of CPU and imports nothing heavy."""
    code = (
        "import sys\nfrom kevasync.cli.main import run\nended = run(['--help'])\n"
        f"print('HEAVY', [name for name in {HEAVY!r} if name in sys.modules])\nsys.exit(ended)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "HEAVY []" in done.stdout
    for name, entry in COMMANDS.items():
        assert name in done.stdout
        assert entry.help.split()[0] in done.stdout
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_loads_and_takes_the_shared_options(name):
    """Each line of the table is a real command, documented, that knows --json and --workspace."""
    group = build()
    assert isinstance(group, LazyGroup)
    found = group.load(name)
    assert found.help
    for leaf in getattr(found, "commands", {"": found}).values():
        options = {option for param in leaf.params for option in param.opts}
        assert {"--json", "--workspace", "--quiet", "--verbose", "--no-color"} <= options


def test_version_as_json(capsys):
    """--json prints exactly one JSON document, and says nothing else."""
    assert run(["version", "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["kevasync"]
    assert printed.err == ""


@pytest.mark.parametrize("arguments", [["nonsense"], ["version", "--nonsense"], ["version", "surplus"]])
def test_a_mistake_on_the_command_line_is_ours_to_explain(arguments, capsys):
    """A wrong command line exits 2 with code, cause and next step, in JSON too."""
    assert run([*arguments, "--json"]) == 2
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert error["code"] == "usage"
    assert error["next"][0].endswith("--help")
    assert "error[usage]" in printed.err


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (UsageError("file-not-found", "x is not there"), "file-not-found", 2),
        (Refused("confirmation-needed", "no"), "confirmation-needed", 3),
        (KeyboardInterrupt(), "interrupted", 1),
        (OSError(errno.ENOSPC, "No space left on device", "part.parquet"), "disk-full", 1),
        (RuntimeError("(sqlite3.OperationalError) database or disk is full"), "disk-full", 1),
        (FileNotFoundError(errno.ENOENT, "No such file", "export.csv"), "file-not-found", 2),
        (PermissionError(errno.EACCES, "Permission denied", "state.db"), "file-no-permission", 2),
        (OSError(errno.EIO, "Input/output error", "export.csv"), "file-failed", 1),
        (MemoryError(), "out-of-memory", 1),
        (KeyError("Email"), "internal", 1),
    ],
)
def test_each_kind_of_failure_has_its_code(error, code, exit_code, command, capsys, tmp_path, monkeypatch):
    """Whatever is raised ends as one JSON error with the right exit code, and no traceback anywhere."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    command(failing(error))
    assert run(["probe", "--json"]) == exit_code
    printed = capsys.readouterr()
    document = json.loads(printed.out)["error"]
    assert document["code"] == code
    assert document["what"]
    assert document["why"]
    assert document["next"]
    assert "Traceback" not in printed.out + printed.err


def test_a_crash_report_names_the_place_and_not_the_person(command, capsys, tmp_path, monkeypatch):
    """The report of an unforeseen error has the traceback, is private, and leaves values and secrets out."""
    (tmp_path / "kevasync.toml").touch()
    (tmp_path / ".kevasync" / "tmp").mkdir(parents=True)
    monkeypatch.setenv("KEVASYNC_KEVA_API_KEY", "hunter22")
    command(failing(ValueError("row 'Ann O Neil' ann@example.com +1 (555) 010-0123 hunter22 00D5g000004abcd!AQ8.x")))
    assert run(["probe", "--workspace", str(tmp_path)]) == 1
    assert "error[internal]" in capsys.readouterr().err
    (report,) = (tmp_path / ".kevasync" / "tmp").iterdir()
    text = report.read_text()
    assert "test_main.py" in text
    assert "ValueError" in text
    for value in ("Ann O", "ann@example.com", "010-0123", "hunter22", "00D5g"):
        assert value not in text
    assert report.stat().st_mode & 0o077 == 0


def test_redact_keeps_what_helps():
    """Field names, paths and line numbers stay readable in a crash report."""
    line = (
        "  File \"/srv/lib/python3.11/site-packages/kevasync/sync/plan.py\", line 120, in plan\nKeyError: 'MailingCity'"
    )
    assert redact(line) == line


def test_problems_are_listed_and_in_the_json(command, capsys):
    """All problems behind one error reach both readers."""
    problems = [Problem("field-missing", "error", "no such field", "contact", "Company", "Did you mean CompanyName?")]
    command(failing(UsageError("usage", "the mapping has 1 problem", problems=problems)))
    assert run(["probe", "--json"]) == 2
    printed = capsys.readouterr()
    assert json.loads(printed.out)["error"]["problems"][0]["field"] == "Company"
    assert "Did you mean CompanyName?" in printed.err


def test_the_result_stands_when_the_command_fails_after_it(command, capsys):
    """A command that printed its document and then fails does not print a second one."""

    def body(ctx: typer.Context) -> ExitCode:
        """Print, then fail."""
        at = Context.of(ctx)
        at.out({"a": 1}, lambda screen: screen.line("a"))
        raise UsageError("usage", "too late")

    command(body)
    assert run(["probe", "--json"]) == 2
    assert json.loads(capsys.readouterr().out) == {"a": 1}


def test_a_command_returns_its_exit_code(command, capsys):
    """What the command returns is what the shell sees; notes do not disturb the JSON."""

    def body(ctx: typer.Context) -> ExitCode:
        """Note, print, end with 4."""
        at = Context.of(ctx)
        at.note("beside")
        at.out({"name": "Zoë 🙂"}, lambda screen: screen.line("for people"))
        return ExitCode.CHANGES

    command(body)
    assert run(["--json", "probe"]) == 4
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"name": "Zoë 🙂"}
    assert printed.err == "beside\n"


def test_questions_need_a_terminal_or_yes(command, capsys):
    """Without a terminal a question is refused, not waited for; --yes goes on."""

    def body(ctx: typer.Context) -> None:
        """Ask."""
        Context.of(ctx).confirm("Write 3 changes?", yes=True)
        Context.of(ctx).confirm("Write 4 changes?", yes=False)

    command(body)
    assert run(["probe"]) == 2
    assert "Write 4 changes?" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "lines"), [([], 1), (["--verbose"], 2), (["--quiet"], 0)])
def test_log_lines_reach_stderr_without_values(command, capsys, options, lines):
    """Warnings are always seen, steps with --verbose, nothing when quiet; addresses and tokens never."""

    def body() -> None:
        """Log."""
        logging.getLogger("kevasync.probe").warning("row.odd address=%s", "ann@example.com")
        logging.getLogger("kevasync.probe").info("step.done token=%s", "00D5g000004abcd!AQ8xxxxxxxx")

    command(body)
    assert run(["probe", *options]) == 0
    printed = capsys.readouterr().err
    assert len(printed.splitlines()) == lines
    assert "ann@" not in printed
    assert "AQ8x" not in printed


def test_output_to_a_closed_pipe_is_quiet():
    """`kevasync version | true` ends without a traceback and with the command's own exit code."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "kevasync", "version"], stdout=pipe, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 0
    assert done.stderr == ""


def test_explain_finds_the_full_disk_behind_another_error():
    """A library's own error raised from ENOSPC is still a full disk."""
    error = RuntimeError("could not write")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert explain(error, [], Path()).code == "disk-full"


def test_the_end_is_quiet_and_lets_everything_out():
    """The process ends without taking its objects apart: all is printed, nothing more is said, exit code as ever."""
    for arguments, code in ((["version"], 0), (["plan", "--keva", "none.csv"], 2)):
        ended = subprocess.run(
            [sys.executable, "-m", "kevasync", *arguments, "--json"],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert ended.returncode == code
        assert json.loads(ended.stdout)
        assert "leaked" not in ended.stderr
