"""People in both systems, 20 of them twice or three times in Salesforce, with Cases; one twice in Keva. Seeded."""

from __future__ import annotations

import random

from world import World

CLUSTERS, ALONE = 20, 60
FIRST = (
    *("Maria", "Robert", "Aoife", "Pieter", "Chloe", "Ines", "Thomas", "Ada", "Henrik", "Yusuf", "Priya", "Walter"),
    *("Greta", "Oscar", "Lucia", "Stefan", "Noor", "Emil", "Hannah", "Diego", "Freya", "Marek", "Selma", "Victor"),
)
LAST = (
    *("Oyelaran", "Vance", "Brennan", "Vanderberg", "Dubois", "Carvalho", "Ashby", "Nkemelu", "Lindqvist", "Demir"),
    *("Raman", "Kowalczyk", "Hofmann", "Thornbury", "Benedetti", "Novak", "Haddad", "Sorensen", "Whitlock", "Fuentes"),
    *("Castellan", "Zielinski", "Aldridge", "Petrov"),
)
TITLES = ("Head of Support", "Buyer", "Chief Technology Officer", "Accountant", "Sales Manager")


def people(count: int) -> list[dict[str, str]]:
    """Distinct persons, the same in every run."""
    draw = random.Random(417)
    names = [(first, last) for first in FIRST for last in LAST]
    return [
        {
            "FirstName": first,
            "LastName": last,
            "Email": f"{first}.{last}@{draw.choice(('fernhill', 'brightwater', 'oakridge'))}{place}.example".lower(),
            "Phone": f"+1212555{draw.randrange(10_000):04d}",
            "Title": draw.choice(TITLES),
        }
        for place, (first, last) in enumerate(draw.sample(names, count))
    ]


def twin(person: dict[str, str], turn: int) -> dict[str, str]:
    """The same person, as somebody else would have entered it."""
    mail = person["Email"].split("@")
    return [
        {**person, "Email": mail[0].replace(".", "") + "@" + mail[1], "Title": "Consultant"},
        {**person, "FirstName": person["FirstName"][0] + ".", "Description": "met at the fair"},
        {**person, "LastName": person["LastName"].upper(), "Phone": "(212) 555-" + person["Phone"][-4:]},
        {name: value for name, value in person.items() if name != "Title"} | {"MobilePhone": "+12125550000"},
    ][turn % 4]


class DuplicatesWorld(World):
    """`clusters` are the ids of the Contacts of one person each, `alone` those of persons who stand there once."""

    def __init__(self, folder, sandbox):
        super().__init__(folder, sandbox)
        everybody = people(CLUSTERS + ALONE)
        rows = [row for place, person in enumerate(everybody) for row in entered(person, place)]
        ids = iter([result.id for result in sandbox.org.create_many("Contact", rows)])
        self.clusters = [[next(ids) for _ in entered(everybody[place], place)] for place in range(CLUSTERS)]
        self.alone = list(ids)
        sandbox.org.create_many("Case", [{"ContactId": group[1], "Subject": group[1]} for group in self.clusters])
        customers = [
            {
                "id": f"cust_{place:04d}", "email": person["Email"],
                "name": f"{person['FirstName']} {person['LastName']}", "phone": person["Phone"],
                "jobTitle": person["Title"], "timezone": "Europe/Paris", "notes": None,
            }
            for place, person in enumerate(everybody[5:])
        ]  # fmt: skip
        *most, other, last = customers
        # known to Keva under another address: no plan would link this one
        other = {**other, "email": f"x{other['email'].replace('.', '-', 1)}"}
        twice = {**last, "id": "cust_twin", "email": last["email"].replace(".", "", 1)}
        sandbox.keva.seed([*most, other, last, twice])


def entered(person, place):
    """The Contacts of one person."""
    turns = 1 + place % 5 // 4 if place < CLUSTERS else 0
    return [person, *(twin(person, place + turn) for turn in range(turns))]


def contacts_of(group):
    """The Contacts of a group of the review."""
    return frozenset(record.id for record in group.records if record.side == "Salesforce")
