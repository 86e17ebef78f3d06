"""Who is linked to whom, and what is never guessed."""

from conftest import settled, sf


def customer(number, **more):
    return {"id": f"k{number}", "email": f"p{number}@a.example", "name": f"Pat Number{number}"} | more


def contact(number, **more):
    return {"id": sf(number), "Email": f"p{number}@a.example", "FirstName": "Pat", "LastName": f"Number{number}"} | more


def test_rules_in_order(plan_of):
    """A known link beats Keva's pointer, which beats the external ID, which beats the e-mail."""
    made = plan_of(
        keva=[
            customer(1, salesforceContactId=sf(12)),
            customer(2, salesforceContactId=sf(22)),
            customer(3),
            customer(4),
        ],
        crm=[
            contact(1), contact(11), contact(12), contact(2), contact(22), contact(3), contact(33, Keva_Id__c="k3"),
            contact(4),
        ],
        links=[("k1", sf(11))],
    )  # fmt: skip
    assert {key: row[2] for key, row in made.records.items() if key.startswith("k")} == {
        "k1": sf(11), "k2": sf(22), "k3": sf(33), "k4": sf(4),
    }  # fmt: skip
    assert made.reason("k2").startswith("found by salesforceContactId")
    assert made.reason("k3").startswith("found by external ID")
    assert made.reason("k4").startswith("found by e-mail")


def test_fifteen_characters_are_the_same_id(plan_of):
    """A 15-character id in Keva, in links and in base means the same Contact."""
    made = plan_of(keva=[customer(1, salesforceContactId=sf(7)[:15])], crm=[contact(7)])
    assert made.records["k1"][2] == sf(7)
    keva, crm, base = settled(1)
    again = plan_of(keva=[keva], crm=[crm], base=[base | {"sf_id": sf(1)[:15]}])
    assert again.operation("k1") == "no-op"


def test_shared_email_is_never_guessed(plan_of):
    """Two Contacts, or two customers, with one canonical e-mail are ambiguous; linked ones count too."""
    made = plan_of(
        keva=[
            customer(1),
            customer(2),
            customer(3, email="P2@A.example "),
            customer(4),
            customer(5, email="p4@a.example"),
        ],
        crm=[contact(1), contact(11, Email="P1@a.example"), contact(2), contact(4)],
        links=[("k4", sf(4))],
    )
    assert [made.operation(key) for key in ("k1", "k2", "k3", "k5")] == ["ambiguous"] * 4
    assert "2 Contacts share this e-mail" in made.reason("k1")
    assert "2 customers share this e-mail" in made.reason("k2")
    assert not made.writes("k1")


def test_only_contact_belongs_to_another(plan_of):
    """The only Contact with the e-mail linked to another customer: ambiguous, not stolen."""
    made = plan_of(keva=[customer(1), customer(2, email="other@a.example")], crm=[contact(1)], links=[("k2", sf(1))])
    assert made.operation("k1") == "ambiguous"
    assert "linked to another customer" in made.reason("k1")


def test_two_customers_point_at_one_contact(plan_of):
    """The same pointer twice is ambiguous for both; a pointer beats an e-mail."""
    made = plan_of(
        keva=[customer(1, salesforceContactId=sf(9)), customer(2, salesforceContactId=sf(9)),
              customer(3, salesforceContactId=sf(4)), customer(4)],
        crm=[contact(9), contact(4)],
    )  # fmt: skip
    assert made.operation("k1") == made.operation("k2") == "ambiguous"
    assert made.operation("k3") == "link"
    assert made.operation("k4") == "ambiguous"


def test_pointer_to_nowhere_is_noted(plan_of):
    """A salesforceContactId that points nowhere is noted, then the next rule decides."""
    made = plan_of(keva=[customer(1, salesforceContactId=sf(99))], crm=[contact(1)])
    assert made.operation("k1") == "link"
    assert f"salesforceContactId {sf(99)} points nowhere" in made.reason("k1")


def test_merged_contact_is_followed(plan_of):
    """A Contact merged away re-links to its master, through a chain, and keeps the base."""
    keva, crm, base = settled(1, keva={"jobTitle": "CTO"})
    made = plan_of(
        keva=[keva],
        crm=[{**crm, "_deleted": True, "_master": sf(2)}, contact(2, _deleted=True, _master=sf(3)),
             {**crm, "id": sf(3), "Email": "p1@a.example"}],
        base=[base], links=[("k1", sf(1))],
    )  # fmt: skip
    assert made.records["k1"][:1] + made.records["k1"][2:] == ("link", sf(3))
    assert made.writes("k1") == {("to_crm", "Title"): "CTO"}
    kept = next(row for row in made.base if row["sf_id"] == sf(3))
    assert kept["Title"] == "Buyer"
    assert set(kept["agreed"]) >= {"Title", "Email"}


def test_master_of_another_customer_is_ambiguous(plan_of):
    """A master that another customer already has: ambiguous, nothing written."""
    made = plan_of(
        keva=[customer(1), customer(2)],
        crm=[contact(1, _deleted=True, _master=sf(2)), contact(2)],
        links=[("k1", sf(1)), ("k2", sf(2))],
    )
    assert made.operation("k1") == "ambiguous"
    assert "merged into" in made.reason("k1")


def test_gone_records(plan_of):
    """Gone on one side: unlink; edited on the other: conflict; gone on both: unlink, saying so."""
    quiet, edited, both = settled(1), settled(2, crm={"Title": "CEO"}), settled(3)
    gone_sf, edited_keva = settled(4), settled(5, keva={"jobTitle": "CEO"})
    made = plan_of(
        keva=[gone_sf[0], edited_keva[0]],
        crm=[quiet[1], edited[1], {**gone_sf[1], "_deleted": True}],
        base=[row[2] for row in (quiet, edited, both, gone_sf, edited_keva)],
    )
    assert made.records["k1"][:2] == ("unlink", "gone in Keva")
    assert made.records["k2"][:2] == ("conflict", "gone in Keva, edited in Salesforce")
    assert made.records["k3"][:2] == ("unlink", "gone on both sides")
    assert made.records["k4"][:2] == ("unlink", "gone in Salesforce")
    assert made.records["k5"][:2] == ("conflict", "gone in Salesforce, edited in Keva")
    assert not made.changes


def test_tombstones_hold(plan_of):
    """After an unlink the pair is never linked or created again by itself."""
    made = plan_of(
        keva=[customer(1), customer(2)], crm=[contact(1)], links=[("k1", sf(1), False), ("k2", sf(2), False)]
    )
    assert made.operation("k1") == made.operation("k2") == "no-op"
    assert "unlinked before" in made.reason("k2")
    assert not made.changes


def test_contacts_without_customer_are_counted(plan_of):
    """A Contact with no customer is not-in-keva and left alone; with a selection of customers it is not listed."""
    made = plan_of(keva=[customer(1)], crm=[contact(1), contact(2)])
    assert made.operation(sf(2)) == "not-in-keva"
    narrowed = plan_of(keva=[customer(1), customer(3)], crm=[contact(1), contact(2)], customers=["k1"])
    assert set(narrowed.records) == {"k1"}


def test_a_master_that_the_link_of_a_gone_customer_holds_is_not_taken(plan_of):
    """Until that link is dissolved the Contact is its own, so a link that would move there is ambiguous."""
    gone = customer(4, _deleted=True)
    made = plan_of(
        keva=[gone, customer(5)],
        crm=[contact(4, Title="edited"), contact(5, _deleted=True, _master=sf(4))],
        base=[{"keva_id": "k4", "sf_id": sf(4)}],
        links=[("k4", sf(4)), ("k5", sf(5))],
    )
    assert (made.operation("k4"), made.operation("k5")) == ("conflict", "ambiguous")
    assert made.writes() == {}


def test_a_master_that_a_link_moves_to_is_not_linked_to_another(plan_of):
    """The customer whose Contact was merged away comes first; another who points to the master is asked about."""
    made = plan_of(
        keva=[customer(1, salesforceContactId=sf(1)), customer(2)],
        crm=[contact(1), contact(2, _deleted=True, _master=sf(1))],
        links=[("k2", sf(2))],
    )
    assert (made.operation("k1"), made.operation("k2")) == ("ambiguous", "link")


def test_a_narrowed_plan_sees_the_claims_of_the_others(plan_of):
    """Planned for one customer, a Contact that another one claims too, or that another link moves to, is ambiguous."""
    keva = [customer(1, salesforceContactId=sf(9)), customer(2, salesforceContactId=sf(9)), customer(3), customer(4)]
    crm = [contact(9), contact(3, _deleted=True, _master=sf(8)), contact(4, _deleted=True, _master=sf(8)), contact(8)]
    links = [("k3", sf(3)), ("k4", sf(4))]
    for number in (1, 3):
        made = plan_of(keva=keva, crm=crm, links=links, customers=[f"k{number}"])
        assert {key: row[0] for key, row in made.records.items()} == {f"k{number}": "ambiguous"}
