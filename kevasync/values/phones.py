"""Telephone numbers as E.164 with their extension."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

__all__ = ["NATIONAL_NORTH_AMERICAN", "NORTH_AMERICA", "PLAIN_NORTH_AMERICAN", "phone", "phone_for_people"]

NORTH_AMERICA = frozenset(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1])
"""Regions that share country code 1, where ten digits are a number and need no table."""

# What nearly all numbers look like; the SQL uses the same expression. Nothing here but digits and punctuation.
NATIONAL_NORTH_AMERICAN = r"[ .-]?\(?[2-9][0-9]{2}\)?[ .-]{0,2}[0-9]{3}[ .-]?[0-9]{4}"
PLAIN_NORTH_AMERICAN = r"(?:\+1|1)?" + NATIONAL_NORTH_AMERICAN
_PLAIN = re.compile(PLAIN_NORTH_AMERICAN)
_NOT_DIGIT = re.compile(r"[^0-9]")
# the wide forms of + ( 0-9 that Japanese keyboards type count too
_STARTS_LIKE_A_NUMBER = re.compile("(?:tel:)?\\s*[+\uff0b(\uff08\\[]{0,2}[0-9\uff10-\uff19]", re.IGNORECASE)
_LONGEST = 60


def phone(text: str, region: str) -> str | None:
    """E.164, with `;ext=` where there is an extension; None for what is not one telephone number.

    A leading `00` is read as `+`. A number counts when its length is right for its country: made-up numbers and new
    ranges compare equal too, whatever their punctuation.
    """
    region = region.upper()
    if (region in NORTH_AMERICA or text.startswith("+1")) and _PLAIN.fullmatch(text):
        return "+1" + _NOT_DIGIT.sub("", text)[-10:]
    if len(text) > _LONGEST or not _STARTS_LIKE_A_NUMBER.match(text):
        return None
    return _parsed(text, region)


@lru_cache(maxsize=100_000)
def _parsed(text: str, region: str) -> str | None:
    international = text.removeprefix("(").lstrip()
    if international.startswith("00"):
        text = "+" + international[2:]
    number = _number(text, region)
    if number is None:
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if _starts_with_prefix(number):
        # numbers such as +49 000000 lose a zero each time they are read: they would never be equal to themselves
        again = _number(e164, region)
        if again is None or phonenumbers.format_number(again, PhoneNumberFormat.E164) != e164:
            return None
    return f"{e164};ext={number.extension}" if number.extension else e164


def _starts_with_prefix(number: PhoneNumber) -> bool:
    """True where the number begins with what its country dials before numbers, which parsing would take off again."""
    country = number.country_code or 0
    main = phonenumbers.region_code_for_country_code(country)
    known = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(country, main)
    prefix = known.national_prefix_for_parsing if known is not None else None
    if not prefix:
        return False
    return re.match(prefix, phonenumbers.national_significant_number(number)) is not None


def _number(text: str, region: str) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number)
    return number if possible == ValidationResult.IS_POSSIBLE else None


def phone_for_people(canonical: str) -> str:
    """A canonical number as it is written into a record: `+14155550100 x12`. It parses back to the same number."""
    return canonical.replace(";ext=", " x")
