"""A migration of N customers against N Contacts through Bulk API 2.0: books, second plan, CPU and peak memory.

    python benchmarks/migration.py [ROWS]

The sandbox runs in a process of its own; each command is a process of its own, measured from outside (user + system CPU,
peak resident memory). A tenth of the customers have no Contact yet, a fifth need an update, the rest agree.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plan import measure

from kevasync.cli.sides import open_kept
from kevasync.workspace import Workspace

SEED = """
import sys
from pathlib import Path
from kevasync.sandbox.server import Sandbox
rows = int(sys.argv[2])
with Sandbox.start(Path(sys.argv[1]), http=True) as sandbox:
    sandbox.org.counters.set_limit(1_000_000)
    linked = rows - rows // 10
    for start in range(0, linked, 10_000):
        sandbox.org.create_many("Contact", [
            {"Email": f"person{i}@mail.example", "FirstName": f"Pat{i}", "LastName": f"Number{i}", "Title": "Buyer",
             "Phone": f"+1212555{i % 10000:04d}", "TimeZone__c": "Europe/Paris"}
            for i in range(start, min(start + 10_000, linked))])
    for start in range(linked, rows, 10_000):
        sandbox.org.create_many("Contact", [
            {"Email": f"other{i}@else.example", "LastName": f"Other{i}"} for i in range(start, min(start + 10_000, rows))])
"""

MAPPING = """version = 1
[contact]
salesforce = "Contact"
external_id = "Keva_Id__c"
[[contact.field]]
keva = "email"
salesforce = "Email"
[[contact.field]]
keva = "name"
salesforce = ["FirstName", "LastName"]
transform = ["split_name"]
[[contact.field]]
keva = "phone"
salesforce = "Phone"
[[contact.field]]
keva = "jobTitle"
salesforce = "Title"
conflict = "keva"
[[contact.field]]
keva = "timezone"
salesforce = "TimeZone__c"
direction = "to_crm"
"""


def customers(rows: int) -> Iterator[str]:
    """The export, line by line."""
    yield "id,email,name,phone,jobTitle,timezone,updatedAt"
    for i in range(rows):
        title = f"Head of Part {i}" if i % 5 == 0 else "Buyer"
        phone = f"(212) 555-{i % 10000:04d}"
        yield f"cust_{i:08d},person{i}@mail.example,Pat{i} Number{i},{phone},{title},Europe/Paris,2026-01-01T00:00:00Z"


def start_sandbox(folder: Path, info: Path) -> subprocess.Popen[str]:
    """The sandbox as its own process; returns when it answers."""
    command = [sys.executable, "-m", "kevasync", "sandbox", "--http", "--data", str(folder), "--info", str(info)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, text=True)
    for _ in range(300):
        if info.is_file():
            return process
        time.sleep(0.1)
    process.kill()
    sys.exit("the sandbox did not start")


def prepare(folder: Path, rows: int, info: dict[str, Any]) -> Path:
    """A workspace that reads the export and is signed in to the sandbox."""
    workspace = Workspace.create(folder / "workspace", instance_url=info["instance_url"], keva_url=info["keva_url"])
    settings = workspace.root / "kevasync.toml"
    text = settings.read_text(encoding="utf-8").replace('# export = "exports/*.csv"', 'export = "exports/*.csv"')
    settings.write_text(text.replace('# write = "api"', 'write = "file"'), encoding="utf-8")
    workspace.mapping_path.write_text(MAPPING, encoding="utf-8")
    with (workspace.exports_dir / "customers.csv").open("w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in customers(rows))
    with open_kept(Workspace.open(workspace.root)) as kept:
        for name in ("access_token", "refresh_token", "client_id", "client_secret"):
            kept.secrets.put(f"salesforce_{name}", info[name])
    return workspace.root


def main() -> None:
    """Run the whole migration and print what each step cost."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-c", SEED, str(folder / "org"), str(rows)], check=True)
        sandbox = start_sandbox(folder / "org", folder / "info.json")
        try:
            info = json.loads((folder / "info.json").read_text(encoding="utf-8"))
            root = prepare(folder, rows, info)
            os.environ["KEVASYNC_WORKSPACE"] = str(root)
            print(f"{rows:,} customers, {rows:,} Contacts")
            print(f"{'step':24}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}")
            kevasync = [sys.executable, "-m", "kevasync"]
            for step in (["plan"], ["apply", "latest", "--yes"], ["plan"]):
                run = measure([*kevasync, *step, "--json", "--quiet"], keep=folder / "out.json")
                print(f"{' '.join(step):24}{run['cpu']:8.1f}{run['wall']:8.1f}{run['mb']:9.0f}")
                told = json.loads((folder / "out.json").read_text(encoding="utf-8"))
                print(
                    "   ",
                    told["counts"],
                    {key: told[key] for key in ("balanced", "input", "directions") if key in told},
                )
        finally:
            sandbox.terminate()
            sandbox.wait()


if __name__ == "__main__":
    main()
