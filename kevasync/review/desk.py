"""The queue between a screen and the store: each press is applied once, told back, and never lost.

The browser keeps every press until it is told the outcome, sends all of them again and again, and keeps them in its
own storage for the case that the page or the server dies. The desk applies each once (its key is in the store with
the decision), refuses none for being late or out of order, and does not overwrite what the reviewer has not seen.

    {"n": 7, "have": 3, "presses": [{"key", "who", "subject", "verdict", "answer", "saw", "undoes"}], "want": [subject]}
    {"n": 7, "version": 5, "results": [[key, "saved" | "overtaken" | "refused", text]], "states": {...}, "error": null}

A key is `client:number` or `client:number:group`; presses of one group are undone together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Protocol

from kevasync.errors import KevasyncError

__all__ = ["Desk", "Outcome", "Press", "Queue", "RefusedPress", "Standing", "Step"]

KEY = re.compile(r"[A-Za-z0-9_-]{1,64}:(\d{1,9})(:[A-Za-z0-9_-]{1,32})?")
MOST_PRESSES = 20_000  # one message; more is no reviewer
LONGEST_NAME = 80
STEPS = 200


@dataclass(frozen=True, slots=True)
class Press:
    """One decision as it came from the browser. `saw` is the key or id of the last decision the reviewer knew of."""

    key: str
    who: str
    subject: str
    verdict: str
    answer: Mapping[str, Any] = field(default_factory=dict)
    saw: str | None = None
    undoes: str | None = None

    @property
    def order(self) -> tuple[str, int]:
        """Presses of one client are applied in the order in which they were made, however they arrive."""
        client, number, *_ = self.key.split(":")
        return client, int(number)


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds on one subject. `names` are the id and key of its last decision: what the next press has to have seen.

    `verdict` is None where nothing holds (never decided, or undone); `text` says the answer for people; `problems`
    are the lint's, None where nothing was looked at.
    """

    verdict: str | None
    text: str
    who: str
    at: str
    names: tuple[str, ...]
    answer: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Mapping[str, Any], ...] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The form the screen reads."""
        return {
            "verdict": self.verdict,
            "text": self.text,
            "who": self.who,
            "at": self.at,
            "saw": self.names[0] if self.names else None,
            "names": list(self.names),
            "answer": dict(self.answer),
            "problems": None if self.problems is None else list(self.problems),
        }


@dataclass(frozen=True, slots=True)
class Step:
    """A decision that an undo can take back: whose, on what, by which name, and the group it was made with."""

    who: str
    subject: str
    name: str
    group: str | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one press: `saved` (now or by an earlier message), `overtaken` by another, `refused`."""

    key: str
    status: str
    text: str = ""


class RefusedPress(ValueError):  # noqa: N818 a refusal of one press; the rest goes on
    """The press makes no sense: unknown subject, verdict or answer. The message is for the reviewer."""


class Queue(Protocol):
    """What is decided on one screen: the mapping of an object, duplicates, conflicts."""

    def record(self, who: str, presses: Sequence[Press]) -> list[Outcome]:
        """Record presses of one reviewer in one transaction; an outcome for each. Raises KevasyncError: none is."""

    def standing(self) -> tuple[Mapping[str, Standing], Sequence[Step]]:
        """What holds on each subject ever decided, and the steps that can be undone, oldest first."""

    def detail(self, subject: str) -> Mapping[str, Any]:
        """What the evidence pane shows of one subject. Raises RefusedPress for an unknown one."""


class Desk:
    """One page's view of a queue: takes messages of the browser, gives answers. Safe to be told anything twice."""

    def __init__(self, queue: Queue, actions: Mapping[str, Callable[[str], Mapping[str, Any]]] | None = None) -> None:
        self._queue = queue
        self._actions = actions or {}
        self._version = 0
        self._told: dict[str, tuple[int, dict[str, Any]]] = {}
        self._steps: Sequence[Step] = ()
        self.look()

    def look(self) -> int:
        """Read the store again; the number of subjects whose standing changed since the last look."""
        standing, self._steps = self._queue.standing()
        self._version += 1
        changed = 0
        for subject, item in standing.items():
            now = item.as_dict()
            if subject not in self._told or self._told[subject][1] != now:
                self._told[subject] = (self._version, now)
                changed += 1
        return changed

    @property
    def states(self) -> dict[str, dict[str, Any]]:
        """What holds on each subject, as the screen reads it."""
        return {subject: state for subject, (_, state) in self._told.items()}

    def steps(self, who: str) -> list[dict[str, Any]]:
        """What this reviewer can undo, oldest first; a group is one step."""
        mine = [item for item in self._steps if item.who == who]
        numbered = [(item.group or f"#{number}", item) for number, item in enumerate(mine)]
        grouped = ([item for _, item in items] for _, items in groupby(numbered, key=lambda pair: pair[0]))
        steps = [{"presses": [[item.subject, item.name] for item in items]} for items in grouped]
        return steps[-STEPS:]

    def answer(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one message; never raises for what a browser or a full disk can do."""
        reply: dict[str, Any] = {"n": message.get("n"), "results": [], "details": {}, "error": None}
        try:
            reply["results"] = [[item.key, item.status, item.text] for item in self._take(message.get("presses"))]
            self.look()
            reply["details"] = self._details(message.get("want"))
            if message.get("action"):
                reply["done"] = self._act(str(message["action"]), parse_who(message.get("who")))
        except KevasyncError as error:
            reply["error"] = {"code": error.code, "what": error.what, "next": list(error.next_steps)}
        said = message.get("have")
        have = said if isinstance(said, int) else 0
        reply["states"] = {subject: state for subject, (version, state) in self._told.items() if version > have}
        reply["version"] = self._version
        if message.get("who"):
            reply["steps"] = self.steps(str(message["who"]))
        return reply

    def _take(self, raw: Any) -> list[Outcome]:
        outcomes: list[Outcome] = []
        presses: dict[str, Press] = {}
        for item in list(raw or ())[:MOST_PRESSES]:
            try:
                press = parse_press(item)
                presses[press.key] = press
            except RefusedPress as refusal:
                key = item.get("key") if isinstance(item, Mapping) else None
                if isinstance(key, str):
                    outcomes.append(Outcome(key, "refused", str(refusal)))
        # one transaction a reviewer: what another tab left behind may carry another name
        ordered = sorted(presses.values(), key=lambda press: (press.who, press.order))
        for who, batch in groupby(ordered, key=lambda press: press.who):
            outcomes += self._queue.record(who, list(batch))
        return outcomes

    def _details(self, wanted: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for subject in wanted if isinstance(wanted, list) else ():
            try:
                found[str(subject)] = self._queue.detail(str(subject))
            except RefusedPress:
                continue
        return found

    def _act(self, name: str, who: str) -> dict[str, Any]:
        if name not in self._actions:
            return {"action": name, "ok": False, "text": f"This screen cannot {name}."}
        return {"action": name, "ok": True, **self._actions[name](who)}


def parse_press(item: Any) -> Press:
    """One press as it came. Raises RefusedPress."""
    if not isinstance(item, Mapping):
        raise RefusedPress("not a decision")
    key, who, subject, verdict = (item.get(name) for name in ("key", "who", "subject", "verdict"))
    if not (isinstance(key, str) and KEY.fullmatch(key)):
        raise RefusedPress("a decision without a proper key")
    if not (isinstance(subject, str) and isinstance(verdict, str)):
        raise RefusedPress("a decision without a subject or a verdict")
    answer = item.get("answer") or {}
    if not isinstance(answer, Mapping):
        raise RefusedPress("an answer that cannot be read")
    return Press(key, parse_who(who), subject, verdict, answer, _text(item.get("saw")), _text(item.get("undoes")))


def parse_who(who: Any) -> str:
    """The reviewer's name as it came."""
    return str(who or "").strip()[:LONGEST_NAME] or "unknown"


def group_of(key: str | None) -> str | None:
    """The group in a key, with its client: presses of a group are undone together."""
    parts = (key or "").split(":")
    return f"{parts[0]}:{parts[2]}" if len(parts) == 3 else None  # noqa: PLR2004 client, number, group


def steps_of(decisions: Iterable[tuple[str, str, str, str | None]]) -> list[Step]:
    """Steps from (who, subject, id, key) of the decisions that stand and are no undo, oldest first."""
    return [Step(who, subject, key or name, group_of(key)) for who, subject, name, key in decisions]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
