"""Words for the worlds of customer profiles: names by culture, facts of countries, brands, job titles, channels."""

from __future__ import annotations

__all__ = [
    "BRANDS", "BY_EAR", "CHANNELS", "COUNTRY", "CULTURES", "FOLD", "GAPS", "GERMAN", "LAYOUTS", "LEVELS", "MIGRANTS", "ROLES",
    "STREETS", "TRAPS",
]  # fmt: skip

LAYOUTS = (
    "name email phone company",
    "first_name last_name email phone company title city country",
    "name email company city",
    "first_name last_name email phone company street city postcode country title",
    "name email phone company title country",
    "first_name last_name email company country",
    "name email phone company city postcode country",
)
"""Columns of a table."""

CULTURES = """
en g James~Jim Mary John~Jack~Johnny Jennifer~Jen Robert~Bob~Rob Elizabeth~Liz~Beth David~Dave Susan~Sue
en g Michael~Mike Patricia~Pat William~Bill~Will Sarah Thomas~Tom George Emma Daniel~Dan Karen Steven/Stephen~Steve Kate
en s Smith Jones Williams Johnson O'Brien McDonald/MacDonald Stewart Stuart Brown Taylor Davis Miller Wilson Moore
en t Ash Black Brook Clay Elling Fair Hart Hawk Lang ford ley ton wood well worth by field ham man shaw more bridge
xx g Alexander~Alex Beatrice Dominic Eleonora Conrad Ines Julian Karla Leopold Miriam Nathaniel~Nate Ottilia Samuel~Sam
de g Michael~Michi Sabine Thomas~Tom Susanne~Susi Andreas~Andi Andrea Stefan Petra Hans-Peter Anne-Kathrin Jörg Claudia
de s Müller Schmidt Schneider Fischer Meier Maier Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter
de t Acker Berg Buch Dorn Eich Grün Kirch Mühl Rosen mann er bauer inger hauer meier bach berg müller hofer stein feld
es g José~Pepe María Antonio~Toni Carmen Manuel~Manolo Ana Francisco~Paco Isabel~Isa Juan_Carlos María_José Luis
es s García González Rodríguez Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez/Giménez Hernández Ruiz Díaz
es t Alba Arre Barre Carva Echa Fonta Guerre Monte Villa rro jal les llo nda rte rin zar vera lez ga na do res leta
pt g João Maria José Ana Antônio/António Juliana~Ju Carlos Fernanda~Fê Paulo Patrícia~Paty Pedro Camila Luiz Aline
pt s Silva/da_Silva Santos/dos_Santos Oliveira/de_Oliveira Souza/Sousa Pereira Costa/da_Costa Rodrigues
pt t Aze Barro Cas Dua Fal Gui Maga Noga Tava vedo tanho rte nha co ra lhães teiro eira res lho mão das roz galho
fr g Jean Marie Pierre Nathalie Michel Isabelle~Isa Philippe Sophie Jean-Pierre~JP Anne-Sophie François Hélène Nicolas
fr s Martin Bernard Thomas Petit Lefort Dupond Guérin Robert Richard Durand Dubois Moreau Laurent Simon Michel
fr t Beau Bois Char Dela Fau Gre Haute Mal Pas champs fort lier mont neuve pont quier rand ret sin teau vel ville
nd g Lars Anna Anders Eva Per/Pär Maria/Mia Mikael/Mikkel~Micke Karin Björn/Bjørn Åsa/Aase Søren Kristina~Stina Johan
nd s Andersson Johansson Karlsson/Carlsson Nilsson Sørensen Jørgensen Eriksson/Ericsson Larsson Olsson Persson Hansen
nd t Berg Björk Ek Fors Gran Hed Lind Nord Söder berg ström gren kvist lund dahl qvist mark man stad holm bäck gård
pl g Piotr Anna~Ania Krzysztof~Krzysiek Maria Andrzej Katarzyna~Kasia Tomasz~Tomek Małgorzata~Gosia Paweł Ewa Michał
pl s Nowak Kowalski Wiśniewski Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański Woźniak Dąbrowski Kozłowski
pl t Bar Biel Brzo Czar Gał Klim Mal Ostro Sad ecki iński owski czak czyk ek ewicz kiewicz niak owicz arz ik
ru g Alexander~Sasha Elena/Yelena Sergey Olga Dmitry~Dima Natalia Andrey Anna~Anya Alexey Irina Ivan Yulia/Julia Igor
ru s Ivanov Smirnov Kuznetsov Popov Petrov Sokolov Mikhailov Novikov Fedorov/Fyodorov Morozov Volkov Georgiev Dimitrov
ru t Arkhip Bogdan Chern Demid Gol Kalin Lukyan Osip Savel ov ev in kov chenko enko atov onov uk sky
tr g Mehmet Fatma Mustafa Ayşe Ahmet Emine Ali Hatice Hüseyin Zeynep Hasan Elif İbrahim Meryem İsmail Özlem Çağlar Tuğba
tr s Yılmaz Kaya Demir Çelik Şahin Yıldız Yıldırım Öztürk Aydın Özdemir Arslan/Aslan Doğan Kılıç Çetin Kara Koç Kurt
tr t Ak Bay Boz Demir Gök Gül Kara Kızıl Taş soy kan demir han taş can er oğlu maz türk alp doğan yurt bay su tepe
in g Rahul Priya Amit Pooja Rajesh~Raj Neha Sanjay Anjali Suresh Lakshmi/Laxmi Ramesh Divya Vijay Sunita Ravi Deepa
in s Kumar Singh Sharma/Sarma Patel Gupta Reddy Rao Shah Khan Verma/Varma Joshi Nair/Nayar Iyer/Aiyer Mehta Das/Dass
in t Ram Venkat Chandra Raja Siva Bala Gopal Jaya Deva kumar nathan krishnan raman swamy murthy puri dran rajan mani
zh g Wei=伟 Fang=芳 Jian=建 Na=娜 Guo=国 Xiu=秀 Ming=明 Ying=英 Hua=华 Min=敏 Jun=军 Jing=静 Qiang=强 Li=丽 Lei=磊 Yan=艳 Tao=涛 Mei=美
zh s Wang/Wong=王 Li/Lee=李 Zhang/Chang=张 Liu/Lau=刘 Chen/Chan=陈 Yang/Yeung=杨 Huang/Wong=黄 Zhao/Chao=赵 Xu/Hsu=徐 Xie/Tse=谢
ja g Hiroshi=博 Yuko/Yuuko=裕子 Takashi=隆 Keiko=恵子 Kenji=健二 Yoko/Yohko=洋子 Makoto=誠 Akiko=明子 Shota/Shouta=翔太 Naoko=直子
ja s Sato/Satoh=佐藤 Suzuki=鈴木 Takahashi=高橋 Tanaka=田中 Ito/Itoh=伊藤 Watanabe=渡辺 Yamamoto=山本 Kato/Katou=加藤 Ono/Ohno=小野
ja t Aka=赤 Taka=高 Yama=山 Naka=中 Ishi=石 Kita=北 Nishi=西 Oka=岡 Fuku=福 da=田 moto=本 mura=村 guchi=口 saki=崎 shima=島 kawa=川
ar g Mohammed/Muhammad~Mo Fatima Ahmed Aisha Omar/Umar Mariam Abdulrahman/Abdul_Rahman Nour Youssef/Yusuf Huda Ali
ar s Hassan Al-Harbi/Alharbi/El_Harbi/Harbi Ibrahim Al-Otaibi/Alotaibi Khoury/Khouri Saleh El-Sayed/Elsayed Mahmoud
ar t Al-Az Al-Bad Al-Far El-Gam Al-Hak Kan Nab El-Ras Tam awi ani iri een ari imi alli oudi rawi aoui
"""
"""Names by culture (xx: any European one) and kind, common ones first.

The kinds: g given names, s surnames, t the tail: nine beginnings of rare surnames, then endings. A name is written
spelling/other spelling~nickname=native script, with an underscore for a blank.
"""

MIGRANTS = "in in in in zh zh zh ar ar es es en en ru ru pl pl fr pt de tr nd ja".split()
"""Cultures of those who live elsewhere than they were born."""
STREETS = {
    "de": "@straße #;@str. #",
    "es": "Calle @ #;C/ @, #",
    "pt": "Rua @, #;R. @ #",
    "fr": "# rue @;#, r. @",
    "nd": "@vägen #;@vagen #",
    "pl": "ul. @ #;@ #",
    "ja": "1-#-3 @;@ 1-#-3",
}
"""Forms of streets by culture, # for the number and @ for the name; elsewhere it is # @ Street."""
_COUNTRIES = """
US|24|United States;USA;US|1||10||com|Inc.;LLC;Corp.|#####|en|.6|gmail.com yahoo.com aol.com icloud.com|
New York=NYC;Chicago;San Francisco=SF;Austin;Boston;Seattle;Atlanta;Los Angeles=LA;Denver;Dallas;St. Louis=Saint Louis
GB|12|United Kingdom;UK;GB|44|0|10|7|co.uk com|Ltd;Limited;plc|@@# #@@|en|.7|gmail.com hotmail.co.uk|London;Leeds;York
CA|8|Canada;CA|1||10||ca com|Inc.;Ltd.|@#@ #@#|en|.55|gmail.com rogers.com|Toronto;Montréal=Montreal;Québec=Quebec City
DE|14|Germany;DE|49|0|10|17|de com|GmbH;AG|#####|de|.8|gmx.de web.de gmail.com|München=Munich;Köln=Cologne;Hamburg
ES|9|Spain;España;ES|34||9|6|es com|S.L.;S.A.|#####|es|.85|gmail.com hotmail.es|Madrid;Barcelona;Sevilla=Seville
BR|7|Brazil;Brasil;BR|55|0|10|9|com.br com|Ltda;S.A.|#####-###|pt|.93|gmail.com uol.com.br|São Paulo=Sao Paulo;Curitiba
FR|8|France;FR|33|0|9|6|fr com|SAS;SARL|#####|fr|.78|gmail.com orange.fr free.fr|Paris;Lyon=Lyons;Marseille=Marseilles
SE|6|Sweden;Sverige|46|0|9|7|se com|AB|### ##|nd|.8|gmail.com telia.com|Stockholm;Göteborg=Gothenburg;Malmö=Malmo
PL|4|Poland;Polska|48||9|5|pl com|Sp. z o.o.;S.A.|##-###|pl|.9|wp.pl gmail.com onet.pl|Warszawa=Warsaw;Kraków=Cracow
BG|3|Bulgaria;BG|359|0|9|88|bg com|OOD;EOOD|####|ru|.93|abv.bg gmail.com|Sofiya=Sofia;Plovdiv;Varna
TR|4|Turkey;Türkiye|90|0|10|53|com.tr com|A.Ş.;Ltd. Şti.|#####|tr|.93|gmail.com hotmail.com|İstanbul=Istanbul;Ankara
IN|9|India;IN|91|0|10|98|in com|Pvt. Ltd.|######|in|.95|gmail.com|Bengaluru=Bangalore;Mumbai=Bombay;Chennai=Madras;Pune
CN|5|China;CN;P.R. China|86|0|11|13|com.cn com|Co., Ltd.|######|zh|.94|qq.com 163.com|Shanghai;Beijing=Peking;Shenzhen
JP|4|Japan;JP|81|0|10|90|co.jp com|K.K.;Co., Ltd.|###-####|ja|.94|yahoo.co.jp gmail.com|Tokyo;Osaka=Ōsaka;Nagoya
AE|5|United Arab Emirates;UAE|971|0|9|5|ae com|LLC;FZE|#####|ar|.5|gmail.com hotmail.com|Dubai;Abu Dhabi=Abu Zabi
"""
_FIELDS = "code weight names dial trunk digits mobile tlds legal post culture share mails cities".split()
COUNTRY = {
    row[:2]: dict(zip(_FIELDS, row.split("|"), strict=True))
    for row in _COUNTRIES.strip().replace("|\n", "|").splitlines()
}
"""Facts of a country by its code; cities as local=English name, trunk as the zero that is dialled within the country."""
BRANDS = (
    "Nor Vex Lum Axi Cor Del Fin Gra Hel Ino Kin Luc Med Nex Omn Pix Qua Ras Syn Tal Ura Vel Zen Bri Clo Ter",
    "ix ora ly io sys ent ium ara eo tica ova via",
    "Pacific Nordic Alpine Global First Blue North Atlas Metro",
    "Logistics Foods Insurance Software Energy Health Pharma Steel Textiles Media Finance Travel Freight Retail",
    "Group Partners Solutions Systems Services International Technologies",
)
"""Beginnings, endings, first, second and third words of brands."""
ROLES = "IT Sales Marketing Finance Operations;Ops Procurement;Purchasing Human_Resources;HR Engineering Legal".split()
LEVELS = "* Assistant|* Specialist|* Lead;Lead *|* Manager;* Mgr|Head of *|Director of *;Dir. *|CEO;MD".split("|")
"""Wordings of job titles from the lowest to the highest, * for the role."""
GAPS = "email phone company title street city country postcode".split()
"""The columns of which a channel may know nothing."""
CHANNELS = {
    "widget": ("desk", 24, "full 38 first 14 lower 12 handle 9 nick 10 at 4 none 2", ".03 .85 .6 1 1 .4 .3 .95", 1.2),
    "mail": ("desk", 24, "full 58 formal 14 comma 9 nick 6 init 6 native 4 guess 3", "0 .4 .3 .4 .75 .5 .5 .7", 0.5),
    "social": ("desk", 7, "full 52 nick 28 dot 8 handle 8 native 6", ".06 .93 .8 .85 1 .6 .5 1", 0.6),
    "call": ("desk", 13, "ear 55 last 12 nick 10 full 23", ".5 .04 .3 .9 .97 .7 .5 .9", 1.5),
    "bare": ("desk", 11, "guess 50 handle 25 address 10 none 15", "0 1 .93 1 1 .9 .8 1", 0.3),
    "card": ("sfdc", 22, "formal 42 full 50 init 8", ".08 .08 .01 .06 .25 .12 .08 .2", 0.7),
    "list": ("sfdc", 16, "ascii 74 full 20 init 6", ".1 .3 .02 .06 .4 .1 .05 .3", 1.0),
    "export": ("sfdc", 13, "full 60 nick 15 badge 15 formal 10", ".45 .8 .01 .02 .98 .15 .1 .9", 0.4),
    "hand": ("sfdc", 21, "full 56 nick 12 init 8 swap 6 last 5 lower 5 ear 8", ".14 .35 .06 .4 .75 .45 .35 .7", 1.5),
}
"""System, weight, styles of the name with their weights, chances of GAPS, and untidiness."""
TRAPS = (
    "given+family+firm 12 given+family 16 family+firm+initial 10 given+family+firm+junior 8 family+firm 10 "
    "family+firm+mails 4 family+mails+mobile 6 firm+post 9 firm+assists 9 client 8 mailbox 8"
)
"""What two people share who are easily taken for each other, with weights."""
BY_EAR = "ph>f ck>k k>c c>k ei>ie ie>y y>i th>t nn>n n>nn ll>l l>ll z>s s>z sch>sh v>w w>v j>y ee>i dt>t ss>s ou>u h>"
"""What is misheard on the telephone."""
FOLD = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", "ß": "ss", "æ": "ae"})
"""Letters that are no letter with a diacritic."""
GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe", "å": "aa"})
"""How German and Nordic people spell their letters where there are none."""
