"""A whole small world for end-to-end tests: a sandbox, a workspace signed in to it, customers and Contacts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from kevasync.cli.main import run
from kevasync.cli.sides import open_kept
from kevasync.sandbox.server import Sandbox
from kevasync.workspace import Workspace

ROOT = Path(__file__).parents[2]

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

[[contact.field]]
keva = "notes"
salesforce = "Description"

[[contact.field]]
keva = "timezone"
salesforce = "TimeZone__c"
direction = "to_crm"

[[contact.field]]
keva = "company"
salesforce = "Account.Name"
direction = "from_crm"
"""


def customer(number: int, **more: object) -> dict[str, object]:
    """A synthetic customer."""
    return {
        "id": f"cust_{number:06d}",
        "email": f"person{number}@mail.example",
        "name": f"Pat{number} Number{number}",
        "phone": f"+1212555{number % 10000:04d}",
        "jobTitle": "Buyer",
        "timezone": "Europe/Paris",
        "notes": None,
    } | more


def contact(number: int, **more: object) -> dict[str, object]:
    """The Contact that agrees with `customer(number)`."""
    return {
        "Email": f"person{number}@mail.example",
        "FirstName": f"Pat{number}",
        "LastName": f"Number{number}",
        "Phone": f"+1212555{number % 10000:04d}",
        "Title": "Buyer",
        "TimeZone__c": "Europe/Paris",
    } | more


class World:
    """The sandbox and the workspace; commands run in this process unless they are to be killed."""

    def __init__(self, folder: Path, sandbox: Sandbox, *, settings: str = "", mapping: str = MAPPING) -> None:
        self.sandbox = sandbox
        self.folder = folder / "workspace"
        info = sandbox.info
        self.workspace = Workspace.create(
            self.folder,
            instance_url=info["instance_url"],
            login_url=info["login_url"],
            keva_url=info["keva_url"],
        )
        if settings:
            path = self.folder / "kevasync.toml"
            path.write_text(path.read_text(encoding="utf-8") + settings, encoding="utf-8")
        (self.folder / "mapping.toml").write_text(mapping, encoding="utf-8")
        with open_kept(self.workspace) as kept:
            for name in ("access_token", "refresh_token", "client_id", "client_secret"):
                kept.secrets.put(f"salesforce_{name}", info[name])
            kept.secrets.put("keva_api_key", info["keva_api_key"])

    def command(self, capsys, *arguments: str, code: int = 0):
        """Run a command with --json in this process; its document, after checking the exit code."""
        capsys.readouterr()
        ended = run([*arguments, "--json", "--workspace", str(self.folder)])
        shown = capsys.readouterr()
        assert ended == code, f"{arguments} ended with {ended}:\n{shown.out[-3000:]}\n{shown.err[-3000:]}"
        return json.loads(shown.out)

    def process(self, *arguments: str) -> subprocess.Popen:
        """Start a process in the workspace: a module or script with arguments."""
        env = os.environ | {"PYTHONPATH": str(ROOT), "KEVASYNC_WORKSPACE": str(self.folder)}
        return subprocess.Popen(
            [sys.executable, *arguments], cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def contacts(self) -> list[dict[str, object]]:
        """All live Contacts of the org."""
        fields = "Id, Email, FirstName, LastName, Phone, Title, Description"
        rows = self.sandbox.org.query(f"SELECT {fields} FROM Contact").rows()
        return [{name: value for name, value in row.items() if name != "attributes"} for row in rows]

    def twins(self) -> list[object]:
        """E-mails that more than one Contact has."""
        return [email for email, count in Counter(row["Email"] for row in self.contacts()).items() if count > 1]

    def nothing_left(self, capsys) -> None:
        """Plan again: every record must be a no-op or not-in-keva, with nothing to write."""
        plan = self.command(capsys, "plan")
        left = {name: n for name, n in plan["counts"].items() if n and name not in {"no-op", "not-in-keva"}}
        assert (left, plan["directions"]) == ({}, {})
