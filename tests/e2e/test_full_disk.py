"""Apply on a disk that fills up: one clear error, and the next apply goes on as if nothing had happened."""

import json
import os
import subprocess

import pytest
from test_kill import check, plan, prepare

from kevasync.sandbox.server import Sandbox

APPLY = "import sys\nfrom kevasync.cli.main import run\nsys.exit(run(['apply', 'latest', '--yes', '--json']))"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no file system may be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def leave(folder, room):
    """Fill the disk up to `room` bytes."""
    filler = folder / "filler"
    filler.unlink(missing_ok=True)
    free = os.statvfs(folder)
    with filler.open("wb") as file:
        file.write(bytes(max(0, free.f_bavail * free.f_frsize - room)))
    return filler


@pytest.mark.parametrize("threshold", [pytest.param(2000, marks=pytest.mark.slow), 20])
def test_apply_on_a_full_disk(small_disk, capsys, threshold):
    """Wherever the room ends, the error says so and the run can be gone on with: no Contact twice, no change lost."""
    people = 300
    with Sandbox.start(http=True, stock=False, keva_rate=0, fault_seed=7) as sandbox:
        world = prepare(small_disk, sandbox, people, threshold=threshold)
        plan(world, capsys)
        codes = []
        for room in (0, 150_000, 300_000, 400_000, 600_000):
            filler = leave(small_disk, room)
            done = world.process("-c", APPLY)
            text = done.communicate(timeout=120)[0].decode()
            filler.unlink()
            assert "Traceback" not in text
            if done.returncode:
                assert done.returncode == 1, text
                codes.append((json.loads(text[text.index("{") :])["error"]["code"], len(world.contacts())))
        assert codes, "no room was small enough"
        assert {code for code, _ in codes} <= {"disk-full", "state-disk-full"}, codes
        world.command(capsys, "apply", "latest", "--yes")
        check(world, capsys, people)
