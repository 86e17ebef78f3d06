"""`kevasync review mappings`: a page on this machine, behind a token, without a terminal, until it is told to end."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import build_opener

import pytest

from kevasync.automap.train import shipped
from kevasync.cli import review_desk
from kevasync.cli.main import run
from kevasync.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "users.csv"
    path.write_text("fname,mail,town\nAoife,aoife@example.ie,Galway\nMaria,maria@example.com,Leeds\n")
    Workspace.create(tmp_path / "ws")
    (tmp_path / "ws" / "mapping.toml").write_text('version = 1\n\n[contact]\nsalesforce = "Contact"\n')
    return path


def command(tmp_path, source, *more):
    return ["--workspace", str(tmp_path / "ws"), "review", "mappings", "--source", str(source), "--no-open", *more]


def test_it_serves_until_it_is_told_to_end(tmp_path, source):
    """Prints its address as JSON; the door keeps strangers out; SIGTERM ends it, its server, and its session file."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-m", "kevasync", *command(tmp_path, source, "--json")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=environment) as process:
        text = ""
        while not text.rstrip().endswith("}"):
            line = process.stdout.readline().decode()
            assert line, "it ended before it was up"
            text += line
        said = json.loads(text)
        session = Path(said["session"])
        assert stat.S_IMODE(session.stat().st_mode) == 0o600
        opener = build_opener()
        with opener.open(said["url"]) as answer:
            assert answer.status == 200
        with pytest.raises(HTTPError) as refused:
            opener.open(f"http://127.0.0.1:{said['port']}/api/status")
        refused.value.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert not session.exists()
    for _ in range(50):
        if not Path(f"/proc/{said['process']}").exists():
            break
        time.sleep(0.1)
    with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.1", said["port"]), 1):
        pass


def test_a_port_that_is_taken_is_said(tmp_path, source, capsys):
    """Exit code 2 and what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert run(command(tmp_path, source, "--port", str(other.getsockname()[1]))) == 2
    assert "review-port" in capsys.readouterr().err


def test_an_empty_file_is_said_before_a_server_starts(tmp_path, source, capsys):
    """There are no columns to decide on."""
    source.write_text("")
    assert run(command(tmp_path, source)) == 2
    assert "export-empty" in capsys.readouterr().err


@pytest.mark.parametrize("object_name", ["Contact", "Account", "Lead"])
def test_what_accepting_many_is_worth_was_measured(object_name):
    """Each step has the share that was right on columns of this object held out, of how many; surest first."""
    measured = review_desk._measured(shipped()["held_out"], object_name)
    assert len(measured.levels) > 5
    assert [item.threshold for item in measured.levels] == sorted(one.threshold for one in measured.levels)[::-1]
    counts = [item.count for item in measured.levels]
    assert counts == sorted(counts)
    assert counts[0] > 100
    for item in measured.levels:  # as sure as it says, or nearly
        assert item.precision == pytest.approx(max(item.threshold, item.precision), abs=0.01)
    assert "had not seen" in measured.note
