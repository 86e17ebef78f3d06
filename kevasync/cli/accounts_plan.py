"""`kevasync accounts --plan`: the Accounts that were found, as a plan that sets AccountId of the linked Contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from kevasync.cli.dedupe_workspace import mapped_object
from kevasync.cli.sides import open_kept, open_salesforce
from kevasync.errors import UsageError
from kevasync.sync.given import GIVEN, Given, plan_given
from kevasync.values import quote_identifier

if TYPE_CHECKING:
    from kevasync.cli.context import Context
    from kevasync.dedupe.accounts import AccountSearch, Found
    from kevasync.sync.plan import Plan

__all__ = ["plan_accounts"]

FIELD = "AccountId"


def plan_accounts(
    at: Context, con: duckdb.DuckDBPyConnection, search: AccountSearch, found: Found, object_name: str
) -> Plan | None:
    """A plan for the customers whose Account is sure and whose linked Contact has none, or another than a person said.

    `con` has the views that the search names. None where there is nothing to write.

    Raises UsageError `accounts-no-contact-account` where the org does not let AccountId be written.
    """
    workspace = at.workspace
    mapping = mapped_object(workspace, object_name)
    if search.contacts is None or search.links is None:
        return None  # nobody is linked yet
    con.register("answers_now", found.table)
    try:
        values = con.sql(
            f"""select links.keva_id, contact._id as sf_id, '{FIELD}' as field, contact."{FIELD}"::varchar as old,
                answer.account_id as new, answer.evidence as reason
            from answers_now as answer
            join {quote_identifier(search.links)} as links on links.keva_id = answer.keva_id and links.active
            join {quote_identifier(search.contacts)} as contact on left(contact._id, 15) = left(links.sf_id, 15)
            where answer.place = 1 and answer.decision = 'link' and contact._deleted is not true
                and left(contact."{FIELD}"::varchar, 15) is distinct from left(answer.account_id, 15)
            order by links.keva_id"""  # noqa: S608 quoted
        ).to_arrow_table()
    finally:
        con.unregister("answers_now")
    if not values.num_rows:
        return None
    with open_kept(workspace) as kept, open_salesforce(workspace, kept.secrets) as salesforce:
        field = salesforce.describe(mapping.salesforce).find(FIELD)
        if field is None or not field.updateable:
            raise UsageError("accounts-no-contact-account", f"{mapping.salesforce}.{FIELD} cannot be written here")
        settings = workspace.settings
        about = Given(mapping, settings.workspace_id, settings.default_region, salesforce.estimate, ("Accounts found",))
        return plan_given(values.cast(GIVEN), about, workspace.plans_dir)
