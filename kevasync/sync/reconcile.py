"""Reconcile: extract, plan, guards and apply in one go, for schedulers; the exit code says how it went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from kevasync.errors import Refused
from kevasync.records import Operation
from kevasync.sync.apply import ApplyResult
from kevasync.sync.plan import Plan

__all__ = ["ReconcileResult", "reconcile"]

_WAITING = (Operation.CONFLICT, Operation.REVIEW, Operation.AMBIGUOUS)
_TYING = (Operation.CREATE, Operation.LINK, Operation.UNLINK)
_IDLE = (Operation.NO_OP, Operation.NOT_IN_KEVA)


@dataclass(frozen=True, slots=True)
class ReconcileResult:
    """The plan that was made, how its apply ended (None: nothing to write), and the refusal that stopped it, if any.

    `resumed` is the result of an earlier run that had been cut off and was finished first.
    """

    plan: Plan
    applied: ApplyResult | None
    refused: Refused | None = None
    resumed: ApplyResult | None = None

    @property
    def waiting(self) -> int:
        """Records that wait for a person."""
        return sum(self.plan.counts.get(str(operation), 0) for operation in _WAITING)

    @property
    def changes(self) -> int:
        """Records of the plan that were not settled already."""
        return sum(count for name, count in self.plan.counts.items() if name not in {*map(str, _IDLE)})

    @property
    def exit_code(self) -> int:
        """0 done, 1 the run or some rows failed, 3 refused by a guard or some records were stale."""
        if self.refused is not None:
            return self.refused.exit_code
        codes = {result.exit_code for result in (self.resumed, self.applied) if result is not None}
        return 1 if 1 in codes else max(codes, default=0)

    def detailed_exit_code(self) -> int:
        """As `exit_code`, but 4 instead of 0 where there were changes or something waits for a person."""
        return self.exit_code or (4 if self.changes else 0)

    def as_dict(self) -> dict[str, Any]:
        """The JSON form that `reconcile --json` prints."""
        applied = self.applied
        return {
            "plan": self.plan.id,
            "counts": dict(self.plan.counts),
            "run": applied.run_id if applied else None,
            "outcomes": {str(name): number for name, number in applied.counts.items()} if applied else None,
            "balanced": applied.balanced if applied else None,
            "refused": self.refused.as_dict()["error"] if self.refused else None,
            "waiting": self.waiting,
        }


def reconcile(
    extract: Callable[[], object],
    plan: Callable[[], Plan],
    apply: Callable[[Plan], ApplyResult],
    resume: Callable[[], ApplyResult | None] = lambda: None,
) -> ReconcileResult:
    """Finish what an earlier run left, read both sides, plan, and write unless a guard says no.

    The callables carry the workspace: `resume` applies the plan of a run that was cut off, if there is one; `apply`
    raises Refused where a guard fired, which is a result here, since a scheduler wants the plan's numbers with it.
    Where a resumed run is cut off again, nothing new is begun: its plan is the answer.
    """
    resumed = resume()
    extract()
    made = plan()
    if resumed is not None and resumed.status in {"interrupted", "unknown"}:
        return ReconcileResult(made, None, resumed=resumed)
    if _is_idle(made):
        return ReconcileResult(made, None, resumed=resumed)
    try:
        return ReconcileResult(made, apply(made), resumed=resumed)
    except Refused as refusal:
        return ReconcileResult(made, None, refusal, resumed)


def _is_idle(plan: Plan) -> bool:
    """Nothing to write, nothing to remember, and no guard with something to say."""
    # what waits for a person waits in the next plan too; a run of nothing but that would only fill the ledger
    tied = sum(plan.counts.get(str(operation), 0) for operation in _TYING)
    writes = tied or plan.manifest["directions"] or plan.guards
    return not writes and not pq.read_metadata(plan.file("base")).num_rows
