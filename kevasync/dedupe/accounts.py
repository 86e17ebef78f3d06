"""Which Account a customer's company is: candidates with confidence and evidence, from free text and e-mail domain.

Deciding only: nothing is written to either side. What each piece of evidence is worth stands in accounts.sql.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from kevasync.dedupe.canonical import make_records
from kevasync.dedupe.columns import Columns
from kevasync.dedupe.reading import read
from kevasync.errors import UsageError
from kevasync.store.steps import read_steps
from kevasync.values import quote_identifier

__all__ = [
    "SCHEMA",
    "THRESHOLD",
    "AccountSearch",
    "Candidate",
    "Found",
    "Question",
    "account_names",
    "find_accounts",
    "questions",
]

THRESHOLD = 0.9
"""From this confidence on a customer is linked, if the evidence is of the right kinds."""
BLOCK = 200
"""A name, domain or word that more Accounts have brings none of them; how many such there are is told."""
COMPANY = "company"
"""The customers' column with the company, unless another is named."""
SHOWN = 0.05
"""Less likely candidates are not worth a look."""

SCHEMA = (
    *("keva_id", "company", "email", "place", "account_id", "account_name", "parent_id"),
    *("confidence", "decision", "evidence"),
)
"""Columns of an answer: one row a candidate, `place` from 1; a customer without any has one row, decision `none`."""


@dataclass(frozen=True, slots=True)
class AccountSearch:
    """Names of views on the connection, in the form endpoint.py gives, and which columns of them to look at.

    `contacts` (with AccountId) and `links` (keva_id, sf_id, perhaps active) say which Account is known already.
    `decided` are (keva_id, account_id, whether it is the one) as a person said; they come before everything else.
    `answered` are the same of a company (`Question.key`): they hold for all its customers, also those who come later,
    but not over what was said of one customer, nor over the Account of a customer's linked Contact.
    """

    customers: str
    accounts: str
    contacts: str | None = None
    links: str | None = None
    decided: Sequence[tuple[str, str, bool]] = ()
    answered: Sequence[tuple[str, str, bool]] = ()
    company: str = COMPANY
    threshold: float = THRESHOLD


@dataclass(frozen=True, slots=True)
class Found:
    """The answers (SCHEMA), customers by decision, and keys left out as too common: rule -> (keys, most Accounts)."""

    table: pa.Table
    counts: Mapping[str, int]
    capped: Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An Account that a company may be. The bits add up to its weight against "none of them"."""

    id: str
    name: str
    parent: str | None
    website: str | None
    confidence: float
    evidence: str
    start_bits: float
    name_bits: float
    domain_bits: float


@dataclass(frozen=True, slots=True)
class Question:
    """What colleagues ask together: the same company's name and e-mail domain, so the same candidates.

    `company` is one spelling of it and `samples` are some of its customers, for people. `waits`: for a person.
    """

    key: str
    company: str | None
    domain: str | None
    customers: int
    samples: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    waits: bool


def find_accounts(con: duckdb.DuckDBPyConnection, search: AccountSearch) -> Found:
    """Answer for every live customer. Leaves temporary tables on the connection; a second call replaces them.

    Raises UsageError `accounts-no-name` where the Accounts have no Name, `accounts-nothing-to-ask` where the customers
    have neither the company's column nor an e-mail, `accounts-no-company` where they lack the column that was asked
    for by another name than the usual one, `dedupe-id` where ids repeat.
    """
    _tables(con, search)
    ours = (("id", ("id",)), ("source", ("source",)), ("email", ("email",)), ("company", ("company",)))
    read(con, "account_question", Columns(ours))
    make_records(con)
    con.execute("drop table dd_in")
    con.execute(
        "create or replace temp table limits as"
        " select $1::bigint as block, $2::double as shown, $3::double as threshold",
        [BLOCK, SHOWN, search.threshold],
    )
    for _, statement in read_steps("accounts.sql", "kevasync.dedupe"):
        con.execute(statement).fetchall()
    counts = con.execute(
        "select decision, count(*) from account_answers where place = 1 group by decision order by decision"
    ).fetchall()
    capped = con.execute("select rule, keys, largest from capped order by rule").fetchall()
    table = con.sql(
        """select keva_id[6:] as keva_id, asked.company, asked.email, place::integer as place, answers.account_id,
            account.name as account_name, account.parent_id, confidence, decision, evidence
        from account_answers as answers
        join account_question as asked on asked.id = answers.keva_id and asked.source = 'keva'
        left join account on account.account_id = answers.account_id
        order by keva_id, place"""
    ).to_arrow_table()
    by_decision = dict.fromkeys(("link", "review", "none"), 0) | {str(name): int(count) for name, count in counts}
    return Found(table, by_decision, {str(rule): (int(keys), int(most)) for rule, keys, most in capped})


def questions(con: duckdb.DuckDBPyConnection) -> list[Question]:
    """The companies that have candidates, those of most customers first; after `find_accounts` on this connection.

    Customers of one company that were told different things, or whose Account is known, ask nothing here.
    """
    ((_, statement),) = read_steps("account_questions.sql", "kevasync.dedupe")
    rows = con.execute(statement).fetchall()
    made: dict[str, Question] = {}
    for key, company, domain, customers, samples, waits, *candidate in rows:
        one = Candidate(*candidate)
        if key in made:
            made[key] = replace(made[key], candidates=(*made[key].candidates, one))
        else:
            made[key] = Question(key, company, domain, customers, tuple(samples), (one,), waits)
    return list(made.values())


def account_names(con: duckdb.DuckDBPyConnection, most: int) -> tuple[dict[str, str], int]:
    """Names of at most so many Accounts by id, in order of the name, and how many there are in all.

    After `find_accounts` on this connection.
    """
    found = con.execute(
        """select account_id, coalesce(name, account_id), count(*) over () from account
        order by lower(name), account_id limit $1""",
        [most],
    ).fetchall()
    return {str(one): str(name) for one, name, _ in found}, int(found[0][2]) if found else 0


def _tables(con: duckdb.DuckDBPyConnection, search: AccountSearch) -> None:
    """`account`, `settled` and `account_question`: customers and Accounts as one table of companies."""
    named, told = (_columns(con, view) for view in (search.accounts, search.customers))
    if "name" not in named:
        raise UsageError("accounts-no-name", f"the Accounts have no column Name, only {_listed(named)}")
    company, email = told.get(search.company.casefold()), told.get("email")
    if company is None and search.company.casefold() != COMPANY:
        raise UsageError(
            "accounts-no-company", f"the customers have no column {search.company}, only {', '.join(told.values())}"
        )
    if company is None and email is None:
        raise UsageError(
            "accounts-nothing-to-ask",
            f"the customers have neither a column {search.company} nor email, only {_listed(told)}",
        )
    website, parent = (quote_identifier(named[name]) if name in named else "null" for name in ("website", "parentid"))
    con.execute(
        f"""create or replace temp table account as
        select _id as account_id, {quote_identifier(named["name"])}::varchar as name, {parent}::varchar as parent_id,
            {website}::varchar as website
        from {quote_identifier(search.accounts)} where _deleted is not true"""  # noqa: S608 quoted
    )
    _settled(con, search)
    # a Website is given as an address at its host, so that both sides' domains take the same way
    con.execute(
        f"""create or replace temp table account_question as
        select 'keva:' || _id as id, 'keva' as source,
            {quote_identifier(company) if company else "null"}::varchar as company,
            {quote_identifier(email) if email else "null"}::varchar as email
        from {quote_identifier(search.customers)} where _deleted is not true
        union all
        select account_id, 'account', name, 'at@' || nullif(regexp_extract(lower(website),
            '^ *(?:[a-z]+://)?(?:www[.])?([^/:?# ]+)', 1), '')
        from account"""  # noqa: S608 quoted
    )


def _settled(con: duckdb.DuckDBPyConnection, search: AccountSearch) -> None:
    """Customers for whom a person decided, and those whose linked Contact hangs on an Account that is there."""
    for table, name, prefix, said in (
        ("decided", "keva_id", "keva:", search.decided),
        ("answered", "question", "", search.answered),
    ):
        con.execute(
            f"create or replace temp table {table} as select unnest($1::varchar[]) as {name},"
            " unnest($2::varchar[]) as account_id, unnest($3::boolean[]) as yes",
            [[prefix + row[0] for row in said], [row[1] for row in said], [row[2] for row in said]],
        )
    con.execute("create or replace temp table refused as select keva_id, account_id from decided where not yes")
    con.execute(
        f"""create or replace temp table settled as
        select distinct on (decided.keva_id) decided.keva_id, decided.account_id, 'a person said so' as why
        from decided semi join account on account.account_id = decided.account_id
        semi join (select _id from {quote_identifier(search.customers)} where _deleted is not true) as customer
            on 'keva:' || customer._id = decided.keva_id
        where yes order by decided.keva_id, decided.account_id"""  # noqa: S608 quoted
    )
    if search.contacts is None or search.links is None:
        return
    names = _columns(con, search.contacts)
    if "accountid" not in names:
        raise UsageError("accounts-no-contact-account", f"the Contacts have no column AccountId, only {_listed(names)}")
    active = "links.active" if "active" in _columns(con, search.links) else "true"
    con.execute(
        f"""insert into settled
        select distinct on (links.keva_id) 'keva:' || links.keva_id, account.account_id,
            'the Account of the linked Contact'
        from {quote_identifier(search.links)} as links
        join {quote_identifier(search.contacts)} as contact on left(contact._id, 15) = left(links.sf_id, 15)
        join account on left(account.account_id, 15) = left(contact.{quote_identifier(names["accountid"])}, 15)
        semi join (select _id from {quote_identifier(search.customers)} where _deleted is not true) as customer
            on customer._id = links.keva_id
        anti join decided on decided.keva_id = 'keva:' || links.keva_id
            and (yes or decided.account_id = account.account_id)
        where contact._deleted is not true and {active}
        order by links.keva_id, account.account_id"""  # noqa: S608 quoted
    )


def _columns(con: duckdb.DuckDBPyConnection, view: str) -> dict[str, str]:
    """The view's own columns by their folded names."""
    return {name.casefold(): name for name in con.table(view).columns if not name.startswith("_")}


def _listed(names: Mapping[str, str]) -> str:
    most = 8
    return ", ".join(list(names.values())[:most]) + (", …" if len(names) > most else "")
