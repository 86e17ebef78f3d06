"""Builds the two sides and the stores from a workspace: the one place where concrete sides meet the core."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kevasync.errors import UsageError

if TYPE_CHECKING:
    from kevasync.endpoint import Endpoint, Extracted, Progress, Selection
    from kevasync.keva.api import KevaClient
    from kevasync.records import Schema
    from kevasync.salesforce.endpoint import SalesforceEndpoint
    from kevasync.salesforce.oauth import SalesforceCredentials
    from kevasync.store.decisions import Decisions
    from kevasync.store.secrets import Secrets
    from kevasync.store.state import State
    from kevasync.sync.apply import Stores
    from kevasync.workspace import Workspace

__all__ = [
    "SALESFORCE_SECRETS",
    "Kept",
    "ReadFromExport",
    "describe",
    "environment_credentials",
    "keva_answers",
    "newest_export",
    "open_kept",
    "open_keva",
    "open_salesforce",
    "salesforce_credentials",
]

SALESFORCE_SECRETS = ("access_token", "refresh_token", "client_id", "client_secret", "username", "jwt_key")
"""What may be stored for Salesforce, each as `salesforce_<name>`; also KEVASYNC_SALESFORCE_<NAME>."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a workspace keeps: the state, the stores that runs use, the secrets and the decisions."""

    state: State
    stores: Stores
    secrets: Secrets
    decisions: Decisions


@contextmanager
def open_kept(workspace: Workspace) -> Iterator[Kept]:
    """Open the state of a workspace and everything on it; closed at the end of the `with`."""
    from kevasync.store.base import Base
    from kevasync.store.decisions import Decisions
    from kevasync.store.ledger import Ledger
    from kevasync.store.links import Links
    from kevasync.store.secrets import Secrets, load_key
    from kevasync.store.snapshots import Snapshots
    from kevasync.store.state import State
    from kevasync.sync.apply import Stores

    with State.open(workspace.state_url) as state:
        stores = Stores(
            links=Links(state),
            base=Base(state, workspace.base_dir),
            ledger=Ledger(state),
            snapshots=Snapshots(state, workspace.snapshots_dir),
        )
        yield Kept(state, stores, Secrets(state, load_key(workspace.state_dir)), Decisions(state))


def _bundle() -> Path | None:
    named = os.environ.get("KEVASYNC_CA_BUNDLE")
    return Path(named) if named else None


def salesforce_credentials(workspace: Workspace, secrets: Secrets) -> SalesforceCredentials:
    """How to sign in to the org: address from the settings, secrets from the environment or the encrypted store."""
    from kevasync.salesforce.oauth import SalesforceCredentials

    settings = workspace.settings.salesforce
    key_file = os.environ.get("KEVASYNC_SALESFORCE_JWT_KEY_FILE")
    return SalesforceCredentials(
        instance_url=settings.instance_url,
        login_url=settings.login_url,
        api_version=settings.api_version,
        access_token=secrets.get("salesforce_access_token"),
        refresh_token=secrets.get("salesforce_refresh_token"),
        client_id=secrets.get("salesforce_client_id"),
        client_secret=secrets.get("salesforce_client_secret"),
        username=secrets.get("salesforce_username"),
        jwt_key=Path(key_file) if key_file else secrets.get("salesforce_jwt_key"),
        ca_bundle=_bundle(),
    )


def environment_credentials(environment: Mapping[str, str] | None = None) -> SalesforceCredentials:
    """How to sign in before there is a workspace: from KEVASYNC_SALESFORCE_* and KEVASYNC_SALESFORCE__* alone."""
    from kevasync.salesforce.oauth import LOGIN_URL, SalesforceCredentials

    values = os.environ if environment is None else environment
    secrets = {name: values.get(f"KEVASYNC_SALESFORCE_{name.upper()}") for name in SALESFORCE_SECRETS}
    key_file = values.get("KEVASYNC_SALESFORCE_JWT_KEY_FILE")
    return SalesforceCredentials(
        instance_url=values.get("KEVASYNC_SALESFORCE__INSTANCE_URL"),
        login_url=values.get("KEVASYNC_SALESFORCE__LOGIN_URL", LOGIN_URL),
        api_version=values.get("KEVASYNC_SALESFORCE__API_VERSION", "68.0"),
        ca_bundle=_bundle(),
        access_token=secrets["access_token"],
        refresh_token=secrets["refresh_token"],
        client_id=secrets["client_id"],
        client_secret=secrets["client_secret"],
        username=secrets["username"],
        jwt_key=Path(key_file) if key_file else secrets["jwt_key"],
    )


@contextmanager
def open_salesforce(
    workspace: Workspace, secrets: Secrets, *, allow_duplicates: bool = False
) -> Iterator[SalesforceEndpoint]:
    """The org as an endpoint, signed in; renewed tokens are stored. Raises UsageError without credentials."""
    from kevasync.salesforce.endpoint import SalesforceEndpoint
    from kevasync.salesforce.session import open_session

    session = open_session(salesforce_credentials(workspace, secrets), secrets.put)
    endpoint = SalesforceEndpoint(
        session,
        describe_folder=workspace.state_dir / "describe",
        rest_threshold=workspace.settings.salesforce.rest_threshold,
        allow_duplicates=allow_duplicates,
    )
    try:
        yield endpoint
    finally:
        endpoint.close()


def describe(credentials: SalesforceCredentials, objects: tuple[str, ...]) -> dict[str, Schema]:
    """Describe objects of an org; one that may not be seen is left out, unless it is the first."""
    from kevasync.salesforce.describe import Describer
    from kevasync.salesforce.session import open_session

    with open_session(credentials) as session:
        describer = Describer(session, None)
        found = {objects[0]: describer.schema(objects[0])}
        for name in objects[1:]:
            try:
                found[name] = describer.schema(name)
            except UsageError:
                continue
        return found


def newest_export(workspace: Workspace, given: Path | None = None) -> Path | None:
    """The Keva export to read: the one given, else the newest file that fits `[keva] export`; None where neither is."""
    if given is not None:
        return given
    pattern = workspace.settings.keva.export
    if pattern is None:
        return None
    fixed = Path(pattern)
    found = [fixed] if fixed.is_absolute() else [path for path in workspace.root.glob(pattern) if path.is_file()]
    if not found:
        raise UsageError("file-not-found", f"no file below {workspace.root} fits [keva] export = {pattern!r}")
    return max(found, key=lambda path: (path.stat().st_mtime if path.exists() else 0.0, path.name))


@contextmanager
def open_keva(workspace: Workspace, secrets: Secrets, export: Path | None = None) -> Iterator[Endpoint]:
    """Keva as an endpoint, according to what there is.

    An export and an API key: read in bulk from the export, write and re-read single customers through the API. Only a
    key: the API. Only an export, or `[keva] write = "file"`: the export, and import files under exports/.
    Raises UsageError `keva-not-configured` where there is neither.
    """
    from kevasync.keva.endpoint import KevaApiEndpoint, KevaFileEndpoint

    file = newest_export(workspace, export)
    key = secrets.get("keva_api_key")
    reader = KevaFileEndpoint(file, workspace.exports_dir) if file is not None else None
    if reader is not None and (key is None or workspace.settings.keva.write == "file"):
        yield reader
        return
    client = _keva_client(workspace, key)
    try:
        api = KevaApiEndpoint(client)
        yield api if reader is None else ReadFromExport(api, reader)
    finally:
        client.close()


class ReadFromExport:
    """Keva through the API, except that whole extracts are read from an export: a thousand times as fast."""

    def __init__(self, api: Endpoint, export: Endpoint) -> None:
        self.side = api.side
        self.describe = api.describe
        self.write = api.write
        self.resume = api.resume
        self.estimate = api.estimate
        self.limits = api.limits
        self._api, self._export = api, export

    def extract(
        self, object_name: str, fields: Sequence[str], into: Path, selection: Selection, progress: Progress
    ) -> Extracted:
        """Chosen customers come from the API, as they are now; everything, or what moved, comes from the export."""
        chosen = selection.ids is not None or selection.match is not None
        return (self._api if chosen else self._export).extract(object_name, fields, into, selection, progress)


def _keva_client(workspace: Workspace, key: str | None) -> KevaClient:
    from kevasync.keva.api import KevaClient

    if key is None:
        raise UsageError("keva-not-configured", "there is no Keva API key, and kevasync.toml names no export")
    settings = workspace.settings.keva
    path = settings.customers_path
    if re.search(
        r"/api/v\d+$", settings.url
    ):  # Keva documents both https://host + /api/customers and https://host/api/v1
        path = path.removeprefix("/api")
    return KevaClient(settings.url, key, settings.workspace_id, customers_path=path, ca_bundle=_bundle())


def keva_answers(workspace: Workspace, secrets: Secrets) -> dict[str, str]:
    """Ask Keva for one page of customers: the key works, and how many there are (`?` where Keva does not tell)."""
    client = _keva_client(workspace, secrets.get("keva_api_key"))
    try:
        customers, total = next(iter(client.pages()), ([], 0))
        return {"customers": str(total if total is not None else f"{len(customers)} or more")}
    finally:
        client.close()
