"""jsforce, unchanged from npm, against the sandbox over HTTPS."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kevasync.sandbox.server import Sandbox

pytestmark = pytest.mark.slow
PACKAGE = "jsforce@3.10.16"


@pytest.fixture(scope="module")
def jsforce(tmp_path_factory):
    """A folder with jsforce in it, fetched for this run."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm and node are not installed")
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text('{"private": true}')
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", PACKAGE]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    if done.returncode:
        pytest.skip(f"npm cannot fetch {PACKAGE}: {done.stderr[-300:]}")
    return folder


def test_jsforce_does_its_whole_work(jsforce, tmp_path):
    """Web login with PKCE, identity, records, collections, queryMore, Bulk 2.0 both ways, and refresh by itself."""
    info = tmp_path / "info.json"
    with Sandbox.start() as sandbox:
        sandbox.write_info(info)
        script = Path(__file__).with_name("jsforce_check.mjs")
        environment = {**os.environ, "NODE_EXTRA_CA_CERTS": sandbox.info["ca_bundle"]}
        command = ["node", str(script), str(jsforce), str(info)]
        done = subprocess.run(
            command, env=environment, cwd=jsforce, capture_output=True, text=True, timeout=200, check=False
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "identity": [True, True],
        "versions": "68.0",
        "title": "Countess",
        "upsert": True,
        "gone": "NOT_FOUND",
        "invalid": "REQUIRED_FIELD_MISSING",
        "fields": True,
        "collections": [450, 1],
        "ingest": [5001, 0, 0],
        "bulkUpsert": ["false", "REQUIRED_FIELD_MISSING"],
        "queryMore": [5001, 2000, 2000, 5001],
        "company": 'a "b", c\nd',
        "bulkQuery": [5001, 'a "b", c\nd'],
        "refreshed": 5001,
    }
