"""`kevasync link`: a person says that a customer is a Contact, or that it is not; both hold for every later plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from kevasync.cli.context import Context
from kevasync.cli.exits import ExitCode
from kevasync.errors import RunError, UsageError

if TYPE_CHECKING:
    from kevasync.cli.sides import Kept
    from kevasync.dedupe.decisions import DuplicateDecisions
    from kevasync.mapping.definition import ObjectMapping
    from kevasync.store.decisions import Decision

__all__ = ["link"]


def link(
    ctx: typer.Context,
    keva_id: Annotated[str, typer.Argument(metavar="KEVA_ID", help="The customer.")],
    sf_id: Annotated[str, typer.Argument(metavar="SF_ID", help="The Contact: its id, 15 or 18 characters.")],
    reject: Annotated[
        bool, typer.Option("--reject", help="They are not the same: never link them, and unlink them if they are.")
    ] = False,
    object_name: Annotated[str, typer.Option("--object", help="The mapping's object.")] = "contact",
) -> int:
    """Link a customer and a Contact by hand, or say that they are not the same. The next plan follows.

    Nothing is written to either side: the next plan compares the two as any linked pair.
    """
    from kevasync.cli.dedupe_workspace import mapped_object
    from kevasync.cli.sides import open_kept
    from kevasync.dedupe.decisions import DuplicateDecisions

    at = Context.of(ctx)
    mapping = mapped_object(at.workspace, object_name)
    with at.workspace.lock("link"), open_kept(at.workspace) as kept:
        sf_id = _known(kept, mapping, keva_id, sf_id, reject=reject)
        decisions = DuplicateDecisions(kept.decisions)
        if reject:
            unlinked = _reject(kept, decisions, mapping.name, keva_id, sf_id)
            what = "unlinked, and never linked again" if unlinked else "never linked"
        else:
            _link(kept, decisions, mapping.name, keva_id, sf_id)
            what = "linked"
    document = {"keva_id": keva_id, "sf_id": sf_id, "linked": not reject}
    at.out(document, lambda screen: screen.line(f"{keva_id} and {sf_id}: {what}. To compare them: kevasync plan"))
    return ExitCode.DONE


def _known(kept: Kept, mapping: ObjectMapping, keva_id: str, sf_id: str, *, reject: bool) -> str:
    """The Contact's full id, once both were seen. Raises UsageError `link-unknown`, RunError `snapshot-missing`.

    A link that is there can be rejected also where one of its records is gone: else nobody could dissolve it.
    """
    from kevasync.cli.seen import absent, full_name

    full = full_name(sf_id)
    if reject and any(item.active for item in kept.stores.links.find(mapping.name, keva_id=keva_id, sf_id=full)):
        return full
    gone = absent(kept, mapping, _names(keva_id, full))
    if gone:
        raise UsageError("link-unknown", "; ".join(gone.values()))
    return full


def _link(kept: Kept, decisions: DuplicateDecisions, name: str, keva_id: str, sf_id: str) -> None:
    """Save the link; a rejection of just this pair is taken back, as the newest word counts.

    Raises UsageError `link-rejected`, `link-taken`.
    """
    from kevasync.records import KevaId, Link, SalesforceId

    ids = _names(keva_id, sf_id)
    apart = [held for held in decisions.holding().values() if _tells_apart(held, ids)]
    others = [held for held in apart if len(held.detail["ids"]) > len(ids)]
    if others:
        raise UsageError(
            "link-rejected", f"{others[0].who} said of a group with {keva_id} and {sf_id} that these are not the same"
        )
    try:
        kept.stores.links.save(name, [Link(KevaId(keva_id), SalesforceId(sf_id), "by hand", active=True)], None)
    except RunError as error:
        if error.code != "link-taken":
            raise
        raise UsageError(error.code, error.what) from error  # here a person gave the ids
    for held in apart:
        _decide(kept, decisions, ids, "undo", held)


def _reject(kept: Kept, decisions: DuplicateDecisions, name: str, keva_id: str, sf_id: str) -> bool:
    """Record it and dissolve the link, if there is one; answers whether there was."""
    ids = _names(keva_id, sf_id)
    if not any(_tells_apart(held, ids) for held in decisions.holding().values()):
        _decide(kept, decisions, ids, "different", None)
    return bool(kept.stores.links.unlink(name, [(keva_id, sf_id)], None, how="not the same, by hand"))


def _names(keva_id: str, sf_id: str) -> tuple[str, str]:
    from kevasync.dedupe.sides import PREFIX

    return f"{PREFIX}{keva_id}", sf_id


def _tells_apart(held: Decision, ids: tuple[str, str]) -> bool:
    return held.detail["verdict"] == "different" and set(ids) <= set(held.detail["ids"])


def _decide(
    kept: Kept, decisions: DuplicateDecisions, ids: tuple[str, str], verdict: str, undone: Decision | None
) -> None:
    import uuid_utils

    from kevasync.dedupe.decisions import WHAT, DuplicateDecision, Verdict, subject_of
    from kevasync.store.decisions import current_user

    before = [item for item in kept.decisions.list(what=WHAT) if item.subject == subject_of(ids)]
    seen = before[-1].id if before else None
    wanted = DuplicateDecision(
        ids, Verdict(verdict), str(uuid_utils.uuid7()), seen=seen, undoes=undone.id if undone else None
    )
    decisions.record(current_user(), [wanted])
