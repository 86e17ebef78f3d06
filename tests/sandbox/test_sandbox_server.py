"""The sandbox as a whole: it starts fast, speaks HTTPS, keeps its data and leaves nothing open."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from kevasync.sandbox.server import Sandbox


def get(url, token="", **options):
    """One GET with no proxy and no netrc of this machine."""
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return session.get(url, headers=headers, timeout=30, **options)


def test_https_with_its_own_certificate():
    """A client that trusts `ca_bundle` gets through by address and by name; one that does not is refused."""
    with Sandbox.start() as sandbox:
        url, bundle = sandbox.info["instance_url"], sandbox.info["ca_bundle"]
        assert url.startswith("https://127.0.0.1:")
        assert get(f"{url}/services/data", verify=bundle).status_code == 200
        assert get(f"https://localhost:{sandbox.info['port']}/services/data", verify=bundle).status_code == 200
        with pytest.raises(requests.exceptions.SSLError):
            get(f"{url}/services/data")


def test_starts_and_stops_quickly_with_a_connection_left_open():
    """Starting and stopping each take well under a second, although a client keeps its connection."""
    begin = time.monotonic()
    sandbox = Sandbox.start(http=True)
    started = time.monotonic() - begin
    with socket.create_connection(("127.0.0.1", sandbox.info["port"])) as idle:
        idle.sendall(b"GET /services/data HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert idle.recv(12) == b"HTTP/1.1 200"
        begin = time.monotonic()
        sandbox.stop()
        stopped = time.monotonic() - begin
    assert started < 2, started
    assert stopped < 2, stopped


def test_data_folder_survives_a_restart(tmp_path):
    """With a data folder the org, the tokens, the records and Keva's customers are those of before."""
    with Sandbox.start(tmp_path, http=True) as sandbox:
        before = dict(sandbox.info)
        made = sandbox.org.create_many("Contact", [{"LastName": "Lovelace"}])[0].id
        sandbox.keva.seed([{"email": "ada@example.com"}])
        sandbox.oauth.expire()
    with Sandbox.start(tmp_path, http=True) as sandbox:
        changed = {"instance_url", "login_url", "keva_url", "port", "pid"}
        assert {k: v for k, v in sandbox.info.items() if k not in changed} == {
            k: v for k, v in before.items() if k not in changed
        }
        url = f"{sandbox.info['instance_url']}/services/data/v68.0/sobjects/Contact/{made}"
        assert get(url, sandbox.info["access_token"]).json()["LastName"] == "Lovelace"
        assert sandbox.keva.by_email("ADA@example.com") is not None
    assert stat.S_IMODE((tmp_path / "oauth.db").parent.stat().st_mode) & 0o077 == 0 or os.name == "nt"


def test_a_taken_port_is_an_error_and_leaves_nothing_behind():
    """A port in use is an OSError, and an unknown fault a ValueError that names the known ones."""
    with Sandbox.start(http=True) as sandbox, pytest.raises(OSError, match="in use"):
        Sandbox.start(http=True, port=sandbox.info["port"])
    with pytest.raises(ValueError, match="no fault is called 'fire'; there are 503, 429"):
        Sandbox.start(http=True, faults=["fire:rate=1"])


def test_paths_with_a_slash_at_the_end_and_too_long():
    """A slash at the end changes nothing; an address over 16 KB is 414; errors are JSON."""
    with Sandbox.start(http=True) as sandbox:
        url, token = sandbox.info["instance_url"], sandbox.info["access_token"]
        plain = get(f"{url}/services/data/v68.0/sobjects/Contact/describe", token)
        slash = get(f"{url}/services/data/v68.0/sobjects/Contact/describe/", token)
        assert plain.json() == slash.json()
        assert get(f"{url}/services/data/v68.0/query?q={'x' * 17000}", token).status_code == 414
        missing = get(f"{url}/services/nothing", token)
        assert (missing.status_code, missing.json()[0]["errorCode"]) == (404, "NOT_FOUND")
        assert get(f"{url}/services/data/v68.0/limits", "wrong").json() == [
            {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
        ]


def test_control_answers_only_this_machine():
    """Faults are set over HTTP, all of a request or none, but not by a page that points its own name at 127.0.0.1."""
    with Sandbox.start(http=True) as sandbox, requests.Session() as session:
        session.trust_env = False
        url = f"{sandbox.info['instance_url']}/__sandbox__/faults"
        assert session.post(url, json={"rules": ["503:times=1"], "seed": 7}, timeout=30).json()["seed"] == 7
        bad = session.post(url, json={"rules": ["503", "nonsense"], "clear": True}, timeout=30)
        assert (bad.status_code, len(sandbox.faults.rules)) == (400, 1)
        foreign = session.post(url, json={"clear": True}, headers={"Host": "evil.example:80"}, timeout=30)
        assert (foreign.status_code, len(sandbox.faults.rules)) == (403, 1)
        assert session.delete(url, timeout=30).json()["rules"] == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_prints_and_writes_info_and_stops_cleanly(tmp_path, number):
    """The command prints its JSON, writes the same to a private file, and ends with 0 on Ctrl-C or SIGTERM."""
    info = tmp_path / "info.json"
    code = (
        "import typer; from kevasync.cli.sandbox import sandbox;"
        f"app = typer.Typer(); app.command()(sandbox); app(['--http', '--info', {str(info)!r}])"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = ""
        while not printed.endswith("}\n"):
            printed += process.stdout.readline()
        told = json.loads(printed)
        assert told == json.loads(info.read_text())
        assert stat.S_IMODE(info.stat().st_mode) == 0o600
        assert [item.name for item in Path(tmp_path).iterdir()] == ["info.json"]
        assert get(f"{told['instance_url']}/services/data").status_code == 200
        process.send_signal(number)
        assert process.wait(15) == 0
