"""Words for the worlds of a shop: names by culture and generation, places and streets, forms of numbers, slips."""

from __future__ import annotations

__all__ = [
    "ALIAS", "CITIES", "COUNTRY", "CULTURES", "DOMAINS", "EAR", "FIRST", "HANDLES", "KEYS", "KINDS", "LAST", "LAYOUTS", "LETTERS",
    "MAILS", "MISSPELT", "NICK", "OCR", "PHONES", "RARE", "SHORT", "SPECIAL", "STEMS", "STREETS", "TOWNS", "UMLAUTS", "UNITS", "WEIGHT",
]  # fmt: skip


def _blocks(text: str) -> dict[str, list[list[str]]]:
    """Blocks 'key a b | c d' with ';' between them as {key: [[a, b], [c, d]]}."""
    found: dict[str, list[list[str]]] = {}
    for block in text.split(";"):
        key, rest = block.split(maxsplit=1)
        found[key] = [part.split() for part in rest.split("|")]
    return found


LAYOUTS = [
    line.split()
    for line in (
        "name email phone address city postcode",
        "first_name last_name email phone street city postcode state dob",
        "first_name last_name dob phone city",
        "name email phone city country",
        "name dob address email",
        "first_name last_name street house_no postcode city phone email",
        "last_name first_name email postcode dob",
        "first_name last_name address city state postcode phone",
    )
]

FIRST = _blocks("""
en-m James Robert John William Richard Thomas Charles David Kenneth Edward Frank Walter George Paulry Roy Carl |
   Michael Christopher Matthew Joshua Daniel Andrew Anthony Nicholas Benjamin Stephen Steven Ryan Kevin Jason Brian
   Sean Shaun Erik Eric;
en-f Mary Patricia Barbara Linda Margaret Susan Elizabeth Sandra Deborah Kathleen Ann Anne Ruth Carol Helen Joan |
   Jennifer Jessica Sarah Emily Stephanie Katherine Catherine Rebecca Sara Victoria Hannah Laura Amy Emma Kelly Lisa
   Christine Kristin;
de-m Hans Peter Klaus Wolfgang Jürgen Dieter Günter Werner Karl Günther Jörg Josef Horst Uwe Bernd Rolf Kurt | Thomas
   Michael Andreas Stefan Christian Markus Stephan Alexander Daniel Sebastian Jan Matthias Tim Felix Lukas Jonas Björn
   Marc Mark;
de-f Ursula Renate Helga Monika Karin Brigitte Elisabeth Sabine Petra Gabriele Bärbel Käthe Karla Ilse Inge Gerda |
   Andrea Susanne Stefanie Nicole Julia Anna Katharina Christina Marie Anja Lena Sarah Jana Kathrin Katrin;
es-m José Juan Manuel Francisco Jesús | Luis Carlos Miguel Alejandro Diego Andrés;
es-f María Carmen Rosa Teresa | Ana Gabriela Sofía Mónica Lucía;
pl-m Jan Andrzej Stanisław | Piotr Tomasz Paweł Michał Łukasz;
pl-f Maria Krystyna Ewa Halina | Anna Katarzyna Małgorzata Agnieszka
""")
"""First names by culture and sex: the older generation, then the younger one; frequent names first."""

RARE = {"m": "on en ik mir an is".split(), "f": "a ia ina yla een ira etta".split()}
"""Endings of first names that no list holds."""
NICK = {
    pair.split("=")[0]: pair.split("=")[1].split(",")
    for pair in """
James=Jim Robert=Bob,Rob John=Jack William=Bill,Will Richard=Rick,Dick Thomas=Tom David=Dave Edward=Ed,Ted Michael=Mike
Christopher=Chris Daniel=Dan Andrew=Andy,Drew Benjamin=Ben Margaret=Maggie,Peggy Susan=Sue Elizabeth=Liz,Betty
Jennifer=Jen Katherine=Kate,Kathy Elisabeth=Lisa José=Pepe Katarzyna=Kasia
""".split()
}
"""Short forms of first names."""

LAST = _blocks("""
en .3 | Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore Thompson White Harris
   Clark Lewis Walker Young Allen King Wright Scott Hill Green Adams Baker Phillips Stewart Reed Reid Clarke O'Brien
   McCarthy Thomson Johnston | Ash Brad Whit Hol Black Wood Thorn Car Stan Kirk Lang Red Shel Wal Col | en er ing |
   ley ton field worth man son ford well wood ham ridge;
de .3 | Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Klein Wolf
   Schröder Krüger Hofmann Schmitt Meier Schmid Maier Köhler König Walter Mayer Weiß | Stein Berg Hoff Brand Linden
   Kirch Alten Holz Wald Reich Wein Eich Dorn Ober Roth | er en els | mann bauer meier hofer berger bach feld haus;
es .5 | García Rodríguez Martínez Hernández López González Pérez Sánchez Ramírez Torres Díaz Vásquez Vázquez | Al Bar
   Car Cas Del Fer Gal Lar Mon Nav Sal | ar er on | eda ondo illo erra ales eros;
pl .3 | Nowak Kowalski Wiśniewski Wójcik Kamiński Zieliński | Bor Cie Dobr Gór Jab Kal Mal Ostr | l n r k | owski
   iński ewicz czyk ak
""")
"""Surnames by culture: share of the frequent ones, those, then beginnings, links and endings of the long tail."""

STEMS = [a + b + c for a in "B Br D F G H K L M P R S St T".split() for b in "aeiou" for c in "b nd rk l m ss".split()]
"""Beginnings of names that no list holds."""
CULTURES = {"US": ["en"] * 7 + ["es"] * 3 + ["pl"], "DE": ["de"] * 6 + ["pl"]}
"""Cultures of the people of a market, as often as they are met."""
CITIES = {
    "US": "Columbus,OH,432 Cleveland,OH,441 Pittsburgh,PA,152 St._Louis,MO,631 San_Antonio,TX,782".split(),
    "DE": "Köln,NW,50 Düsseldorf,NW,40 München,BY,80 Nürnberg,BY,90 Frankfurt_am_Main,HE,60".split(),
}
"""City, state and beginning of its postcodes."""
TOWNS = {"US": "ville field dale ton burg".split(), "DE": "hausen stadt bach berg kirchen".split()}
"""Endings of small towns."""
STREETS = {
    "US": "Spring Oak Maple Park Cedar Elm Lake Hill Church Main|Street Street Avenue Road Drive Lane Boulevard",
    "DE": "Neu Alten Garten Berg Linden Dorf Kirch Wald Haupt Ring|straße straße straße weg weg allee platz",
}
"""Beginnings and kinds of streets."""
SHORT = {
    " Street": [" St", " St.", " Str"],
    " Avenue": [" Ave", " Av."],
    " Road": [" Rd", " Rd."],
    " Drive": [" Dr"],
    " Boulevard": [" Blvd"],
    "straße": ["str.", "str.", "strasse", "str", " Str.", "-Straße"],
    "platz": ["pl."],
}
UNITS = {
    "US": "{s} Apt {u}|{s}, Apt. {u}|{s} #{u}|{s} Unit {u}|{s} {u}|Apt {u}, {s}|{s}".split("|"),
    "DE": "{s}|{s}|{s} Whg. {u}|{s} // {u}|{s}, Wohnung {u}".split("|"),
}
PHONES = {
    "US": "({a}) {b}-{c}|{a}-{b}-{c}|{a}{b}{c}|+1{a}{b}{c}|{a}.{b}.{c}|1-{a}-{b}-{c}".split("|"),
    "DE": "0{a} {b}{c}|0{a}/{b}{c}|0{a}{b}{c}|+49{a}{b}{c}|+49 {a} {b} {c}|0049{a}{b}{c}".split("|"),
}
ALIAS = {"St. Louis": "Saint Louis", "San Antonio": "S Antonio", "Köln": "Cologne", "Frankfurt am Main": "Frankfurt"}
COUNTRY = {"US": ["US", "USA", "United States"], "DE": ["DE", "Germany", "Deutschland"]}
DOMAINS = {
    "US": "gmail.com yahoo.com hotmail.com aol.com icloud.com outlook.com comcast.net msn.com".split(),
    "DE": "gmx.de web.de gmail.com t-online.de hotmail.com freenet.de icloud.com".split(),
}
MISSPELT = {"gmail.com": "gmial.com gmail.con gmai.com googlemail.com", "hotmail.com": "hotmial.com hotmai.com"}
MAILS = "{a}.{b} {a}.{b} {i}.{b} {a}{b} {i}{b} {b}.{a} {a}_{b} {a}{b}{y} {a}{y} {b}{y} {a}.{w} {w}{y} {w}{n}".split()
"""Forms of mailboxes, the usual ones more than once."""
LETTERS = ["a", "b", "c"] + [""] * 40
HANDLES = "sunny tiger rocky blue lucky star garden biker angel panda cookie cowboy rose wolf".split()
KEYS = {
    a: b
    for row in ("qwertzuiop", "asdfghjkl", "yxcvbnm", "1234567890")
    for a, b in zip(row, row[1:] + row[-2], strict=True)
}
"""The neighbour of a key."""
EAR = [p.split(">") for p in "ph>f ck>k th>t dt>t nn>n ll>l ei>ai y>i z>s c>k C>K V>F d>t b>p m>n ah>a er>a".split()]
"""What is misheard on the telephone."""
OCR = [p.split(">") for p in "rn>m m>rn l>1 i>l o>0 e>c cl>d h>b S>5 B>8 I>l O>0 ü>u ä>a ö>o 0>O 1>7 5>S 8>3".split()]
"""What a scanner misreads."""
KINDS = {
    "webshop": ("self", {"email": 0.02, "phone": 0.3, "home": 0.04, "dob": 0.55}),
    "loyalty": ("self self staff staff scan", {"email": 0.3, "phone": 0.25, "home": 0.1, "dob": 0.1}),
    "store": ("staff scan", {"email": 0.4, "phone": 0.3, "home": 0.08, "dob": 0.2}),
    "helpdesk": ("phone phone self self staff", {"email": 0.25, "phone": 0.3, "home": 0.5, "dob": 0.7}),
    "newsletter": ("self", {"phone": 0.93, "home": 0.75, "dob": 0.6, "first": 0.15, "last": 0.3}),
}
"""The systems, busiest first: whose hand writes, and how often a field stays empty (home: all about the place)."""
WEIGHT = {"email": 3.4, "phone": 2.7, "dob": 2.7, "home": 1.5, "postcode": 1, "city": 0.5, "last": 1, "first": 0.8}
"""How much a fact that two records share tells; about three and a half are enough to take them for one person."""
SPECIAL = str.maketrans("łŁß", "lLs")
UMLAUTS = {ord(a): b for a, b in zip("äöüÄÖÜß", "ae oe ue Ae Oe Ue ss".split(), strict=True)}
