"""What gives away that something said is worth remembering: tables of expressions, in a few languages.

English is covered best. What none of these finds may still be found by the model that reflects; what these find is kept
without any model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cue:
    """One kind of thing worth remembering."""

    reason: str  # as it is told
    weight: float  # 0..1: how much it alone is worth
    pattern: re.Pattern[str]


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


_SELF = r"\b(?:can|could|would|will) you (?:please )?|^(?:\W*\w+[,:])?\W*(?:and |so |but |oh |okay |ok |hey )*(?:please |just |also |do )*"
# What is wished for follows the match.
WISH = _any(
    rf"(?:{_SELF})(?:remember|keep in mind|make a note|note)(?: (?:that|this|for me))?\b(?! (?:when|how|if|me\?|the time))[:,]?",
    r"\b(?:please|you (?:must|should|have to|need to)|i (?:want|need) you to|i'd like you to|so) remember(?: that)?\b[:,]?",
    r",? (?:so |and |but )*(?:please )?remember (?:that|this|it)(?: (?:please|for me|okay|ok))?\W*$",
    r"(?:\b(?:do not|don't|dont) |^\W*never )(?:you )?(?:ever )?forget(?: (?:that|this))?\b(?! (?:it|about it)\W*$)[:,]?",
    r"\b(?:merk dir|merke dir|denk dran|denk daran|vergiss (?:bitte )?nicht|erinner dich(?: daran)?)\b(?: bitte)?[:,]?(?: dass)?",
    r"\b(?:souviens[- ]toi|rappelle[- ]toi|n'oublie pas|retiens)\b(?: bien)?[:,]?(?: (?:que|qu'))?",
    r"\b(?:recuerda|acuérdate(?: de)?|no (?:te )?olvides?(?: de)?)\b[:,]?(?: que)?",
    r"\b(?:ricorda(?:ti)?|non (?:ti )?dimenticar(?:e|ti)?)\b[:,]?(?: che)?",
    r"\b(?:lembra-te|lembre-se|não (?:te )?esqueças?)\b[:,]?(?: (?:de )?que)?",
    r"\b(?:onthoud|vergeet niet)\b[:,]?(?: dat)?",
)

_DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTHS = r"(?:january|february|march|april|june|july|august|september|october|november|december)"
WHEN = _any(
    rf"\b(?:on|by|until|till|before|next|this|every) {_DAYS}s?\b|\b{_DAYS} (?:morning|afternoon|evening|night|at)\b",
    r"\b(?:tomorrow|tonight|the day after|next (?:week|weekend|month|year|summer|spring|autumn|fall|winter|time)|this weekend)\b",
    rf"\bin (?:a|an|one|two|three|four|five|six|\d+|a few|a couple of) (?:hours?|days?|weeks?|months?|years?)\b|\b(?:in|on|of|by) {_MONTHS}\b",
    rf"\b{_MONTHS} (?:the )?\d{{1,2}}|\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTHS}\b|\bat (?:\d{{1,2}}(?::\d\d)?|noon|midnight)\b",
    r"\b(?:morgen|übermorgen|am (?:mon|diens|donners|frei|sams|sonn)tag|am mittwoch|nächste[ns]? (?:woche|monat|jahr))\b",
    r"\b(?:demain|la semaine prochaine|le mois prochain|(?:lun|mar|mercre|jeu|vendre|same)di(?: prochain)?)\b",
    r"\b(?:mañana|la semana que viene|el (?:lunes|martes|miércoles|jueves|viernes|sábado|domingo))\b",
)
_EVENT = r"(?:interview|exam|test|appointment|wedding|funeral|surgery|operation|flight|trip|vacation|holiday|meeting|date|party|birthday|concert|race|marathon|deadline|presentation|audition|hearing|first day|due date|results?|visit|show|game|match|recital|graduation|reunion)"
PLAN = _any(
    r"\b(?:i|we)(?:'m| am|'re| are) (?:going to|gonna|planning|flying|leaving|moving|starting|getting|having|seeing|meeting|driving|travell?ing|visiting|taking|running|doing|signed up)\b",
    r"\b(?:i|we)(?:'ll| will| have to| need to| want to| plan to|'ve got to| got to)\b",
    rf"\b(?:i|we)(?:'ve| have| had)?(?: got)? (?:a|an|my|our|the)\b(?: \w+){{0,3}} {_EVENT}\b",
    rf"\b(?:my|our) (?:\w+ ){{0,2}}{_EVENT} (?:is|starts|begins|will|'s)\b",
    r"\bmy (?:\w+ ){1,3}(?:starts?|is|has|gets|turns|leaves|arrives|comes|moves|flies|visits?)\b",
    r"\b(?:ich (?:habe|werde|fahre|fliege|muss)|je (?:vais|dois|pars)|tengo|voy a|vou|devo)\b",
)

FACT_KINDS: dict[str, re.Pattern[str]] = {
    "home": _any(
        r"\bi(?:'ve| have)?(?:'m| am)? ?(?:just |now |finally |recently |actually |only |don't |do not |no longer )*(?:live|lived|living|moved|move|moving|relocated)\b(?! on\b| forward| the )",
        r"\b(?:i'm|i am|i come) (?:originally )?from [a-zÀ-ž]|\bi grew up in\b|\bmy (?:new |old )?(?:flat|apartment|house|home|hometown)\b",
        r"\b(?:ich (?:wohne|lebe|komme aus)|bin (?:nach|aus) |j'habite|je vis à|vivo en|moro em|abito a)\b",
    ),
    "job": _any(
        r"\bi(?:'m| am)? ?(?:now |just |currently |actually |still |recently |don't |do not |no longer )*(?:work|worked|working) (?:as|at|for|in|with|from)\b|\bmy (?:new |old )?(?:job|boss|company|career|coworkers?|colleagues?)\b",
        r"\bi(?:'m| am)? (?:just |finally |recently )*(?:quit|quitting|resigned|retired|got (?:fired|laid off|promoted|hired|the job|a (?:new )?job)|lost my job|started (?:at|as|a new job|my own))\b",
        r"\bi(?:'m| am) (?:a|an|the) (?:\w+ ){0,2}(?:teacher|nurse|doctor|engineer|student|developer|programmer|driver|artist|writer|musician|cook|chef|lawyer|designer|manager|baker|carpenter|electrician|plumber|gardener|librarian|photographer|scientist|researcher|therapist|accountant|pilot|farmer|vet|dancer|actor|journalist|translator)\b",
        r"\bi(?:'m| am)? ?stud(?:y|ied|ying) [a-z]|\b(?:ich arbeite|je travaille|trabajo (?:en|como|de)|trabalho)\b",
    ),
    "family": _any(
        r"\bmy (?:\w+ )?(?:wife|husband|girlfriend|boyfriend|partner|fianc[eé]e?|ex|mum|mom|mother|dad|father|parents|brother|sister|son|daughter|kids?|children|baby|grandma|grandmother|grandpa|grandfather|aunt|uncle|cousin|niece|nephew|family|twins)\b",
        r"\bi(?:'m| am|'ve| have)? (?:just |now )*(?:got |get |getting )?(?:married|engaged|divorced|pregnant|single|widowed)\b|\bwe broke up\b",
        r"\b(?:meine? (?:frau|mann|mutter|vater|schwester|bruder|tochter|sohn|freundin)|ma (?:femme|mère|sœur|fille)|mon (?:mari|père|frère|fils)|mi (?:mujer|esposa|marido|madre|padre|hermana|hermano|hija|hijo))\b",
    ),
    "pet": _any(
        r"\b(?:my|our) (?:\w+ ){0,2}(?:dog|cat|puppy|kitten|hamster|rabbit|parrot|horse|pets?|bees|chickens|tortoise|goldfish)\b",
        r"\b(?:i|we)(?:'ve| have)?(?: got| just got| adopted| have)? (?:a|an|two|three) (?:\w+ ){0,2}(?:dog|cat|puppy|kitten|hamster|rabbit|parrot|horse|tortoise)s?\b",
        r"\b(?:mein hund|meine katze|mon chat|mon chien|mi perro|mi gato)\b",
    ),
    "likes": _any(
        r"\bi (?:really |absolutely |still |just |also )*(?:love|adore|hate|can't stand|prefer|enjoy|dislike|am allergic|collect)\b(?! (?:it|that|this|you|how|your|to hear|the way)\b)",
        r"\bmy (?:all-time )?(?:favou?rite|hobby|hobbies|passion)\b|\bi(?:'m| am) (?:allergic|vegan|vegetarian|afraid of|scared of|into|a (?:big |huge )?fan of|obsessed)\b",
        r"\bi (?:play|played|paint|knit|sing|climb|sail|bake|garden|surf|write) (?!it\b|that\b|along\b)\w+|\b(?:ich (?:liebe|hasse|mag)|j'adore|je déteste|me encanta|odio|adoro)\b",
    ),
    "self": _any(
        r"\bmy name is\b|\bcall me [A-Z]|\bmy pronouns\b|\bi(?:'m| am) (?:\d{1,2}|twenty|thirty|forty|fifty|sixty)\b|\bmy birthday\b|\bi was born\b",
        r"\b(?:ich heiße|je m'appelle|me llamo|mi chiamo)\b",
    ),
}
# Whose place is taken: "not Berlin any more"
NEGATED = re.compile(
    r"(?:\b[Nn]ot|n't|\b[Nn]o longer|nicht mehr in|ya no \w+ en)(?: \w+)? (?:in |at |from |for |with )?([A-ZÀ-Þ]\w+)"
)
SINGLE = frozenset(
    {"home", "job", "self"}
)  # of which one holds at a time: a new one takes the place of the old

CORRECTION = _any(
    r"^\W*(?:no|actually|wait|sorry)\b[, ].{0,40}\b(?:i|we|my|it's|it is|that's)\b|\bactually,? (?:i|we|my|it's)\b",
    r"(?:\bnot|n't|\bno) (?:\w+ ){0,5}(?:any ?more|any longer)\b|\bno longer\b|\bused to\b.{0,60}\bbut\b|\bi meant\b|\bi was wrong\b|\bthat's (?:wrong|not right|not true)\b",
    r"\b(?:changed|moved|switched|instead of|these days|since then)\b.{0,60}\b(?:now|from|to|instead)\b|\bit's (?:\w+ )?(?:now|not)\b|\bnot \w+,? but \w+|, not [A-Z]\w+",
    r"\bactually\b.{0,40}$|\bi(?:'m| am|'ve| have)? (?:just |finally |recently |now )*(?:moved|moving|quit|quitting|switched|changed|left|sold|stopped|resigned|retired|gave up)\b",
    r"\b(?:nicht mehr|eigentlich|ne .{1,30} plus|en fait|ya no|en realidad|non .{1,20} più|já não)\b",
)

CUES = (
    Cue("an explicit wish", 1.0, WISH),
    Cue(
        "strong feeling",
        0.7,
        _any(
            r"\b(?:died|passed away|funeral|cancer|miscarriage|divorce[d]?|broke up|heartbroken|devastated|grieving|suicid\w+|panic attack|depress(?:ed|ion)|burn(?:ed|t) out|in (?:the )?hospital|accident)\b",
            r"\b(?:i(?:'m| am| was|'ve been| feel| felt)|so|really|absolutely) (?:\w+ ){0,2}(?:terrified|scared|ashamed|furious|lonely|hopeless|miserable|overwhelmed|thrilled|ecstatic|over the moon|proud(?! (?:of|to be) )|relieved|overjoyed|crying|in tears|anxious|nervous|excited|heartbroken|devastated)\b",
            r"\bi (?:cried|couldn't stop crying|love you|hate myself|miss (?:him|her|them|my \w+|you))\b|\b(?:best|worst) (?:day|news|night|thing) (?:of|in|ever)\b",
            r"\b(?:ich habe (?:so )?angst|ich bin so (?:traurig|glücklich|stolz)|gestorben|je suis (?:tellement|si)|estoy muy (?:triste|feliz|orgullos\w)|murió|morreu|è morto)\b",
        ),
    ),
    Cue("a correction", 0.35, CORRECTION),
)
DECISION = _any(
    r"\b(?:i|we)(?:'ve| have)? (?:just |finally )?(?:decided|made up (?:my|our) minds?|agreed|chose|signed)\b|\bi(?:'m| am) going to (?:quit|stop|start|try|propose|apply|move|sell|buy)\b|\bi promise\b|\bi swear i\b",
    r"\b(?:ich habe (?:mich )?entschieden|j'ai décidé|he decidido|ho deciso|decidi)\b",
)
HER_WORD = _any(
    r"\bi(?:'ll| will) (?:\w+ )?(?:ask|remind|check|tell|think|look|keep|try|find|bring|call|write|remember|be there|wait|help|make sure)\b|\bi promise\b|\bremind me to\b",
)
LATELY = _any(
    rf"\b(?:yesterday|last (?:night|week|weekend|month|year|summer|{_DAYS})|this (?:morning|week|weekend|month)|the other day|recently|(?:days?|weeks?|months?|years?) ago|a while back|finally|just)\b",
    r"\b(?:gestern|letzte[ns]? (?:woche|monat|jahr)|hier soir|la semaine dernière|ayer|la semana pasada|ontem|ieri)\b",
)
HAPPENED = _any(
    r"\b(?:i|we)(?:'ve| have)?(?: \w+ly| just| all)? (?:went|had|took|started|joined|finished|bought|sold|met|visited|won|lost|signed|ran|attended|participated|launched|opened|adopted|celebrated|hiked|camped|travel+ed|passed|failed|graduated|broke|hurt|learned|found out|applied|donated|volunteered|performed|painted|created|helped|hosted|organi[sz]ed|got (?:a|an|my|the|some|back|into|hurt|sick|robbed))\b",
)
EVENTS = _any(rf"\b{_EVENT}\b")
# What is addressed to a machine rather than to her. It is data, and worth nothing as such.
ORDERS = _any(
    r"\b(?:ignore|disregard|override|bypass) (?:\w+ ){0,3}(?:instructions?|rules|prompts?|guidelines|programming|orders)\b",
    r"\bforget (?:all |about |everything in )*(?:your|previous|the above) (?:\w+ ){0,2}(?:instructions?|rules|prompts?|guidelines|programming|orders)\b",
    r"\b(?:system|developer) (?:prompt|message)\b|\b(?:print|output|repeat|show|tell|give) (?:\w+ ){0,3}(?:prompt|instructions)\b",
    r"\b(?:reveal|leak) (?:\w+ ){0,3}(?:prompt|instructions|secrets?|passwords?|tokens?|memory|memories|what \w+ (?:told|said))\b",
    r"\byou (?:must|have to|shall)(?: \w+)? (?:always|never|only)\b|\byou (?:must|shall) (?:reveal|obey|answer|tell (?:me|us) (?:what|everything))\b",
    r"\byou are now (?:a|an|called|known as|no longer|free)\b|(?:^\W*|please |you |and )(?:pretend (?:to be|you are)|act as)\b|\bfrom now on,? you\b",
    r"\b(?:new|updated) (?:instructions|rules) (?:for|are)\b|\bjailbreak\b|\bdan mode\b",
    r"\b(?:ignoriere|ignorez|ignora|ignore) (?:\w+ ){0,3}(?:anweisungen|instruktionen|instructions|instrucciones|istruzioni|instruções)\b",
)
