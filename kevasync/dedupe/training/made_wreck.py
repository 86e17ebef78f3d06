"""Make tables with known duplicates whose copies are heavily damaged, to stress duplicate detection."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from random import Random

from kevasync.dedupe.training import words_wreck as words
from kevasync.dedupe.training.damage_wreck import HARD, SOFT, WRITING, Damage, pick
from kevasync.dedupe.training.people_wreck import Entity, Plan, Style, plan_for, population

__all__ = ["make", "plan_for"]

Record = dict[str, str | None]
_Menu = tuple[Sequence[Damage], list[float]]

_KINDS = {
    "first_name": "given", "email": "email", "phone": "phone", "dob": "date", "postcode": "code", "identifier": "code",
    "street": "street", "company": "firm", "website": "site",
}  # fmt: skip
_BLANKS = {"email": "email", "phone": "phone", "dob": "date", "postcode": "code", "identifier": "code"}
# Columns that together convince a careful reader; a layout uses those whose columns it has.
_PROOFS: tuple[tuple[str, ...], ...] = (
    ("first_name", "phone"), ("last_name", "phone"), ("first_name", "email"), ("last_name", "email"), ("email", "phone"),
    ("first_name", "last_name", "company"), ("first_name", "last_name", "title", "city"), ("first_name", "last_name", "street"),
    ("first_name", "last_name", "dob"), ("first_name", "dob", "postcode"), ("last_name", "dob", "city"), ("last_name", "dob", "phone"),
    ("first_name", "identifier"), ("dob", "identifier"), ("first_name", "last_name", "postcode"), ("dob", "email"),
    ("name", "phone"), ("name", "email"), ("name", "company"), ("company", "street"), ("company", "phone"), ("website", "phone"),
    ("website", "street"), ("street", "phone"), ("company", "city", "postcode"),
)  # fmt: skip


# What clerks put into each other's columns.
_SWAPS = (
    ("first_name", "last_name"), ("email", "phone"), ("company", "title"), ("city", "state"), ("street", "city"), ("postcode", "city"),
    ("state", "country"), ("company", "website"), ("dob", "phone"), ("identifier", "postcode"), ("last_name", "company"), ("name", "company"), ("dob", "postcode"),
)  # fmt: skip


def _styled(column: str, value: str, style: Style, entity: Entity) -> str:
    """Write an undamaged value the way its source does; this is no damage."""
    if column == "phone" and style.phone:
        lead, area, rest = value.split(" ", 2)
        return (
            f"({area}) {rest}",
            f"{area}{rest}".replace(" ", "").replace("-", ""),
            f"{lead}{area}{rest}".replace(" ", "").replace("-", ""),
        )[style.phone - 1]
    if column == "dob" and style.date:
        year, month, day = value.split("-")
        return (f"{day}/{month}/{year}", f"{month}/{day}/{year}", f"{day}.{month}.{year}")[style.date - 1]
    if column == "country" and style.iso:
        return entity.land.iso
    if column == "name" and style.last_first:
        last, first = entity.row["last_name"], entity.row["first_name"]
        value = f"{last}, {first}" if style.last_first == 1 else f"{last.upper()} {first}"
    if style.case and column not in ("email", "website"):
        return (
            value.upper() if style.case == 1 else value.lower() if column not in ("postcode", "identifier") else value
        )
    return value


def _settle(entity: Entity, plan: Plan, rng: Random) -> None:
    """Choose what will prove the entity's identity and what nobody knows about it."""
    usable = [proof for proof in _PROOFS if all(column in plan.columns for column in proof)]
    telling = [proof for proof in usable if not entity.shared.issuperset(proof)] or usable
    # Where a look-alike shares a column, the columns that differ must be in the proof.
    safe = [proof for proof in telling if entity.shared.isdisjoint(proof)]
    main = pick(safe or telling, rng)
    entity.proofs = (main, pick(telling, rng))
    entity.absent = frozenset(
        column for column, rate in plan.missing.items() if column not in main and rng.random() < rate
    )


class _Damager:
    """Damages of one table: each table has its own favourite kinds of damage."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._menus = {
            (kind, hard): (menu, self._weights(menu))
            for hard, menus in ((False, SOFT), (True, HARD))
            for kind, menu in menus.items()
        }
        self._short: _Menu = (WRITING, self._weights(WRITING))

    def _weights(self, menu: Sequence[Damage]) -> list[float]:
        return list(accumulate(0.1 + self._rng.random() ** 2 for _ in menu))

    def damage(self, value: str, kind: str, *, hard: bool) -> str:
        """Return the value with one damage, which may destroy it if hard."""
        # Two or three letters with a wrong one tell nothing, so they only change their writing.
        short = not hard and len(value) < 4 and kind in ("text", "given")
        menu, weights = self._short if short else self._menus[kind, hard]
        for _ in range(3):
            if not value:
                break
            changed = self._rng.choices(menu, cum_weights=weights)[0](value, self._rng)
            if changed != value:
                return changed
        return value


class _Clerk:
    """Writes the records of one table, the copies with damage."""

    def __init__(self, plan: Plan, entities: list[Entity], rng: Random) -> None:
        self._plan, self._entities, self._rng = plan, entities, rng
        self._damager = _Damager(rng)
        self._sources = list(plan.styles)

    def original(self, entity: Entity) -> Record:
        """The first record: clean, or with a slip or two in the rougher tables."""
        sloppy = self._rng.random() < self._plan.level.low * 0.5
        return self._written(
            entity, set(self._rng.sample(self._plan.columns, 1)) if sloppy else set(), set(self._plan.columns)
        )

    def copy(self, entity: Entity) -> Record:
        """A damaged copy; all but a few keep what proves the entity's identity."""
        rng, level = self._rng, self._plan.level
        present = [column for column in self._plan.columns if column not in entity.absent]
        share = level.low + (level.high - level.low) * rng.random()
        hit = set(rng.sample(present, min(len(present), int(share * len(present) + rng.random()))))
        keep: set[str] = set()
        if rng.random() < level.proof:
            keep.update(entity.proofs[0])
        if rng.random() < 0.5:
            keep.update(entity.proofs[1])
        record = self._written(entity, hit, keep)
        if rng.random() < level.swap:
            self._misplaced(record)
        return record

    def _written(self, entity: Entity, hit: set[str], keep: set[str]) -> Record:
        source = pick(self._sources, self._rng, 1.5)
        style, record = self._plan.styles[source], Record(source=source)
        for column in self._plan.columns:
            if column in entity.absent:
                # Now and then another source does know the value.
                known = self._rng.random() < 0.08
                record[column] = _styled(column, entity.row[column], style, entity) if known else None
            elif column in hit:
                record[column] = self._wrecked(entity, column, protect=column in keep)
            else:
                record[column] = _styled(column, entity.row[column], style, entity)
        return record

    def _wrecked(self, entity: Entity, column: str, *, protect: bool) -> str | None:
        rng, level = self._rng, self._plan.level
        hard = not protect and rng.random() < level.hard
        value = entity.row[column]
        if hard:
            chance = rng.random()
            if chance < level.blank:
                return (
                    None if chance < 0.6 * level.blank else pick(words.PLACEHOLDERS[_BLANKS.get(column, "text")], rng)
                )
            if chance > 0.95:
                return pick(self._entities, rng).row[column]
        kind = _KINDS.get(column, "text")
        value = self._damager.damage(value, kind, hard=hard)
        while rng.random() < level.more:
            value = self._damager.damage(value, kind, hard=False)
            if protect:
                # Two damages still let a careful reader see the value; more need not.
                break
        return value

    def _misplaced(self, record: Record) -> None:
        """Swap two columns, or write the whole name into one of them."""
        pairs = [pair for pair in _SWAPS if all(record.get(column) for column in pair)]
        if not pairs:
            return
        one, two = pick(pairs, self._rng, 1.3)
        if (one, two) == ("first_name", "last_name") and self._rng.random() < 0.4:
            record[pick((one, two), self._rng)], joined = None, f"{record[one]} {record[two]}"
            record[one if record[one] is not None else two] = joined
            return
        record[one], record[two] = record[two], record[one]


def make(persons: int, seed: int) -> list[Record]:
    """Make one table.

    Args:
        persons: Number of true entities.
        seed: Decides the layout, the difficulty and every value.

    Returns:
        Records in random order with `record_id`, the true `cluster`, `source` and the data columns.
    """
    plan = plan_for(seed)
    rng = Random(seed * 7919 + 5)
    entities = population(persons, plan, rng)
    for entity in entities:
        _settle(entity, plan, rng)
    clerk = _Clerk(plan, entities, rng)
    counts, records = range(len(plan.copies)), list[Record]()
    for number, entity in enumerate(entities):
        copies = rng.choices(counts, weights=plan.copies)[0]
        for record in (clerk.original(entity), *(clerk.copy(entity) for _ in range(copies))):
            records.append({"record_id": "", "cluster": f"e{number}", **record})
    rng.shuffle(records)
    for number, record in enumerate(records):
        record["record_id"] = f"r{number:06}"
    return records
