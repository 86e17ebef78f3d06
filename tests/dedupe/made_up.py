"""A small made-up table of customers with its truth, and traps that must not be merged."""

import random

import duckdb
import pyarrow as pa

from kevasync.dedupe import pipeline
from kevasync.dedupe.columns import parse


def words(text):
    return text.split()


GIVEN = words(
    "Ann Boris Carla Dmitri Elena Farid Greta Hakan Ines Jonas Katya Liam Mona Nadia Oskar Priya Quentin "
    "Rosa Selim Tara Ugo Vera Walter Xenia Yusuf Zoe"
)
FAMILY = words(
    "Abernathy Brzezinski Castellanos Dunleavy Eriksson Fairweather Goldstein Hargreaves Ibarra Jankowski "
    "Kowalczyk Lindqvist Montgomery Nakamura Okonkwo Pemberton Quigley Rutherford Sandoval Thibodeaux "
    "Umarov Vandermeer Wojciechowski Xiong Yamaguchi Zimmermann"
)
COLUMNS = "id=id,first_name=first,last_name=last,email=email,phone=phone,company=company,city=city,title=title"
NAMES = [part.split("=")[1] for part in COLUMNS.split(",")]


def row(identity, first, last, email=None, phone=None, company=None, city=None, title=None):
    values = (identity, first, last, email, phone, company, city, title)
    return dict(zip(NAMES, values, strict=True))


def people(count=120, seed=5):
    """Rows, and the pairs of ids that are one person."""
    rng = random.Random(seed)
    rows, same = [], set()
    for number in range(count):
        first, last = rng.choice(GIVEN), rng.choice(FAMILY)
        firm = f"{rng.choice(FAMILY)} {rng.choice(['Logistics', 'Foods', 'Software', 'Textiles'])}"
        domain = firm.lower().replace(" ", "") + ".com"
        phone = f"+1 {rng.randint(201, 989)} {rng.randint(200, 999)} {rng.randint(1000, 9999)}"
        city = rng.choice(["Lisbon", "Oslo", "Austin", "Leeds", "Kyoto", "Graz"])
        email = f"{first}.{last}{number}@{domain}".lower()
        rows.append(row(f"k{number}", first, last, email, phone, firm, city, "Buyer"))
        if number % 2:
            continue
        other = rng.choice([email, f"{first[0]}{last}@gmail.com".lower()])
        typed = last[:3] + last[4:] if rng.random() < 0.4 else last
        plain = phone.replace(" ", "").removeprefix("+1")
        rows.append(row(f"s{number}", first, typed, other, plain, f"{firm} Inc", city if number % 4 else None, None))
        same.add((f"k{number}", f"s{number}"))
    return rows, same


TRAPS = {
    "senior and junior": (
        row("a1", "Harold", "Fitzgibbon Sr", None, "555 212 7788", None, "Dover", None),
        row("a2", "Harold", "Fitzgibbon Jr", None, "555 212 7788", None, "Dover", None),
    ),
    "a household on one phone": (
        row("b1", "Miriam", "Oyelaran", "miriam.oyelaran@gmail.com", "206 733 4410", None, "Tacoma", None),
        row("b2", "Tobias", "Oyelaran", "tobias.oyelaran@gmail.com", "206 733 4410", None, "Tacoma", None),
    ),
    "a role mailbox": (
        row("c1", "Svetlana", "Marchetti", "info@brightharbor.com", None, "Bright Harbor", "Salem", "CEO"),
        row("c2", "Desmond", "Achterberg", "info@brightharbor.com", None, "Bright Harbor", "Salem", "Clerk"),
    ),
    "one name at one company": (
        row("d1", "Maria", "Garcia", "maria.garcia@northpeak.com", "312 400 1001", "Northpeak", "Chicago", "CFO"),
        row("d2", "Maria", "Garcia", "maria.garcia2@northpeak.com", "312 400 9873", "Northpeak", "Chicago", "Welder"),
    ),
    "colleagues of one first name": (
        row("e1", "Dennis", "Vogt", "dennis.vogt@cooperdyer.net", "802 255 2922", "Cooper Dyer", None, "Sales"),
        row("e2", "Dennis", "Mccreary", "dennis.mccreary@cooperdyer.net", "870 711 3329", "Cooper Dyer", None, "CEO"),
    ),
}


def found(rows, columns=COLUMNS, **more):
    """Pairs of a table made of rows."""
    con = duckdb.connect()
    con.execute("set enable_progress_bar = false")
    con.register("people", pa.Table.from_pylist(rows))
    return pipeline.find_pairs(con, "people", parse(columns) if columns else None, **more)
