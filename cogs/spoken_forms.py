"""How people ask for something to be forgotten, and how they say yes and no, in English, German, French, Spanish, Italian, Portuguese and Dutch.

Patterns over words in small letters, without accents, hyphens and marks (``spoken_wishes.plain``). Data, and no rules.
"""

from __future__ import annotations

import re

# Minutes by how the unit is called; the longer ones first
UNITS = {
    r"half (?:an )?hour|halbe stunde|demi heure|media hora|mezz'ora|meia hora|half uur": 30.0,
    r"quarter (?:of )?an hour|quarter hour|viertelstunde|quart d'heure|cuarto de hora|quarto d'ora|kwartier": 15.0,
    r"hour and a half|heure et demie|hora y media": 90.0,
    r"seconds?|sekunden?|secondes?|segundos?|second[oi]|seconden": 1 / 60,
    r"minutes?|minuten?|minutos?|minuti|minuut": 1.0,
    r"hours?|stunden?|heures?|horas?|or[ae]|u(?:ur|ren)": 60.0,
    r"days?|tage?n?|jours?|journee|dias?|giorn[oi]|dag(?:en)?": 1440.0,
    r"weeks?|wochen?|semaines?|semanas?|months?|monate?n?|mois|mes|meses|years?|jahre?n?|ans|annees?|anos?|settiman[ae]|mes[ei]|ann[oi]|week|weken|maand(?:en)?|jaar": 10080.0,
}

_COUNTING = {
    1: "one a an ein eine einer einen un une uno una een um uma",
    2: "two couple zwei zwo paar deux dos due dois duas twee",
    3: "three drei trois tres tre drie",
    4: "four vier quatre cuatro quattro quatro",
    5: "five few several funf paar einigen quelques cinq cinco cinque vijf paar",
    6: "six sechs seis sei zes",
    7: "seven sieben sept siete sette sete zeven",
    8: "eight acht huit ocho otto oito",
    9: "nine neun neuf nueve nove negen",
    10: "ten zehn dix diez dieci dez tien",
    12: "twelve zwolf douze doce dodici doze twaalf",
    15: "fifteen funfzehn quinze quince quindici vijftien",
    20: "twenty zwanzig vingt veinte venti vinte twintig",
    25: "funfundzwanzig veinticinco",
    30: "thirty dreissig trente treinta trenta trinta dertig",
    40: "forty vierzig quarante cuarenta",
    45: "funfundvierzig",
    50: "fifty funfzig cinquante cincuenta",
    60: "sixty sechzig soixante sesenta",
    90: "ninety neunzig noventa",
    0: "of y et de",  # "a couple of", "cuarenta y cinco"
}
NUMBERS = {word: value for value, words in _COUNTING.items() for word in words.split()}
NUMBERS["a"] = NUMBERS["an"] = 0  # "a few", "a couple"; before the unit itself it is left out


def _anywhere(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\S)(?:{words})(?!\S)")


def _first(words: str) -> re.Pattern[str]:
    return re.compile(rf"^(?:{words})(?: |$)")


POLITE = _anywhere(
    "please|will you|bitte|s'il (?:te|vous) plait|por favor|per favore|per piacere|alsjeblieft|alstublieft"
)
OPENS = _first(
    "okay|ok|hey|hi|so|and|but|now|well|all right|alright|right|then|just|also|yes|yeah|sorry|um|uh|er|hm|und|aber"
    "|jetzt|mal|ja|et|mais|alors|bon|oui|euh|y|pero|bueno|entonces|vale|oye|eh|allora|dunque|beh|entao|agora|dus|nu"
)
ENDS = re.compile(
    "(?: |^)(?:now|again|okay|ok|for me|right away|immediately|at once|completely|thanks|thank you|then"
    "|from your memory|wieder|sofort|jetzt|mal|danke|gleich|fur mich|aus deinem gedachtnis|maintenant|merci"
    "|tout de suite|d'accord|de ta memoire|ahora|ya|gracias|ahora mismo|de tu memoria|adesso|subito|grazie|dalla tua memoria|agora|obrigad[oa]|da tua memoria|da sua memoria"
    "|even|maar|meteen|nu|dank je|bedankt|uit je geheugen)$"
)
OH = _first(
    "oh|ah|aw|ach|och|ugh|nah|pff|ay|bah|never mind|actually|wait|i mean|egal|warte"
)  # what follows is dismissed
ASKED = _first(
    "(?:can|could|would) you|i want you to|i would like you to|i'd like you to"
    "|(?:kannst|konntest|wurdest) du|(?:konnen|konnten|wurden) sie|(?:peux|pourrais) tu|(?:pouvez|pourriez) vous"
    "|est ce que tu (?:peux|pourrais)|puedes|podrias|podria|puoi|potresti|pode|podes|poderia|(?:kun|kan|wil|zou) je|kunt u"
)
ALLOWED = _first(
    "you (?:can|may|should|must)|du (?:kannst|darfst|sollst)|tu (?:peux|dois)|debes|devi|deves|deve|je (?:mag|kunt|moet)"
)

_UNIT = "(?P<unit>" + "|".join(UNITS) + ")"
_NUMBER = r"(?:(?P<number>[a-z0-9 ]{1,30}?) )??"  # "half an hour" is a unit, so without a number first

# English
_FORGET = "(?:forget|erase|delete)"
_LAST = rf"(?:the |my |these )?(?:last|past|previous) {_NUMBER}{_UNIT}"
_TODAY = "(?P<today>today|tonight|this (?:morning|afternoon|evening))"
_WE_SAID = (
    r"(?:i|we)(?:'ve| have| had)?(?P<just> just)? (?:said|told you|told|mentioned|shared|talked about|asked)"
    r"(?: to you| you)?(?: just now| right now| before| earlier| (?:a moment|a minute|just) ago)?"
)
_ENGLISH = (
    rf"{_FORGET} (?:that|this|all (?:of )?(?:that|this)|that (?:one|bit|part|sentence))",
    rf"{_FORGET} (?:(?P<all>everything|all|all of it|anything)|what|whatever|the things|that)(?: that)? {_WE_SAID}"
    rf"(?: (?:in |during |over |within |for |from )?(?:{_LAST}|{_TODAY}))?",
    rf"{_FORGET} (?:that )?(?:i|we)(?:'ve| have)?(?: just| ever)? (?:said|told you|mentioned)(?: that| this| it| anything)?",
    rf"{_FORGET} (?:everything |all )?(?:in |from |of )?{_LAST}(?: of (?:our|the|this) (?:talk|conversation|chat|call))?",
    rf"{_FORGET} (?:everything|all) (?:from |of )?{_TODAY}",
    rf"{_FORGET} (?:my|the) last (?:thing|sentences?|words?|bit|message|remark|question)(?: i said| i told you)?",
)
_ENGLISH_MORE = (
    rf"{_FORGET} (?:(?:everything|all|all of it) )?(?:about )?me",
    rf"{_FORGET} (?:everything|all|anything|what)(?: that)? you(?:'ve| have)? (?:know|heard|learned|remember|keep|kept|got|have)\b.*",
    rf"{_FORGET} (?:everything|it all|all of it)",
    rf"{_FORGET} (?:everything|all|what)(?: that)? (?:i|we)(?:'ve| have| had)?(?: ever)? (?:said|told you|mentioned)\b.*",
    rf"{_FORGET} (?:this|our|the)(?: whole| entire)? (?:conversation|talk|call|chat)",
)

# German
_VERGISS = "(?:vergiss|vergesst|vergessen sie|losche?|loschen sie)"
_VERGESSEN = "(?:vergessen|loschen)"
_LETZTE = rf"(?:die|der|den|das) letzten? {_NUMBER}{_UNIT}"
_HEUTE = "(?P<today>heute)"
_GESAGT = (
    r"ich (?:(?:dir|euch) )?(?:das )?(?P<just>gerade |grade |eben |vorhin |jetzt )?"
    rf"(?:(?:in )?{_LETZTE} |{_HEUTE} )?(?:gesagt|erzahlt|erwahnt) hab(?:e)?"
)
_DAS = (
    "(?:das|dies|das alles|alles das|das (?:eben|gerade|grade)|den letzten satz)",
    rf"(?:das |(?P<all>alles) )?was {_GESAGT}",
    rf"dass {_GESAGT}",
    rf"(?:alles )?(?:aus |von )?{_LETZTE}",
    rf"alles von {_HEUTE}",
)
_MICH = (
    "(?:mich|alles|alles uber mich|alles von mir)",
    r"(?:alles )?was du (?:uber mich|von mir) .*",
    r"(?:alles )?was ich .*",
    "(?:dieses|das|unser)(?: ganze| ganzes)? gesprach",
)

# French
_OUBLIE = "(?:oublie|oublies|oubliez|oublier|efface|effaces|effacez|effacer)"
_DERNIERES = rf"(?:les|la|le) {_NUMBER}dernier(?:e|s|es)? {_UNIT}"
_AUJOURDHUI = r"(?P<today>aujourd'hui|ce matin|ce soir)"
_DIT = r"(?:(?P<just>je viens de )(?:te |vous )?(?:dire|raconter)|j'ai (?:dit|raconte)|je (?:t'ai|vous ai) (?:dit|raconte))"
_FRENCH = (
    rf"{_OUBLIE} (?:ca|cela|ceci|tout ca|tout cela)",
    rf"{_OUBLIE} (?:(?P<all>tout) )?ce que {_DIT}(?: (?:pendant |dans |durant )?(?:{_DERNIERES}|{_AUJOURDHUI}))?",
    rf"{_OUBLIE} que {_DIT}(?: ca| cela)?",
    rf"{_OUBLIE} (?:tout )?(?:de )?{_DERNIERES}",
    rf"{_OUBLIE} (?:ma derniere phrase|mes derniers mots)",
)
_FRENCH_MORE = (
    rf"{_OUBLIE} (?:tout|tout sur moi|tout de moi)",
    rf"{_OUBLIE} (?:tout )?ce que tu .*",
    rf"{_OUBLIE} (?:tout )?ce que (?:je|j'ai) .*",
    rf"{_OUBLIE} (?:cette|notre|toute cette|toute la) (?:conversation|discussion)",
)

# Spanish
_OLVIDA = "(?:olvida|olvide|olvidar|olvides|borra|borre|borrar)"
_ULTIMOS = rf"(?:los|las|el|la) ultim[oa]s? {_NUMBER}{_UNIT}"
_HOY = "(?P<today>hoy|esta (?:manana|tarde|noche))"
_DIJE = r"(?:te )?(?:(?P<just>acabo de )(?:decir|decirte|contar|contarte)|he (?:dicho|contado)|dije|conte)"
_SPANISH = (
    rf"{_OLVIDA} (?:eso|esto|todo eso|todo esto)",
    rf"{_OLVIDA} (?:(?P<all>todo) )?lo que {_DIJE}(?: (?:en |durante )?(?:{_ULTIMOS}|{_HOY}))?",
    rf"{_OLVIDA} que {_DIJE}(?: eso| esto)?",
    rf"{_OLVIDA} (?:todo )?(?:de )?{_ULTIMOS}",
    rf"{_OLVIDA} (?:mi ultima frase|mis ultimas palabras)",
)
_SPANISH_MORE = (
    rf"{_OLVIDA} (?:todo|todo sobre mi|todo de mi)",
    rf"{_OLVIDA} (?:todo )?lo que sabes .*",
    rf"{_OLVIDA} (?:todo )?lo que (?:te )?(?:he|dije) .*",
    rf"{_OLVIDA} (?:esta|toda esta|nuestra) (?:conversacion|charla)",
)

# Italian
_DIMENTICA = "(?:dimentica|dimenticare|dimenticati|scorda|scordati|cancella|cancellare)"
_ULTIMI = rf"(?:gli |le |negli |nelle |degli |delle |l'|nell'|dell')ultim[oiae] {_NUMBER}{_UNIT}"
_OGGI = "(?P<today>oggi|stamattina|stasera)"
_DETTO = r"(?:ti )?ho (?P<just>appena )?(?:detto|raccontato)"
_ITALIAN = (
    rf"{_DIMENTICA} (?:questo|quello|cio|tutto questo|tutto quello)",
    rf"{_DIMENTICA} (?:(?P<all>tutto) )?(?:quello|cio) che {_DETTO}(?: (?:{_ULTIMI}|{_OGGI}))?",
    rf"{_DIMENTICA} che {_DETTO}(?: questo)?",
    rf"{_DIMENTICA} (?:tutto )?{_ULTIMI}",
)
_ITALIAN_MORE = (
    rf"{_DIMENTICA} (?:tutto|tutto (?:su )?di me|me)",
    rf"{_DIMENTICA} (?:tutto )?(?:quello|cio) che (?:tu )?sai .*",
    rf"{_DIMENTICA} (?:tutto )?(?:quello|cio) che (?:ti )?ho .*",
    rf"{_DIMENTICA} (?:questa|tutta questa|la nostra) (?:conversazione|chiacchierata)",
)

# Portuguese
_ESQUECE = "(?:esquece|esqueca|esquecer|apaga|apague|apagar)"
_ULTIMAS = rf"(?:os|as|o|a|nos|nas|no|na|dos|das|do|da) ultim[oa]s? {_NUMBER}{_UNIT}"
_HOJE = "(?P<today>hoje|esta (?:manha|tarde|noite))"
_DISSE = r"(?:eu )?(?:te |lhe )?(?:(?P<just>acabei de )(?:dizer|contar|falar)|disse|contei|falei)"
_PORTUGUESE = (
    rf"{_ESQUECE} (?:isso|isto|tudo isso|tudo isto)",
    rf"{_ESQUECE} (?:(?P<all>tudo) )?o que {_DISSE}(?: (?:{_ULTIMAS}|{_HOJE}))?",
    rf"{_ESQUECE} que {_DISSE}(?: isso| isto)?",
    rf"{_ESQUECE} (?:tudo )?{_ULTIMAS}",
)
_PORTUGUESE_MORE = (
    rf"{_ESQUECE} (?:tudo|tudo sobre mim|de mim|me)",
    rf"{_ESQUECE} (?:tudo )?o que (?:voce |tu )?(?:sabe|sabes) .*",
    rf"{_ESQUECE} (?:tudo )?o que (?:eu )?(?:te |lhe )?(?:disse|contei|falei) .*",
    rf"{_ESQUECE} (?:esta|toda esta|a nossa) (?:conversa|chamada)",
)

# Dutch
_VERGEET = "(?:vergeet|vergeten|wis|verwijder)"
_VERGETEN = "(?:vergeten|wissen|verwijderen)"
_LAATSTE = rf"(?:de|het) (?:laatste|afgelopen) {_NUMBER}{_UNIT}"
_VANDAAG = "(?P<today>vandaag|vanochtend|vanavond)"
_ZEI = (
    r"ik (?:(?:je|jou|jullie) )?(?P<just>net |zojuist |zonet )?"
    rf"(?:(?:in )?{_LAATSTE} |{_VANDAAG} )?(?:heb gezegd|gezegd heb|heb verteld|verteld heb|zei|vertelde)"
)
_DAT = (
    "(?:dat|dit|dat allemaal|dit allemaal)",
    rf"(?:(?P<all>alles) )?wat {_ZEI}",
    rf"dat {_ZEI}",
    rf"(?:alles )?(?:van |uit )?{_LAATSTE}",
    rf"alles van {_VANDAAG}",
)
_MIJ = (
    "(?:mij|me|alles|alles over mij|alles van mij)",
    r"(?:alles )?wat je (?:over|van) mij .*",
    r"(?:alles )?wat ik .*",
    "(?:dit|het|ons)(?: hele)? gesprek",
)

VERBS = re.compile(
    "forget|eras|delet|vergiss|vergess|losch|oubli|effac|olvid|borr|dimentic|scord|cancell|esque|apag|verge|verwijder"
)  # in each of these
# With "number", "unit": the last so many; "today"; "all" without "just": today as well; else: lately
_GERMAN = tuple(f"{_VERGISS} {what}" for what in _DAS)
_GERMAN_MORE = tuple(f"{_VERGISS} {what}" for what in _MICH)
_DUTCH = tuple(f"{_VERGEET} {what}" for what in _DAT)
_DUTCH_MORE = tuple(f"{_VERGEET} {what}" for what in _MIJ)
FORMS = tuple(map(re.compile, (*_ENGLISH, *_GERMAN, *_FRENCH, *_SPANISH, *_ITALIAN, *_PORTUGUESE, *_DUTCH)))
_MORE = (
    *_ENGLISH_MORE,
    *_GERMAN_MORE,
    *_FRENCH_MORE,
    *_SPANISH_MORE,
    *_ITALIAN_MORE,
    *_PORTUGUESE_MORE,
    *_DUTCH_MORE,
)
MORE = tuple(map(re.compile, _MORE))
# The same where the verb comes last, as it does behind "kannst du": only in a request
FORMS_ASKED = (
    *(re.compile(f"{what} {_VERGESSEN}") for what in _DAS),
    *(re.compile(f"{what} {_VERGETEN}") for what in _DAT),
)
MORE_ASKED = (
    *(re.compile(f"{what} {_VERGESSEN}") for what in _MICH),
    *(re.compile(f"{what} {_VERGETEN}") for what in _MIJ),
)
IT = re.compile(
    rf"{_FORGET} it|vergiss es|es {_VERGESSEN}|oublie le|olvidalo|dimenticalo|scordalo|esquec[ae]|vergeet het|het {_VERGETEN}"
)  # mostly it means "never mind"

# Answers to a question of hers
YES = _anywhere(
    "yes|yeah|yea|yep|yup|sure|of course|absolutely|definitely|go ahead|do it|do that|please do|ja|jo|jep|genau|klar"
    "|na klar|naturlich|mach das|mach es|oui|ouais|bien sur|vas y|fais le|si|claro|claro que si|hazlo|adelante|certo|fallo|sim|com certeza|pode|faca isso|jazeker|zeker|graag|doe maar|natuurlijk"
)
NO = _anywhere(
    "non farlo|non dimenticar(?:e|lo)|niet vergeten|don't forget (?:it|that)|please don't|don't|do not|no|nope|nah|keep (?:it|that)|never mind|better not|rather not"
    "|not now|stop|cancel|nein|nee|ne|lieber nicht|bitte nicht|nicht|behalte? (?:es|das)|non|garde (?:le|ca)"
    "|mejor no|guardalo|no lo hagas|tienilo|lascia stare|meglio di no|nao|melhor nao|guarda|guarde|neen|niet|liever niet|bewaar het|laat maar"
)
PADDING = _anywhere(
    "please|okay|ok|thanks|thank you|bitte|danke|gern|gerne|s'il (?:te|vous) plait|merci|por favor|gracias|oh|uh|um|hm|mm"
    "|well|right|all right|alright|just|now|then|i do|i'm|i am|you (?:may|can|should)"
    "|forget (?:it|that)|vergiss (?:es|das)|oublie (?:ca|le)|olvidalo|olvida eso|d'accord|vale|de acuerdo|per favore|per piacere|grazie|va bene|dimentica(?:lo| questo| quello)|obrigad[oa]|esquecer|esquec[ae](?: isso)?"
    "|alsjeblieft|alstublieft|dank je|bedankt|hoor|vergeet (?:dat|het)|dat mag"
)
