"""Which transformations and which direction a column needs for its target, told by values, types and names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from kevasync.automap.fields import SourceField, TargetField, ValueProfile
from kevasync.automap.picklists import match_values
from kevasync.automap.words import polarity, tokens
from kevasync.mapping.definition import Transform
from kevasync.mapping.known import KEVA_FIELDS
from kevasync.records import Direction
from kevasync.values.kinds import FALSE_WORDS, TRUE_WORDS

__all__ = ["Advice", "advise", "direction_without_target", "is_full_name", "is_location"]

_MOSTLY = 0.5
_FULL_NAMES = frozenset(
    {
        "name",
        "fullname",
        "displayname",
        "contactname",
        "customername",
        "personname",
        "clientname",
        "vollständigername",
        "ansprechpartner",
        "nomcomplet",
        "nombrecompleto",
        "nomecompleto",
        "volledigenaam",
        "naam",
        "nombre",
        "nome",
    }
)
_LOCATIONS = frozenset({"location", "standort", "citystate", "ubicación", "localisation", "locatie", "località"})
_NO_VALUE = frozenset({"n/a", "na", "-", "--", "none", "null", "nil", "unknown", "?", "(none)", "not set", "#n/a"})
_TRUE = frozenset({"ja", "j", "oui", "o", "si", "sí", "s", "sim", "wahr", "vrai", "x", "checked"})
_FALSE = frozenset({"nein", "non", "no", "nee", "não", "n", "falsch", "faux", "unchecked"})
_NUMBERS = frozenset({"int", "long", "double", "currency", "percent"})
_COMPUTED = frozenset({"count", "counts", "total", "totals", "score", "avg", "average", "sum", "updated", "created"})
_REQUIRED = frozenset({("Contact", "LastName"), ("Lead", "LastName"), ("Lead", "Company")})
_PLACEHOLDER = "[not provided]"
_DATE_FORMATS = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%y", "%d/%m/%y",
    "%m/%d/%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%B %d, %Y", "%b %d, %Y", "%d %B %Y",
)  # fmt: skip
_TIME_FORMATS = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p")
_MONTH_FIRST = frozenset({"US"})


@dataclass(slots=True)
class Advice:
    """What one column needs: steps in order, the direction, the picklist values, and what to look at."""

    direction: Direction
    steps: list[Transform] = field(default_factory=list)
    values: dict[str, str | None] = field(default_factory=dict)
    value_confidence: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, **arguments: object) -> None:
        """One more step."""
        self.steps.append(Transform(name, arguments))  # type: ignore[arg-type]


def is_full_name(source: SourceField) -> bool:
    """Whether a column holds whole names of people, by its values, else by its name."""
    shares = source.profile.shares if source.profile is not None and source.profile.filled else None
    if shares is not None:
        return shares.get("person_name", 0) >= _MOSTLY and shares.get("last_name", 0) < _MOSTLY
    return any("".join(tokens(name)) in _FULL_NAMES for name in (source.name, source.label) if name)


def direction_without_target(source: SourceField) -> Direction:
    """The direction of a column that gets a field of its own: what Keva counts goes one way."""
    known = KEVA_FIELDS.get(source.name)
    words = set(tokens(source.name))
    is_id = words & {"id", "uuid", "guid", "key"} and known is None
    computed = known.computed if known is not None else bool(words & _COMPUTED or is_id)
    return Direction.TO_CRM if computed else Direction.BIDIRECTIONAL


def advise(source: SourceField, target: TargetField, object_name: str, *, several: bool, region: str | None) -> Advice:
    """What `source` needs to go to `target` of this object; `several`: a whole name into FirstName and LastName.

    `region` is the country of telephone numbers and of dates, where the user named one.
    """
    known = KEVA_FIELDS.get(source.name)
    advice = Advice(Direction.BIDIRECTIONAL)
    profile = source.profile if source.profile is not None and source.profile.filled else None
    looked_up = target.type.casefold() == "reference" and not _holds_ids(source, profile)
    if object_name == "Account" or not target.writable or looked_up:
        advice.direction = Direction.FROM_CRM
        if known is not None and known.computed:
            advice.notes.append("Keva computes it, so what Salesforce has cannot be written back: nothing to map")
        elif looked_up:
            advice.notes.append(f"{target.name} is a look-up: the name of its record can be read, not written")
        return advice  # what is only read needs no steps on the way to Salesforce
    if known is not None and known.computed:
        advice.direction = Direction.TO_CRM
    if profile is not None:
        _no_values(profile, target, advice)
    _by_type(source, profile, target, advice, region)
    _default(object_name, profile, target, advice)
    if several:
        advice.add("split_name")
    elif profile is not None:
        _length(profile, target, advice)
    return advice


def _holds_ids(source: SourceField, profile: ValueProfile | None) -> bool:
    if profile is not None:
        return profile.shares.get("id_prefix", 0) >= _MOSTLY
    return "id" in tokens(source.name)


def _no_values(profile: ValueProfile, target: TargetField, advice: Advice) -> None:
    found = tuple(text for text in (profile.distinct or profile.samples) if text.casefold() in _NO_VALUE)
    inside = {option.casefold() for option in target.picklist}
    words = tuple(text for text in found if text.casefold() not in inside)
    if words:
        advice.add("null_if", values=words)


def _by_type(
    source: SourceField, profile: ValueProfile | None, target: TargetField, advice: Advice, region: str | None
) -> None:
    kind = target.type.casefold()
    if kind == "phone":
        advice.add("e164", **({"region": region} if region else {}))
    elif kind == "boolean":
        _boolean(source, profile, target, advice)
    elif kind in {"picklist", "combobox"} and profile is not None:
        _picklist(profile, target, advice)
    elif kind == "multipicklist" and profile is not None:
        if any("," in text and ";" not in text for text in profile.samples):
            advice.add("split", separator=",")
    elif kind in {"date", "datetime"} and profile is not None:
        _date(profile, kind, advice, region)
    elif kind in _NUMBERS and profile is not None:
        _number(profile, kind, advice)
    elif target.name.endswith("City") and is_location(source):
        advice.add("city_from_location")
        advice.direction = Direction.TO_CRM
        advice.notes.append("holds city and state; the field takes the city, so it goes one way")


def is_location(source: SourceField) -> bool:
    """Whether a column holds "City, State", by its values, else by its name."""
    profile = source.profile
    if profile is not None and profile.filled:
        return profile.shares.get("place_list", 0) >= _MOSTLY
    return any("".join(tokens(name)) in _LOCATIONS for name in (source.name, source.label) if name)


def _boolean(source: SourceField, profile: ValueProfile | None, target: TargetField, advice: Advice) -> None:
    words = [] if profile is None else [text.casefold() for text in profile.distinct]
    if words and not all(word in TRUE_WORDS | FALSE_WORDS for word in words):
        yes = [word for word in words if word in _TRUE | TRUE_WORDS]
        no = [word for word in words if word in _FALSE | FALSE_WORDS and word not in yes]
        if yes and len(yes) + len(no) == len(words):
            advice.add("boolean", true=";".join(yes), false=";".join(no or ["no"]))
        else:
            advice.notes.append("not all values are a yes or a no")
    if polarity(source.label if source.label and "_" not in source.name else source.name) != polarity(target.name):
        advice.add("invert")
        advice.notes.append(f"says the opposite of {target.label}, so yes becomes no")
    if profile is not None and profile.filled < profile.rows:
        advice.add("default", value=False)


def _picklist(profile: ValueProfile, target: TargetField, advice: Advice) -> None:
    meaning = [text for text in profile.distinct if text.casefold() not in _NO_VALUE]
    if not meaning or not target.picklist:
        return
    matches = match_values(meaning, target.picklist)
    advice.values = {match.value: match.option for match in matches}
    advice.value_confidence = {match.value: round(match.confidence, 4) for match in matches}
    table = {match.value: match.option for match in matches if match.option not in {None, match.value}}
    if table:
        advice.add("map_values", table=table)
    unknown = [match.value for match in matches if match.option is None]
    if unknown:
        where = "refused by the restricted picklist" if target.restricted else "new to the picklist"
        advice.notes.append(f"{len(unknown)} values fit none of {target.name}'s and would be {where}")
    targets = [match.option for match in matches if match.option is not None]
    if len(set(targets)) < len(targets):
        advice.direction = Direction.TO_CRM
        advice.notes.append("several values become one, so it goes one way")


def _date(profile: ValueProfile, kind: str, advice: Advice, region: str | None) -> None:
    share = profile.shares.get("date", 0) + profile.shares.get("datetime", 0)
    texts = [text for text in profile.samples if text.casefold() not in _NO_VALUE]
    if share < _MOSTLY or not texts or all(_is_iso(text) for text in texts):
        return
    dates, times = (
        _DATE_FORMATS,
        [f"{one}{gap}{time}" for one in _DATE_FORMATS for gap in " T" for time in _TIME_FORMATS],
    )
    name = "date"
    formats = [form for form in dates if all(_fits(text, form) for text in texts)]
    if not formats:
        name, formats = "datetime", [form for form in times if all(_fits(text, form) for text in texts)]
    if not formats:
        advice.notes.append("dates are written in more than one way")
        return
    month_first = [form for form in formats if form.startswith("%m")]
    chosen = month_first[0] if month_first and (region in _MONTH_FIRST or len(formats) == 1) else formats[0]
    if len({form.replace("%y", "%Y") for form in formats}) > 1:
        advice.notes.append(f"the values do not tell {' from '.join(formats[:2])}; look at the dates")
    if name == "datetime" and kind == "date":
        advice.notes.append("the time of day is left out")
    advice.add(name, format=chosen)


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return text[4:5] == "-"


def _fits(text: str, pattern: str) -> bool:
    try:
        datetime.strptime(text, pattern)  # noqa: DTZ007 only whether it parses
    except ValueError:
        return False
    return True


def _number(profile: ValueProfile, kind: str, advice: Advice) -> None:
    shares = profile.shares
    if shares.get("number", 0) < _MOSTLY:
        return
    if shares.get("money", 0) > 0 or shares.get("percent", 0) > 0:
        advice.add("regex_replace", pattern="[^0-9.,+-]", replacement="")
        advice.direction = Direction.TO_CRM
        advice.notes.append("signs of currency or per cent are taken off, so it goes one way")
    comma = [text for text in profile.samples if _decimal_comma(text)]
    grouped = any("," in text or " " in text or "'" in text for text in profile.samples)
    whole = {"decimals": 0} if kind in {"int", "long"} and shares.get("decimal", 0) > 0 else {}
    if comma:
        advice.add("number", decimal=",", **whole)
    elif grouped or whole:
        advice.add("number", **whole)


def _decimal_comma(text: str) -> bool:
    """12,5 and 1.234,50 have one; 1,234 and 1,234.50 do not."""
    head, comma, tail = text.rpartition(",")
    digits = "".join(letter for letter in tail if letter.isdigit())
    return bool(comma) and "." not in tail and (len(digits) != 3 or "." in head)  # noqa: PLR2004 a group


def _default(object_name: str, profile: ValueProfile | None, target: TargetField, advice: Advice) -> None:
    required = (object_name, target.name) in _REQUIRED
    nulls = any(step.name == "null_if" for step in advice.steps)
    if required and profile is not None and (profile.filled < profile.rows or nulls):
        advice.add("default", value=_PLACEHOLDER)
        advice.notes.append(f"{target.name} is required and some values are empty")


def _length(profile: ValueProfile, target: TargetField, advice: Advice) -> None:
    text = target.type.casefold() in {"string", "textarea", "url", "encryptedstring"}
    cut = any(step.name == "city_from_location" for step in advice.steps)
    if text and not cut and 0 < target.length < profile.longest:
        advice.add("truncate", length=target.length)
        advice.notes.append(f"the longest value has {profile.longest} characters, the field holds {target.length}")
