"""Words for the worlds of a help desk and its CRM: names by culture, firms by country, job titles, spellings."""

from __future__ import annotations

__all__ = ["COUNTRIES", "CULTURES", "RANKS", "WORDS"]


def _table(text: str) -> dict[str, list[list[str]]]:
    """Blocks 'key: a b / c d' with ';' between them as {key: [[a, b], [c, d]]}; '_' stands for a blank."""
    blocks = [block.strip().partition(": ") for block in " ".join(text.split()).split(";")]
    return {
        key: [[word.replace("_", " ") for word in part.split()] for part in rest.split(" / ")]
        for key, _, rest in blocks
    }


CULTURES = _table("""
en: James=Jim=Jimmy John=Jack=Johnny Robert=Bob=Rob=Bobby Michael=Mike=Mick David=Dave William=Bill=Will Richard=Rick
   Joseph=Joe Thomas=Tom Christopher=Chris Charles=Charlie=Chuck Daniel=Dan Matthew=Matt Anthony=Tony Mark=Marc
   Steven=Steve=Stephen Andrew=Andy=Drew Paul Brian=Bryan Edward=Ed=Ted Jeffrey=Jeff=Geoffrey / Mary=Molly
   Patricia=Pat=Trish Jennifer=Jen=Jenny Elizabeth=Liz=Beth=Betsy Susan=Sue Jessica=Jess Sarah=Sara
   Margaret=Maggie=Meg=Peggy Kimberly=Kim Deborah=Deb=Debbie Anna=Ann=Anne Katherine=Kate=Katie=Catherine
   Christine=Chris=Tina Victoria=Vicky Theresa=Terry=Teresa / Smith Johnson Williams Brown Jones Miller Davis Wilson
   Anderson Taylor Thomas Moore Jackson Martin Lee Thompson White Harris Clark Lewis Walker King Wright Hill Green
   Baker Hall Campbell Mitchell O'Brien McDonald McCarthy Stephens Clarke / Ash Brad Carl Dun Gold Hart Ken Lang Mel
   Nor Oak Pem Stan Thorn Wal Whit Hol Cran Black / er ing el in en / ham ford ton worth ley wick field wood bury
   stone;
de: Thomas=Tom Michael=Michi Andreas=Andi Stefan=Stephan Peter Christian=Chris Markus=Marcus Klaus=Claus Jürgen Jörg
   Matthias=Mathias Hans-Peter=HP=Hans Günther=Günter / Sabine Petra Susanne=Susi Andrea Birgit Karin=Carin
   Stefanie=Steffi=Stephanie Katharina=Kathi=Katrin Elisabeth=Elli Anne-Kathrin=Anne Bärbel / Müller Schmidt Schneider
   Fischer Weber Meyer Wagner Becker Hoffmann Schäfer Koch Schröder Krüger Schmitt Meier Weiß / Ober Nieder Stein Eich
   Linden Birk Hasel Brand Feld Grün Hell Tann Wald Dorn Küh / en el er / berg mann meier bauer müller acker;
fr: Jean Pierre Philippe=Phil Nicolas=Nico Christophe=Chris Frédéric=Fred Stéphane=Steph Jérôme Jean-Pierre=JP=Jean /
   Marie Isabelle=Isa Catherine=Cathy Céline Valérie=Val Hélène Marie-Claire=Marie Chloé / Martin Bernard Robert Petit
   Lefebvre Gérard Durand Moreau / Beau Char Bois Mont Val Cour Font La Mar Pel Tré / de ve le / bert pont val mard
   leau;
es: Antonio=Toni José=Pepe Manuel=Manolo Francisco=Paco=Fran Javier=Javi Jesús José_Luis=José Alejandro=Alex / María
   Carmen Ana Lucía Mercedes=Merche Dolores=Lola Ana_María=Ana / García Rodríguez González Fernández López Martínez
   Sánchez Gómez Muñoz Álvarez Núñez / Al Bel Cas Es Gal Lar Mon Or Pal Que San Tor Zur / be ca da le ri / rrea nés
   tero quez;
cn: Wei Ming Lei Jian Xiaoming=Xiao_Ming Jianguo=Jian_Guo Chih-Ming / Li Min Jing Yan Xiaoli=Xiao_Li Meiling=Mei-Ling
   / Wang Li Zhang Liu Chen Huang Zhao Wu Lin He Xie Tsai / Si Ou Shang Xia Dong Nan Gong / a o / ma yang ge;
ar: Mohammed=Muhammad=Mohamed=Mohd Ahmed=Ahmad Ali Omar=Umar Hassan=Hasan Youssef=Yusuf=Yousef Khaled=Khalid
   Abdul_Rahman=Abdelrahman / Fatima=Fatma Aisha=Ayesha Mariam=Maryam Layla=Leila Noor=Nour / Hassan Khan Ahmed Ali
   Hussein Al-Sayed El-Masri Haddad / Al-Kha Al-Ra El-Ma Bou Had Mas Sha Zai Qas Far / ri mi ha li wa / rani dawi bi
   dini;
ru: Alexander=Aleksandr=Sasha Sergey=Sergei=Serhiy Dmitry=Dmitri=Dima Andrey=Andrei Mikhail=Misha
   Evgeny=Yevgeny=Eugene / Elena=Yelena=Olena Olga=Olha Natalia=Nataliya=Natasha Yulia=Julia=Yuliya / Ivanov Smirnov
   Kuznetsov Vasiliev Petrov Shevchenko / Be Bol Che Dol Gri Kar Lap Mar Os Sha Tar / da li no ro ti / kov nov shin
   chenko nin tsev dov rsky chuk
""")
"""Male and female first names ("=": other forms), surnames, and heads, middles and tails of rare surnames; common ones first."""

COUNTRIES = _table("""
US: 1 / com net us / Inc.|Inc|Incorporated LLC|L.L.C. Corp.|Corporation / en en en en en en es es es cn ar de ru /
   New_York|NYC|New_York,_NY|Manhattan=212 Chicago|Chicago,_IL|Evanston=312 Los_Angeles|LA|L.A.=213
   San_Francisco|SF|San_Fran=415 St._Louis|Saint_Louis|St_Louis_MO=314 / Technologies|Tech|Technology Systems|Sys
   Solutions Logistics Manufacturing|Mfg|Mfg. Foods Industries|Ind. Energy Consulting|Consultants Services|Svcs
   Group|Grp International|Intl|Int'l Insurance|Ins. / info support sales office / gmail.com outlook.com yahoo.com
   hotmail.com;
GB: 44 / co.uk com / Ltd|Ltd.|Limited|LTD PLC|plc / en en en en en en cn ar / London|Greater_London|London_EC2=20
   Manchester|M'chester|Salford=161 Birmingham|B'ham=121 Leeds=113 / Logistics Systems|Sys Engineering|Eng. Partners
   Group|Grp / info accounts / gmail.com hotmail.co.uk btinternet.com;
DE: 49 / de com eu / GmbH|Gmbh|G.m.b.H.|GmbH_&_Co._KG AG|Aktiengesellschaft / de de de de de de de ru ar /
   München|Munich|Muenchen|Unterhaching=89 Köln|Cologne|Koeln=221 Frankfurt_am_Main|Frankfurt|Frankfurt/M.=69
   Hamburg|HH=40 Nürnberg|Nuremberg|Nuernberg=911 / Technik|Tech Maschinenbau|Masch.bau Logistik Systeme Elektronik
   Werkzeugbau Software / info buchhaltung einkauf office / gmx.de web.de gmail.com t-online.de;
FR: 33 / fr com / SA|S.A. SAS|S.A.S. SARL / fr fr fr fr fr ar / Paris|Paris_8e|Paris_La_Défense|Paris_Cedex_08=1
   Lyon|Lyon_3e|Villeurbanne=4 Saint-Étienne|St_Etienne=47 / Industries Conseil Services Logistique Énergie Santé
   Transports|Transp. / contact compta / orange.fr gmail.com free.fr wanadoo.fr;
ES: 34 / es com / S.L.|SL|S.L.U. S.A.|SA / es / Madrid=91 Barcelona|BCN=93 A_Coruña|La_Coruña|La_Coruna=981 /
   Servicios Industrias Logística Sistemas Grupo / info administracion / gmail.com hotmail.com yahoo.es
""")
"""Dialling code, ends of domains, legal forms ("|": spellings), cultures, cities (=area code), trades, role mailboxes, freemail."""

RANKS = _table("""
MGR: {}_Manager Manager,_{} {}_Mgr {}_Mgr. / {}leiter;
DIR: Director_of_{} {}_Director Dir._{};
VP: VP_{} Vice_President,_{} VP_of_{} Vice_President_{} V.P._{} {}_VP;
SPE: {}_Specialist Specialist,_{};
HEAD: Head_of_{} Head_{} {}_Lead / Leiter_{};
CEO: CEO C.E.O. Managing_Director / Geschäftsführer;
EA: Executive_Assistant PA / Assistenz;
ENG: {}_Engineer Engineer,_{} {}_Eng.;
OWNER: Owner Founder Proprietor / Inhaber;
CFO: CFO C.F.O.
""")
"""Wordings of job titles, English and, after the slash, German ones."""

WORDS = _table("""
tasks: Sales|Business_Development Marketing|Mktg IT|Information_Technology|I.T. HR|Human_Resources Operations|Ops
   Finance|Accounting Purchasing|Procurement Customer_Service|Customer_Support Logistics|Supply_Chain R&D|Research
   Quality|QA;
firsts: Al Da Ka La Le Ma Na Ro Ta Vi / ron vin rio / nna lina;
brands: Nor Vel Al Quan Syn Bel Ax Cor Lum Zen Tri Nex Or Sol Ter Vi Kry Dyn Arc Mer Om Sil / va ta li co mi do nti /
   tek ra nix cor via sys tis lon dex ron mar;
places: Midland Alpine Northern Pacific Atlantic Pioneer Apex;
sounds: ph=f f=ph ck=k c=k k=c y=i i=y ie=ei ei=ie th=t ll=l l=ll ss=s nn=n n=nn sch=sh v=w w=v sen=son er=ar o=u;
work: {f}.{l} {f}.{l} {f}.{l} {g}{l} {g}{l} {f} {f}{m} {l} {f}-{l} {g}.{l} {l}{g} {l}.{f};
private: {f}.{l} {f}{l} {f}.{l}{n} {g}{l}{n} {f}{n} {l}.{f}{n} sunny{n} {l}{n};
ru: ov=off ev=eff sky=ski zh=j ch=tsch ya=ia;
ar: Al-=El_ Al-=Al El-=El_ q=k ou=u ss=s;
de: ü=ue ö=oe ä=ae ß=ss;
cn: Zh=Ch X=Hs;
en: Mc=Mc_ '=;
fr: é=e;
es: z=s;
first_name: test n/a - . Mr;
last_name: [not_provided] n/a - Unknown . test;
city: - n/a Unknown;
email: n/a unknown@unknown.com noemail@noemail.com;
phone: 555-555-5555 +1_555_0100 n/a;
company: Self n/a Private - Unknown;
title: Other n/a -;
small: firm_names_last_female_phone_suffix firm_last_phone firm_last_phone_mobile_private names_last_female
   firm_phone_rank_task_city;
other: firm_phone_rank_task_city names_last_female firm_names_last_female firm_names_female
   firm_names_last_female_initial firm_assistant
""")
"""Tasks, parts of made-up names, sounds, mail addresses, spellings by culture, placeholders by column, what look-alikes share."""
