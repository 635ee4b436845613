"""What she says aloud when somebody asks her to forget, in the language they asked in. Data; she has a voice for some of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cogs.spoken_wishes import Last, Today
from memory.forget import POSTS


@dataclass(frozen=True, slots=True)
class Lines:
    """Of one language. ``{n}`` stands for a number of at least two."""

    question: str  # {when}: one of the next five
    minute: str
    minutes: str
    hour: str
    hours: str
    today: str
    kept: str
    shown_first: str
    failed: str
    forgotten: str  # {what}
    nothing: str
    places: Mapping[str, tuple[str, str]]  # of a receipt: one, and many; with their number before them
    joined: str
    numbers: str  # in words, from two on

    def ask(self, wished: Last | Today) -> str:
        return self.question.format(when=self._when(wished))

    def done(self, counts: Mapping[str, int]) -> str:
        """``counts``: what went, by the place it was in; some of it is not worth a word."""
        parts = [
            f"{count} {names[count != 1]}"
            for place, names in self.places.items()
            if (count := counts.get(place))
        ]
        if not parts:
            return self.nothing
        what = f" {self.joined} ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
        return self.forgotten.format(what=what)

    def _when(self, wished: Last | Today) -> str:
        if isinstance(wished, Today):
            return self.today
        minutes = wished.minutes
        hours = minutes // 60 if minutes % 60 == 0 else 0
        count, one, many = (hours, self.hour, self.hours) if hours else (minutes, self.minute, self.minutes)
        words = self.numbers.split()
        return one if count == 1 else many.format(n=words[count - 2] if count - 2 < len(words) else count)


def _places(
    line: str, lines: str, note: str, notes: str, post: str, posts: str
) -> dict[str, tuple[str, str]]:
    return {"turns": (line, lines), "journal": (note, notes), POSTS: (post, posts)}


LINES = {  # by ISO 639-1
    "en": Lines(
        question="Shall I forget what you said {when}? Say yes or no.",
        minute="in the last minute",
        minutes="in the last {n} minutes",
        hour="in the last hour",
        hours="in the last {n} hours",
        today="today",
        kept="All right, I keep it.",
        shown_first="I would rather show you first what would go. Type slash forget in the chat.",
        failed="I could not forget it just now. Type slash forget in the chat, please.",
        forgotten="It is forgotten: {what}.",
        nothing="It is forgotten. I had kept nothing of it.",
        places=_places("line", "lines", "note", "notes", "post", "posts"),
        joined="and",
        numbers="two three four five six seven eight nine ten eleven twelve",
    ),
    "de": Lines(
        question="Soll ich vergessen, was du {when} gesagt hast? Sag ja oder nein.",
        minute="in der letzten Minute",
        minutes="in den letzten {n} Minuten",
        hour="in der letzten Stunde",
        hours="in den letzten {n} Stunden",
        today="heute",
        kept="Gut, ich behalte es.",
        shown_first="Ich zeige dir lieber erst, was dann weg wäre. Tippe Schrägstrich forget in den Chat.",
        failed="Ich konnte es gerade nicht vergessen. Tippe bitte Schrägstrich forget in den Chat.",
        forgotten="Es ist vergessen: {what}.",
        nothing="Es ist vergessen. Ich hatte nichts davon aufgehoben.",
        places=_places("Zeile", "Zeilen", "Notiz", "Notizen", "Nachricht", "Nachrichten"),
        joined="und",
        numbers="zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    ),
    "fr": Lines(
        question="Dois-je oublier ce que tu as dit {when} ? Dis oui ou non.",
        minute="pendant la dernière minute",
        minutes="pendant les {n} dernières minutes",
        hour="pendant la dernière heure",
        hours="pendant les {n} dernières heures",
        today="aujourd'hui",
        kept="D'accord, je le garde.",
        shown_first="Je préfère te montrer d'abord ce qui partirait. Tape barre oblique forget dans le chat.",
        failed="Je n'ai pas pu l'oublier. Tape barre oblique forget dans le chat, s'il te plaît.",
        forgotten="C'est oublié : {what}.",
        nothing="C'est oublié. Je n'en avais rien gardé.",
        places=_places("ligne", "lignes", "note", "notes", "message", "messages"),
        joined="et",
        numbers="deux trois quatre cinq six sept huit neuf dix onze douze",
    ),
    "es": Lines(
        question="¿Quieres que olvide lo que has dicho {when}? Di sí o no.",
        minute="en el último minuto",
        minutes="en los últimos {n} minutos",
        hour="en la última hora",
        hours="en las últimas {n} horas",
        today="hoy",
        kept="De acuerdo, lo guardo.",
        shown_first="Prefiero mostrarte antes lo que se borraría. Escribe barra forget en el chat.",
        failed="No he podido olvidarlo ahora. Escribe barra forget en el chat, por favor.",
        forgotten="Está olvidado: {what}.",
        nothing="Está olvidado. No había guardado nada de eso.",
        places=_places("línea", "líneas", "nota", "notas", "mensaje", "mensajes"),
        joined="y",
        numbers="dos tres cuatro cinco seis siete ocho nueve diez once doce",
    ),
    "it": Lines(
        question="Devo dimenticare quello che hai detto {when}? Di' sì o no.",
        minute="nell'ultimo minuto",
        minutes="negli ultimi {n} minuti",
        hour="nell'ultima ora",
        hours="nelle ultime {n} ore",
        today="oggi",
        kept="Va bene, lo tengo.",
        shown_first="Preferisco mostrarti prima che cosa sparirebbe. Scrivi barra forget nella chat.",
        failed="Ora non mi è possibile dimenticarlo. Scrivi barra forget nella chat, per favore.",
        forgotten="È dimenticato: {what}.",
        nothing="È dimenticato. Non ne avevo tenuto nulla.",
        places=_places("riga", "righe", "nota", "note", "messaggio", "messaggi"),
        joined="e",
        numbers="due tre quattro cinque sei sette otto nove dieci undici dodici",
    ),
    "pt": Lines(
        question="Devo esquecer o que você disse {when}? Diga sim ou não.",
        minute="no último minuto",
        minutes="nos últimos {n} minutos",
        hour="na última hora",
        hours="nas últimas {n} horas",
        today="hoje",
        kept="Está bem, eu guardo.",
        shown_first="Prefiro mostrar antes o que desapareceria. Escreva barra forget no chat.",
        failed="Não consegui esquecer agora. Escreva barra forget no chat, por favor.",
        forgotten="Está esquecido: {what}.",
        nothing="Está esquecido. Eu não tinha guardado nada disso.",
        places=_places("linha", "linhas", "nota", "notas", "mensagem", "mensagens"),
        joined="e",
        numbers="",  # "two" is another word with hours than with minutes; a voice reads figures rightly
    ),
    "nl": Lines(
        question="Zal ik vergeten wat je {when} hebt gezegd? Zeg ja of nee.",
        minute="in de laatste minuut",
        minutes="in de laatste {n} minuten",
        hour="in het laatste uur",
        hours="in de laatste {n} uur",
        today="vandaag",
        kept="Goed, ik bewaar het.",
        shown_first="Ik laat je liever eerst zien wat er weg zou gaan. Typ slash forget in de chat.",
        failed="Ik kon het nu niet vergeten. Typ alsjeblieft slash forget in de chat.",
        forgotten="Het is vergeten: {what}.",
        nothing="Het is vergeten. Ik had er niets van bewaard.",
        places=_places("regel", "regels", "notitie", "notities", "bericht", "berichten"),
        joined="en",
        numbers="twee drie vier vijf zes zeven acht negen tien elf twaalf",
    ),
}
ENGLISH = LINES["en"]


def language_for(language: str, voices: frozenset[str]) -> str:
    """The language to ask back in; ``voices``: those that she has a voice for."""
    return language if language in LINES and language in voices else "en"
