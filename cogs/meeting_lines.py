"""What she says aloud to somebody whom she does not know, in seven languages. Data; she has a voice for some of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lines:
    """Of one language. ``{name}`` is theirs. Face and name are one question, what is talked about is another."""

    face: str
    face_of: str  # the same, where somebody has told her the name
    name: str
    remembering: str
    remembered: str
    not_remembered: str
    look: str
    kept_nothing: str
    failed: str


LINES = {  # by ISO 639-1
    "en": Lines(
        face="I don't think we have met. May I remember your face and your name? Say yes or no.",
        face_of="{name}, may I remember your face and your name? Say yes or no.",
        name="What is your name?",
        remembering="Nice to meet you, {name}. May I also remember what you tell me? Say yes or no.",
        remembered="Thank you, I will remember it.",
        not_remembered="All right. I know your face and your name, and nothing else stays.",
        look="Thank you. Please look into the camera for a moment.",
        kept_nothing="All right, I keep nothing.",
        failed="I could not make out your face, so I keep nothing.",
    ),
    "de": Lines(
        face="Ich glaube, wir kennen uns noch nicht. Darf ich mir dein Gesicht und deinen Namen merken? Sag ja oder nein.",
        face_of="{name}, darf ich mir dein Gesicht und deinen Namen merken? Sag ja oder nein.",
        name="Wie heißt du?",
        remembering="Freut mich, {name}. Darf ich mir auch merken, was du mir erzählst? Sag ja oder nein.",
        remembered="Danke, ich merke es mir.",
        not_remembered="Gut. Ich kenne dein Gesicht und deinen Namen, sonst bleibt nichts.",
        look="Danke. Schau bitte einen Moment in die Kamera.",
        kept_nothing="Gut, ich behalte nichts.",
        failed="Ich konnte dein Gesicht nicht erkennen, also behalte ich nichts.",
    ),
    "fr": Lines(
        face="Je crois que nous ne nous connaissons pas. Puis-je retenir ton visage et ton nom ? Dis oui ou non.",
        face_of="{name}, puis-je retenir ton visage et ton nom ? Dis oui ou non.",
        name="Comment t'appelles-tu ?",
        remembering="Enchantée, {name}. Puis-je aussi retenir ce que tu me racontes ? Dis oui ou non.",
        remembered="Merci, je m'en souviendrai.",
        not_remembered="D'accord. Je connais ton visage et ton nom, et rien d'autre ne reste.",
        look="Merci. Regarde un instant la caméra, s'il te plaît.",
        kept_nothing="D'accord, je ne garde rien.",
        failed="Je n'ai pas pu distinguer ton visage, alors je ne garde rien.",
    ),
    "es": Lines(
        face="Creo que no nos conocemos. ¿Puedo recordar tu cara y tu nombre? Di sí o no.",
        face_of="{name}, ¿puedo recordar tu cara y tu nombre? Di sí o no.",
        name="¿Cómo te llamas?",
        remembering="Encantada, {name}. ¿Puedo recordar también lo que me cuentes? Di sí o no.",
        remembered="Gracias, lo recordaré.",
        not_remembered="De acuerdo. Conozco tu cara y tu nombre, y no queda nada más.",
        look="Gracias. Mira un momento a la cámara, por favor.",
        kept_nothing="De acuerdo, no guardo nada.",
        failed="No he podido distinguir tu cara, así que no guardo nada.",
    ),
    "it": Lines(
        face="Credo che non ci conosciamo. Posso ricordare il tuo viso e il tuo nome? Di' sì o no.",
        face_of="{name}, posso ricordare il tuo viso e il tuo nome? Di' sì o no.",
        name="Come ti chiami?",
        remembering="Piacere, {name}. Posso ricordare anche quello che mi racconti? Di' sì o no.",
        remembered="Grazie, me ne ricorderò.",
        not_remembered="Va bene. Conosco il tuo viso e il tuo nome, e non resta altro.",
        look="Grazie. Guarda un momento nella telecamera, per favore.",
        kept_nothing="Va bene, non tengo nulla.",
        failed="Non ho distinto il tuo viso, quindi non tengo nulla.",
    ),
    "pt": Lines(
        face="Acho que ainda não nos conhecemos. Posso lembrar do seu rosto e do seu nome? Diga sim ou não.",
        face_of="{name}, posso lembrar do seu rosto e do seu nome? Diga sim ou não.",
        name="Como você se chama?",
        remembering="Prazer, {name}. Posso lembrar também do que você me contar? Diga sim ou não.",
        remembered="Obrigada, vou lembrar.",
        not_remembered="Está bem. Conheço seu rosto e seu nome, e nada mais fica.",
        look="Obrigada. Olhe um momento para a câmera, por favor.",
        kept_nothing="Está bem, não guardo nada.",
        failed="Não consegui distinguir seu rosto, então não guardo nada.",
    ),
    "nl": Lines(
        face="Ik geloof dat we elkaar nog niet kennen. Mag ik je gezicht en je naam onthouden? Zeg ja of nee.",
        face_of="{name}, mag ik je gezicht en je naam onthouden? Zeg ja of nee.",
        name="Hoe heet je?",
        remembering="Leuk je te ontmoeten, {name}. Mag ik ook onthouden wat je me vertelt? Zeg ja of nee.",
        remembered="Dank je, ik onthoud het.",
        not_remembered="Goed. Ik ken je gezicht en je naam, en verder blijft er niets.",
        look="Dank je. Kijk alsjeblieft even in de camera.",
        kept_nothing="Goed, ik bewaar niets.",
        failed="Ik kon je gezicht niet herkennen, dus ik bewaar niets.",
    ),
}
