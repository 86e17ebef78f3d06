"""What the accounts screen shows: a row a company, and the Accounts it may be with the evidence in bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kevasync.dedupe.accounts import Candidate, Question
from kevasync.review.account_session import name_of

__all__ = ["ACCOUNT_WORDS", "detail", "options", "row"]

SUREST = 0.9999  # nothing is certain, so no bar says 100 %

ACCOUNT_WORDS: Mapping[str, Any] = {
    "item": "company",
    "items": "companies",
    "numbers": "alternatives",
    "open": "To decide",
    "verbs": [
        {"key": "a", "verdict": "accept", "label": "Accept", "past": "Accepted", "tone": "good", "sign": "✓"},
        {
            "key": "r",
            "verdict": "reject",
            "label": "None of these",
            "past": "None of these",
            "tone": "bad",
            "sign": "✕",
            "help": "these Accounts are not offered again",
        },
        {"key": "s", "verdict": "skip", "label": "Skip", "past": "Skipped", "tone": "skip", "sign": "…"},
    ],
    "change": {
        "key": "c",
        "verdict": "change",
        "label": "Another",
        "past": "Another",
        "tone": "changed",
        "sign": "✎",
        "search": "Accounts by name or id",
        "searched": "Accounts",
        "none": "it is left without an Account",
        "single": True,
    },
}
"""The words, keys and signs of the accounts screen."""


def row(question: Question) -> dict[str, Any]:
    """One line of the list."""
    return {
        "id": name_of(question),
        "title": question.company or question.domain or "no company",
        "subtitle": _customers(question) + (f" @{question.domain}" if question.domain else ""),
        "more": " ".join(question.samples),
        "size": question.customers,
        "alternatives": [
            {
                "targets": [item.id],
                "text": item.name,
                "label": " · ".join(filter(None, (item.website, item.id))),
                "confidence": min(round(item.confidence, 4), SUREST),
            }
            for item in question.candidates
        ],
        "problems": [],
    }


def detail(question: Question) -> dict[str, Any]:
    """The pane of one company: who asks, and for each Account its evidence and what is known of it."""
    return {
        "facts": [],
        "barsTitle": "Evidence, in bits",
        "unit": "bits",
        "waterfall": True,
        "source": {
            "title": question.company or "no company",
            "type": f"@{question.domain}" if question.domain else "",
            "values": list(question.samples),
            "facts": [_customers(question)],
        },
        "alternatives": [
            {
                "bars": [
                    {"text": "any Account", "weight": round(item.start_bits, 2)},
                    {"text": "name", "weight": round(item.name_bits, 2)},
                    {"text": "e-mail domain", "weight": round(item.domain_bits, 2)},
                ],
                "values": [_account(item)],
                "problems": [],
            }
            for item in question.candidates
        ],
    }


def _account(item: Candidate) -> dict[str, Any]:
    above = f"below {item.parent}" if item.parent else ""
    return {
        "title": item.name,
        "type": item.id,
        "values": [value for value in (item.website, above) if value],
        "facts": [item.evidence] if item.evidence else [],
    }


def _customers(question: Question) -> str:
    return "1 customer" if question.customers == 1 else f"{question.customers:,} customers"


def options(accounts: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the search for another Account offers."""
    named = sorted(accounts.items(), key=lambda item: (item[1].casefold(), item[0]))
    return [{"id": one, "text": name, "label": one, "type": "", "writable": True} for one, name in named]
