"""`kevasync demo`: the whole job on synthetic data against a local sandbox; leaves the workspace to look at."""

from __future__ import annotations

import csv
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.errors import RunError, UsageError

if TYPE_CHECKING:
    from kevasync.sandbox.server import Sandbox

__all__ = ["demo", "fixtures"]

MARK = ".kevasync-demo"
CONTACT_FIELDS = (
    "Id, Email, FirstName, LastName, Phone, Title, MailingCity, Description, TimeZone__c, Keva_Ticket_Count__c"
)
COMPARED = ("email", "name", "phone", "jobTitle", "location", "timezone", "notes", "company")


def demo(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="Where the demo's workspace goes.")] = Path(
        "demo-workspace"
    ),
) -> int:
    """Show the main job from end to end, on 2,500 synthetic customers and a Salesforce org on this machine."""
    at = Context.of(ctx)
    began = time.monotonic()
    _clear(folder)
    from kevasync.sandbox.server import Sandbox

    with Sandbox.start(folder / "sandbox", http=True, keva_rate=0) as sandbox:
        play = _Play(at, folder, sandbox)
        play.set_up()
        play.main_job()
        play.conflict()
        play.take_back()
        port, org = sandbox.info["port"], folder / "sandbox"
    seconds = time.monotonic() - began
    document = {"workspace": str(folder), "seconds": round(seconds, 1), "checks": play.checks}
    at.out(
        document,
        lambda screen: screen.line(
            f"\nAll {len(play.checks)} checks held, {seconds:.0f} s. The workspace is left for you to look at:\n"
            f"  kevasync sandbox --http --port {port} --data {org}    # the same org, in another terminal\n"
            f"  cd {folder}\n  kevasync show latest --review\n  kevasync log\n  kevasync plan"
        ),
    )
    return ExitCode.DONE


def fixtures() -> Path:
    """The folder of synthetic fixtures: in a checkout data/fixtures, in an installed package its copy."""
    for place in (Path(__file__).parents[2] / "data" / "fixtures", Path(str(resources.files("kevasync"))) / "fixtures"):
        if (place / "customers.csv").is_file():
            return place
    raise UsageError("demo-no-fixtures", "customers.csv and contacts.csv are not where this package keeps them")


def _clear(folder: Path) -> None:
    """Remove the folder of an earlier demo; anything else that stands there is not ours to remove."""
    if folder.exists():
        if not (folder / MARK).is_file():
            raise UsageError("demo-folder-taken", f"{folder} exists and was not made by the demo")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("made by kevasync demo; removed by the next one\n", encoding="utf-8")


@dataclass
class _Play:
    """The demo's acts; each runs the real commands and checks what it claims."""

    at: Context
    folder: Path
    sandbox: Sandbox
    checks: list[str] = field(default_factory=list)
    before: dict[str, dict[str, Any]] = field(default_factory=dict)
    customers_before: dict[str, dict[str, Any]] = field(default_factory=dict)
    edited: set[str] = field(default_factory=set)

    def say(self, text: str) -> None:
        """A line of the story, on stderr where the result is JSON."""
        screen = self.at.margin if self.at.json else self.at.screen
        screen.line(text, style="bold")
        screen.stream.flush()

    def command(self, *arguments: str, expect: tuple[int, ...] = (0,)) -> None:
        """Show a command and run it in this process, as the user would type it in the workspace."""
        from kevasync.cli.main import run

        self.say(f"\n$ kevasync {' '.join(arguments)}")
        shared = ["--quiet"] if self.at.json else []
        stdout = self.at.stderr if self.at.json else self.at.stdout
        ended = run([*arguments, *shared, "--workspace", str(self.folder)], stdout=stdout)
        if ended not in expect:
            raise RunError("demo-failed", f"kevasync {' '.join(arguments)} ended with {ended}")

    def check(self, what: str, *, held: bool) -> None:
        """Remember a claim that held; stop where it did not."""
        if not held:
            raise RunError("demo-failed", f"this did not hold: {what}")
        self.checks.append(what)
        self.say(f"  checked: {what}")

    def set_up(self) -> None:
        """Fill the org and Keva with the fixtures and make a workspace signed in to both."""
        where = fixtures()
        accounts = {row["Name"]: row for row in _rows(where / "accounts.csv")}
        made = self.sandbox.org.create_many("Account", list(accounts.values()))
        ids = {name: result.id for name, result in zip(accounts, made, strict=True)}
        contacts = [_contact(row, ids) for row in _rows(where / "contacts.csv")]
        results = self.sandbox.org.create_many("Contact", contacts)
        self.sandbox.keva.seed(_customers(where / "customers.csv", results, _rows(where / "contacts.csv")))
        info = self.sandbox.info
        self.say(f"A Salesforce org with {sum(r.success for r in results):,} Contacts and Keva with "
                 f"{self.sandbox.keva.count():,} customers run at {info['instance_url']}")  # fmt: skip
        with _environment(
            KEVASYNC_SALESFORCE__INSTANCE_URL=info["instance_url"],
            KEVASYNC_SALESFORCE_ACCESS_TOKEN=info["access_token"],
        ):
            self.command("init", str(self.folder), "--org", "--keva-url", info["keva_url"])
        self._sign_in(info)
        self.command("mapping", "check", "--org", "--keva", str(where / "customers.csv"), expect=(0,))

    def _sign_in(self, info: Mapping[str, Any]) -> None:
        from kevasync.cli.sides import open_kept
        from kevasync.workspace import Workspace

        with open_kept(Workspace.open(self.folder)) as kept:
            for name in ("access_token", "refresh_token", "client_id", "client_secret"):
                kept.secrets.put(f"salesforce_{name}", info[name])
            kept.secrets.put("keva_api_key", info["keva_api_key"])

    def main_job(self) -> None:
        """Plan, apply, and plan again: nothing to do."""
        self.before, self.customers_before = self.contacts(), self.customers()
        self.command("plan")
        self.command("show", "latest", "--review")
        self.command("apply", "latest", "--yes", expect=(0, 1))
        self.command("plan")
        self.check("a second plan writes nothing", held=not self.latest()["directions"])
        self.check("every record of the run is in the books", held=bool(self.last_run().books["input"]))

    def conflict(self) -> None:
        """Edit both sides: one record in Keva, one in Salesforce, one in both."""
        pairs = self._linked()[:3]
        self.edited = {sf_id for _, sf_id in pairs}
        (keva_only, _), (_, sf_only), (both_keva, both_sf) = pairs
        self.say("\nSomebody edits a job title in Keva, somebody another in Salesforce, and two people the same one.")
        self.sandbox.keva.touch(keva_only, jobTitle="Head of Support")
        self.sandbox.keva.touch(both_keva, jobTitle="Chief Listener")
        self.sandbox.org.update_many(
            "Contact", [{"Id": sf_only, "Title": "Head of Sales"}, {"Id": both_sf, "Title": "Chief Talker"}]
        )
        self.command("plan")
        latest = self.latest()
        self.check("one value goes each way", held=latest["directions"] == {"from_crm": 1, "to_crm": 1})
        self.check("the conflict waits for a person", held=latest["counts"]["conflict"] >= 1)
        self.command("show", "latest", "--why", both_keva)

    def take_back(self) -> None:
        """Undo the first run and compare every field of every record with what it was before."""
        self.command("undo", self.last_run().id, "--yes", expect=(0, 1, 3))
        now, customers = self.contacts(), self.customers()
        kept = {sf_id: row for sf_id, row in now.items() if sf_id not in self.edited}
        was = {sf_id: row for sf_id, row in self.before.items() if sf_id not in self.edited}
        self.check(f"after the undo all {len(kept):,} Contacts are as before, field by field", held=kept == was)
        changed = {key for key, row in customers.items() if row != self.customers_before[key]}
        self.check("and so are the customers, but for those edited meanwhile", held=len(changed) <= len(self.edited))

    def contacts(self) -> dict[str, dict[str, Any]]:
        """All live Contacts by id."""
        rows = self.sandbox.org.query(f"SELECT {CONTACT_FIELDS} FROM Contact").rows()  # noqa: S608 fixed names
        return {row["Id"]: {name: value for name, value in row.items() if name != "attributes"} for row in rows}

    def customers(self) -> dict[str, dict[str, Any]]:
        """All customers by id, only what a sync may write."""
        return {row["id"]: {name: row.get(name) for name in COMPARED} for row in self.sandbox.keva.customers()}

    def latest(self) -> Mapping[str, Any]:
        """The manifest of the newest plan."""
        from kevasync.cli.show import find_plan

        return find_plan(Context(folder=self.folder), "latest").manifest

    def last_run(self) -> Any:
        """The last apply."""
        from kevasync.cli.sides import open_kept
        from kevasync.workspace import Workspace

        with open_kept(Workspace.open(self.folder)) as kept:
            return kept.stores.ledger.last_runs(1, kind="apply")[0]

    def _linked(self) -> list[tuple[str, str]]:
        """Linked pairs whose titles agree, in a fixed order."""
        from kevasync.cli.sides import open_kept
        from kevasync.workspace import Workspace

        contacts, customers = self.contacts(), self.customers()
        with open_kept(Workspace.open(self.folder)) as kept:
            rows = kept.stores.links.arrow("contact").to_pylist()
        return sorted(
            (row["keva_id"], row["sf_id"])
            for row in rows
            if row["active"]
            and row["sf_id"] in self.before
            and contacts[row["sf_id"]]["Title"] == customers[row["keva_id"]]["jobTitle"] is not None
        )


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Variables of the environment for a while."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _contact(row: Mapping[str, str], accounts: Mapping[str, str | None]) -> dict[str, Any]:
    """A fixture row as the org takes it: its own fields, the Account by id."""
    values = {name: value for name, value in row.items() if value and "." not in name and name != "Id"}
    account = accounts.get(row.get("Account.Name", ""))
    return values | ({"AccountId": account} if account else {})


def _customers(path: Path, results: Iterable[Any], contacts: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Fixture customers; a salesforceContactId of the fixtures becomes the id that the org really gave."""
    given = {row["Id"]: result.id for row, result in zip(contacts, results, strict=True)}
    given |= {old[:15]: str(new)[:15] for old, new in given.items()}
    rows = []
    for row in _rows(path):
        values: dict[str, Any] = {name: value or None for name, value in row.items()}
        pointer = values.get("salesforceContactId")
        values["salesforceContactId"] = given.get(str(pointer), pointer)
        rows.append(values)
    return rows
