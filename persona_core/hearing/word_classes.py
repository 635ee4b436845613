"""Classes of words in English, German, French, Spanish and Italian, case-folded.

Closed classes (pronouns, question words, auxiliaries, words that open a sentence) and the commonest verbs of request. They
are grammar, not phrases that were seen somewhere; a word that is in none of them is judged by its place alone.
"""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


OPENERS = word_set(
    "hey hi hello hallo yo oi ok okay oh ah aw uh um er hm hmm well so now then and but or alright right "
    "yes yeah yep no nope nah please sorry thanks thank dear good morning evening night bye wait come on "
    "listen look excuse me great cool nice perfect wow dude man guys seriously anyway actually und aber "
    "oder also ja nein nee na ach bitte danke guten gute morgen abend tag nacht tschüss sag mal warte "
    "genau et mais ou alors oui non dis bonjour bonsoir salut coucou merci pardon donc bon y pero o pues "
    "sí si oye hola gracias bueno buenas buenos días noches tardes dime vale perdona e ma allora ciao "
    "grazie scusa senti"
)
SECOND = word_set(
    "you your yours you're you've you'd you'll yourself ya u du dir dich dein deine deinen deiner euch "
    "ihr tu toi te vous tes votre t'as tú ti usted ustedes vosotros os contigo tuo tua"
)
FIRST = word_set("i i'm i've i'd i'll we we're we've ich wir je j'ai nous yo nosotros io noi")
OTHER_SUBJECTS = word_set(
    "it he she they there this that these those the my any er sie es das il elle ça ce eso"
)
THIRD = word_set(
    "she she's he he's her him hers his she'd she'll he'd he'll sie er ihr ihm ihn elle lui ella él lei"
)
ASKING = word_set(
    "what what's whats who who's whos whose whom which when when's where where's why how how's was wer "
    "wen wem wann wo warum wieso wie welche welcher welches wohin woher qui que quoi quel quelle quand où "
    "pourquoi comment combien qué quién quiénes cuándo dónde cómo cuál cuánto cuánta cuántos cuántas che "
    "chi cosa quando dove perché quanto"
)
AUXILIARIES = word_set(
    "is are am was were be do does did has have had can could will would shall should may might must "
    "isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't can't couldn't won't wouldn't "
    "shouldn't bist ist sind hast hat habt kannst kann könnt wirst wird willst magst weißt gibst machst "
    "war hatte würde könntest est ont peux peut sais fais avez pouvez puedes puede sabes tienes eres está "
    "estás es hai puoi sai sei è"
)
ORDERS = word_set(
    "tell give show play stop read set remind explain open repeat say look try help make put take turn "
    "write send check find pass come go get hold run do don't keep bring call ask add remove start pause "
    "pick choose count sing guess roll wait quiz correct describe teach spell translate save note "
    "mark move remember forget shut sag erzähl erzähle gib mach zeig spiel stell hilf warte hör komm nimm "
    "frag merk schreib erklär raconte donne lis joue montre mets arrête aide explique attends cherche "
    "rappelle cuenta cuéntame cuéntanos pon lee pásame ponme explica busca recuérdame dame racconta metti "
    "leggi"
)
ADVERBS = word_set(
    "never ever more most still maybe perhaps here there same true sure really exactly probably mine both "
    "none nothing again always later soon almost enough too very just only even yet already mir mehr nie "
    "immer noch auch doch meine jamais encore toujours plus nunca más siempre mai ancora sempre"
)
THANKS = word_set("thanks thank cheers thx ty danke dankeschön merci gracias grazie")
ANYBODY = word_set(
    "anyone anybody someone somebody anyone's somebody's jemand irgendwer quelqu'un alguien qualcuno"
)
GREETS = word_set("hey hi hello hallo yo oi oye hola salut ciao")
EVERYBODY = word_set(
    "anyone anybody everyone everybody someone somebody anyone's everyone's somebody's someone's guys "
    "folks y'all team jemand alle leute irgendwer quelqu'un tous alguien todos chicos qualcuno tutti "
    "ragazzi"
)
KIN = word_set(
    "mum mom mummy mommy dad daddy mama papa grandma grandpa granny oma opa maman mamie papi mamá papá "
    "abuela abuelo mamma babbo nonna nonno"
)
ANDS = word_set("and und et y e")
GOING_ON = word_set("and but or so because then und aber oder dann et mais ou alors y pero o entonces e ma")


# What is never taken for a name misheard
COMMON = OPENERS | ADVERBS | SECOND | FIRST | OTHER_SUBJECTS | ASKING | AUXILIARIES | EVERYBODY
