"""Short forms of first names: a hint that two names may be one, never a proof."""

from __future__ import annotations

from functools import cache

__all__ = ["GROUPS", "groups_of"]

GROUPS = """
abigail abby abbie gail|abraham abe bram|adelaide addie adele|adrian ade|agnes aggie nessa|aidan aden|alan al allan allen
albert al bert bertie albie|alejandro alex ale alejo|alexander alex al xander sandy sasha alec lex sander|alexandra alex sandra sandy lexi sasha
alfred al alf alfie fred freddie|alice ali allie elsie|alison ali allie|amanda mandy manda|amelia amy millie mia|anastasia ana stacy stasia
andrew andy drew|andreas andi|angela angie ang|ann anne anna annie nan nancy hannah|annabel bella anna|anthony tony ant|antonio tony toni
archibald archie|arnold arnie|arthur art artie|augustus gus august|barbara barb babs barbie|bartholomew bart|beatrice bea trixie betty
benedict ben|benjamin ben benny benji|bernard bernie barney|bradley brad|brandon bran|brenda bren|bridget biddy bridie|calvin cal|cameron cam
caroline carrie caro carol|carolyn carrie lynn|cassandra cass cassie sandra|catherine kate katie cathy cat kitty cate kat kathy
katherine kate katie kathy kat kitty kay kath kathryn catherine katharine|cecilia cissy celia cece|charles charlie chuck chas chaz carl
charlotte charlie lottie lotte char|chester chet|christian chris|christina chris tina chrissy christine kristina|christopher chris kit topher kris
clarence clare|claudia claudie|clifford cliff|clinton clint|constance connie|cornelius neil|curtis curt|cynthia cindy|daniel dan danny
danielle dani|david dave davy davey|deborah deb debbie debra|delbert del bert|dennis den denny|derek del rick|desmond des|diana di diane
dominic dom nick|donald don donny|dorothy dot dottie dolly dora|douglas doug|duncan dunc|edgar ed eddie|edith edie|edmund ed eddie ned ted
edward ed eddie ned ted teddy|edwin ed eddie win|eleanor ellie nell nora elle lenore|elizabeth liz beth lizzie betty eliza betsy libby elsie lisa liza bess
ellen nell ellie nellie|emily em emmy millie|emma em|erica ricki|eric rick ricky|ernest ernie|esther essie hester|ethan eth|eugene gene|evelyn eve evie
ezekiel zeke|felicity fliss|ferdinand ferdy|florence flo florrie flossie|frances fran franny fanny frankie|francis frank fran frankie
francisco paco pancho fran cisco frank|franklin frank|frederick fred freddie freddy rick fritz friedrich|frederica freddie rica erica|gabriel gabe|gabriella gabby ella
geoffrey geoff jeff|george georgie|georgina georgie gina|gerald gerry jerry|geraldine gerry|gertrude gertie trudy|gilbert gil bert|giovanni gianni nino gio
giuseppe beppe peppe|graham gray|gregory greg|guillermo memo|gwendolyn gwen wendy|hannah nan|harold hal harry|harriet hattie|heather hettie|helen nell lena nellie
henrietta etta hetty|henry harry hank hal|herbert herb bert|hilary hil|howard howie|hubert hugh bert hub|hugo hugh|ignacio nacho|ignatius iggy|irene rene
isaac ike zak|isabella bella izzy isa|isabel izzy bel bella|isadora dora|jacob jake jay jacobs|jacqueline jackie jacqui|james jim jimmy jamie jem
jane janie jenny|janet jan|janice jan|jason jay|jeanette jean|jeffrey jeff|jennifer jen jenny jenn|jeremiah jerry jem|jeremy jerry jez
jerome jerry|jessica jess jessie|jesus chuy|joan joanie|joanna jo joan joanne|johannes hans johann jan|john jack johnny jon jock|jonathan jon john jonny nathan
joseph joe joey jo|josephine jo josie|joshua josh|jose pepe|juan juanito|judith judy jude|julia julie jules|julian jules|juliet julie|justin jus
kenneth ken kenny|kevin kev|kimberly kim|kristin kris|lambert bert|laura laurie|lauren laurie|laurence larry laurie lawrence loz|leo leon|leonard len lenny leo
leroy roy|leslie les|lester les|levi lee|lewis lew louis|lillian lily lil|linda lindy lynn|lorraine lorrie|louis lou louie|louise lou|lucas luke|lucille lucy
luis lucho|madeline maddie maddy|magdalena lena magda maggie|malcolm mal|manuel manny manolo|marcus mark marc|margaret maggie meg peggy marge daisy greta madge rita margie
maria mary mia|marianne mary anne|marilyn mary|marjorie marge|marion mary|martha marty patty|martin marty|martina tina|mary molly polly mamie may|matilda tilly mattie
matthew matt matty|maureen mo|maurice mo morris|maximilian max|maxwell max|megan meg|melanie mel|melissa mel missy lissa|melvin mel|mercedes mercy|meredith merry
michael mike mick mickey micky mikey mitch micah|michelle shelly chelle|mildred millie|miranda randy mira|miriam mimi|mitchell mitch|mohammed mo mohamed muhammad mohammad
montgomery monty|morgan mo|nancy nan|natalie nat tally|natasha tasha nat|nathan nate nat|nathaniel nate nat nathan|nicholas nick nicky nico nic|nicole nicky nikki nic
nikolai nick kolya|norman norm|oliver ollie|olivia liv livvy|oscar ossie|oswald ozzy|pamela pam|patricia pat patty trish tricia|patrick pat paddy rick|paul paulie
pauline polly|pedro perico|penelope penny|percival percy|peter pete|petra pet|philip phil pip phillip|philippa pippa pip|phyllis phyl|priscilla cilla prissy
rachel rae|ralph rafe|ramon ray|randall randy|randolph randy|raphael rafe raf rafa|raymond ray|rebecca becky becca beck|reginald reg reggie|renata rena
rene ren|ricardo rick ricky|richard rick dick rich ricky richie dickie|robert bob rob bobby robbie bert hob robin hobkin|roberta bobbie robbie berta|roberto beto|roderick rod|rodney rod
rodolfo rudy|roger rodge|roland rollie|ronald ron ronnie|rosalind ros|rosemary rose rosie|rosa rosie|rudolph rudy|rupert bert rob|russell russ rusty|ruth ruthie
salvador sal|salvatore sal|samantha sam sammy|samuel sam sammy|sandra sandy|santiago santi|sarah sally sadie sara|sebastian seb bastian|sergio checo|seymour sy
sharon shaz|sheila shelly|shirley shirl|sidney sid|silvester sly|silvia syl|simon si|sofia sophie|solomon sol|sophia sophie|stanley stan|stephanie steph stevie
stephen steve stevie steven ste|stuart stu|susan sue susie suzy|susanna sue susie|sylvester sly|tabitha tabby|tamara tammy|terence terry|teresa terri tess tracy theresa terry
theodore ted teddy theo|thomas tom tommy thom|tiffany tiff|timothy tim timmy|tobias toby|tracy trace|valentina val|valerie val|vanessa nessa|veronica ronnie vera
vicente chente|victor vic|victoria vicky tori vic|vincent vince vinny|viola vi|virginia ginny ginger|vivian viv|vladimir vlad vova|walter walt wally
wendy wen|wesley wes|wilfred wilf fred|wilhelm willi will|wilhelmina billie mina minnie|william bill will billy willie willy liam|winifred win winnie|yolanda yoli|yvonne vonnie
zachary zach zack zak|zoe zo|alexei alyosha lyosha|dmitri dima mitya|ekaterina katya|mikhail misha|natalia natasha|sergei seryozha|tatiana tanya|yevgeny zhenya|guadalupe lupe
enrique kike quique|eduardo edu lalo|francesca fran franca|gustavo gus|ignacy ignac|leonardo leo|rafael rafa|roberto rob|fernando nando|federico fede|beatriz bea|cristina cris
johannes hans hannes|josef sepp jupp pepi|ulrich uli ulli|wolfgang wolfi wolf|anton toni|nikolaus klaus niko|stefanie steffi|susanne susi|katharina kathi kati katrin
ursula uschi ulla|gabriele gabi|matthias matze hias|juergen jurgen|friedrich fritz|heinrich heinz heiner|guenther gunther guenter|konrad kurt conny|manfred manni
bernhard bernd|gerhard gerd|dietrich dieter|elisabeth lisa lisbeth elli sissi|margarete grete gretel greta|johanna hanna|franziska franzi|sebastian basti|benedikt bene
dolores lola|concepcion concha conchita|pilar pili|rosario charo|mercedes merche|jose ze pepe|javier javi|francisco chico paco kiko|enrique quique kike|jose chema
antonio tono|isabel isa maribel|maria mari|teresa tere|montserrat montse|jorge coque|carlos charly|rafael rafa|ignacio nacho|eduardo edu duda|manuel manolo lolo
joaquin quino|consuelo chelo|encarnacion encarna|emmanuel manu|frederic fred|philippe phil|stephane steph|dominique domi|veronique vero|catherine cathy|alexandre alex
christophe chris tof|benoit ben|luigi gigi gino|filippo pippo|alessandro sandro ale|gabriele lele|vincenzo enzo|lorenzo enzo renzo|francesco franco checco|giuseppe pino peppe beppe
domenico mimmo|salvatore toto|katarzyna kasia|malgorzata gosia|joanna asia|tomasz tomek|krzysztof krzysiek krzys|piotr piotrek|jan janek jas|zofia zosia|anna ania|barbara basia
wojciech wojtek|bartosz bartek|bartlomiej bartek|grzegorz grzesiek|aleksandra ola|agnieszka aga|ivan vanya|elena lena alyona|olga olya|maria masha|anastasia nastya|pavel pasha
pyotr petya|yuri yura|vyacheslav slava|anatoly tolya|konstantin kostya|irina ira|svetlana sveta|lyudmila lyuda luda|sergey sergei serge serhii|alexey alexei aleksey oleksii
yulia julia iuliia|dmitry dmitri dmitriy dmytro|andrey andrei andrii|mehmet memo mehmed muhammed|mustafa musti|muhammad mohammed mohamed mohammad muhammed mohamad|ahmed ahmad ahmet
hussein husain hussain hossein|yousef yusuf youssef joseph|abdul abdel abd|cornelis kees|hendrik henk|pieter piet|willem wim pim|jacobus koos|lars lasse|karl kalle|per pelle|erik erick eric
aleksander aleksandr alexander olek sasha|mikael micke michael|henrik henning|lakshmi laxmi
"""


@cache
def groups_of() -> dict[str, tuple[int, ...]]:
    """Name to the numbers of the groups that it stands in."""
    found: dict[str, list[int]] = {}
    for number, group in enumerate(GROUPS.replace("\n", "|").split("|")):
        for name in group.split():
            found.setdefault(name, []).append(number)
    return {name: tuple(numbers) for name, numbers in found.items()}
