"""What the bot says of its own accord, in every language; what a campaign says is in the campaign.

`WORDS` lists what a fan may type instead of pressing a button.
"""

import functools
from typing import Any

from chalicelib.dialogue.matching import normalised

LANGUAGES = ("en", "nl")

_EN = {
    "automated": "I'm an automated assistant, not a person.",
    "welcome": "Hi {{name}}! Welcome to {campaign}.",
    "prize": "Answer {questions} to win: {prize}.",
    "one_question": "one question",
    "questions": "{count} questions",
    "terms": "By playing you accept the terms: {url}",
    "consent": "Before we start: do you accept the terms? {url}",
    "consent_yes": "I accept",
    "consent_no": "No, thanks",
    "consent_refused": "That's fine: without your yes we don't play, and nothing is kept. Changed your mind? Press the button.",
    "question": "Question {number} of {count}: {text}",
    "right": "Right! 🎉",
    "wrong": "Not quite.",
    "won": "You did it: {correct} of {count} right. Here is your ticket for {campaign}. Show its QR code at the door; it is yours alone.",
    "lost": "You had {correct} of {count} right; it takes {needed}.",
    "retry": "Want to try again?",
    "retry_button": "Try again",
    "no_attempts": "That was your last attempt for {campaign}. Thank you for playing!",
    "no_restart": "This is your last attempt, so let's finish it.",
    "sold_out": "Every ticket for {campaign} is taken. Thank you so much for playing: keep an eye on us for the next one!",
    "have_ticket": "You hold a ticket for {campaign}: here it is.",
    "no_ticket": "You don't hold a ticket yet.",
    "ticket_title": "Your ticket: {campaign}",
    "ticket_link": "Open your ticket",
    "draft": "{campaign} isn't open yet. Come back a little later!",
    "early": "{campaign} opens on {when}. See you then!",
    "will_tell": "I'll tell you here when it does; type STOP if you'd rather I didn't.",
    "opened": "{campaign} is open now! Shall we play?",
    "paused": "{campaign} is taking a short break. Your place is kept: try again in a while.",
    "ended": "{campaign} is over. Thank you for being here!",
    "closed": "Time is up: {campaign} closed on {when}. Thank you so much for playing!",
    "no_campaign": "Scan the QR code on a poster, or type the code beside it, and we can start.",
    "unknown_ref": "I don't know that code. Please check it, or scan the QR code on the poster again.",
    "not_understood": "Sorry, I didn't get that. Please choose one of the buttons, or type its text.",
    "emoji": "Lovely! But I can only read words: please type your answer.",
    "media": "Thank you! I can't see pictures or hear sounds though: please answer in words.",
    "too_long": "That's a lot of text! A few words are enough.",
    "stale": "That button belongs to an earlier question.",
    "late": "That came in a bit late, so I haven't counted it.",
    "stopped": "All right, I'll be quiet. Type START whenever you want to go on.",
    "is_stopped": "You asked me to stop. Type START to go on.",
    "start_button": "Start",
    "help": (
        "I run the quiz for a ticket. Type START to begin or go on, RESTART to begin again, TICKET to see your ticket, STOP to stop, "
        "NEDERLANDS for Dutch, DELETE MY DATA to have everything about you deleted."
    ),
    "language": "Which language do you like?",
    "language_set": "English it is.",
    "switch": "Nederlands? Typ NL.",
    "delete": (
        "I'll delete everything I know about you, answers included. What stays is a mark without a name that a ticket was given. "
        "Are you sure?"
    ),
    "delete_yes": "Delete my data",
    "delete_no": "Keep it",
    "deleted": "Done: everything about you is deleted.",
    "kept": "Nothing was deleted.",
    "home": "Your campaigns and tickets",
    "home_empty": "You have not played yet.",
    "home_question": "{campaign}: you are at question {number} of {count}.",
    "home_begin": "{campaign}: you have not begun yet.",
    "home_retry": "{campaign}: no ticket yet, but you may try again.",
    "home_button": "Go on",
    "order_accepted": "Your order is being processed: {items}, {total} in all.",
    "order_waits": "Your order waits for you to pay: {items}, {total} in all. {url}",
    "order_placed": "Paid, and yours: {items}. A receipt is on its way to your e-mail address.",
    "order_rejected": "Your order was not placed: {items}. {why} Nothing was charged.",
    "order_refunded": "Your order was not placed: {items}. {why} You get your {total} back.",
    "order_failed": "Something went wrong on our side, and your order was not placed: {items}. Nothing was charged. Please try again.",
    "order_declined": "The payment was declined.",
    "order_not_paid": "It was not paid within a day.",
    "order_not_confirmed": "The payment was not confirmed in time.",
    "order_out_of_stock": "Others were faster: there are not that many left.",
    "order_invalid": "Something in it is not for sale any more.",
}

_NL = {
    "automated": "Ik ben een automatische assistent, geen mens.",
    "welcome": "Hoi {{name}}! Welkom bij {campaign}.",
    "prize": "Beantwoord {questions} en win: {prize}.",
    "one_question": "één vraag",
    "questions": "{count} vragen",
    "terms": "Door mee te doen ga je akkoord met de voorwaarden: {url}",
    "consent": "Voor we beginnen: ga je akkoord met de voorwaarden? {url}",
    "consent_yes": "Ik ga akkoord",
    "consent_no": "Nee, bedankt",
    "consent_refused": "Prima: zonder jouw ja spelen we niet en bewaren we niets. Toch wel? Druk op de knop.",
    "question": "Vraag {number} van {count}: {text}",
    "right": "Goed! 🎉",
    "wrong": "Helaas, dat is het niet.",
    "won": (
        "Gelukt: {correct} van de {count} goed. Hier is je ticket voor {campaign}. Laat de QR-code zien bij de deur; hij is alleen van jou."
    ),
    "lost": "Je had {correct} van de {count} goed; je hebt er {needed} nodig.",
    "retry": "Wil je het nog een keer proberen?",
    "retry_button": "Nog een keer",
    "no_attempts": "Dat was je laatste poging voor {campaign}. Bedankt voor het meespelen!",
    "no_restart": "Dit is je laatste poging, dus laten we die afmaken.",
    "sold_out": "Alle tickets voor {campaign} zijn weg. Heel erg bedankt voor het meespelen: hou ons in de gaten voor de volgende keer!",
    "have_ticket": "Je hebt een ticket voor {campaign}: hier is het.",
    "no_ticket": "Je hebt nog geen ticket.",
    "ticket_title": "Je ticket: {campaign}",
    "ticket_link": "Open je ticket",
    "draft": "{campaign} is nog niet open. Kom wat later terug!",
    "early": "{campaign} gaat open op {when}. Tot dan!",
    "will_tell": "Ik laat het je hier weten als het zover is; typ STOP als je dat liever niet hebt.",
    "opened": "{campaign} is nu open! Zullen we spelen?",
    "paused": "{campaign} heeft even pauze. Je plek blijft bewaard: probeer het straks weer.",
    "ended": "{campaign} is voorbij. Fijn dat je er was!",
    "closed": "De tijd is om: {campaign} is gesloten op {when}. Heel erg bedankt voor het meespelen!",
    "no_campaign": "Scan de QR-code op een poster, of typ de code die ernaast staat, dan kunnen we beginnen.",
    "unknown_ref": "Die code ken ik niet. Kijk hem nog eens na, of scan de QR-code op de poster opnieuw.",
    "not_understood": "Sorry, dat begreep ik niet. Kies een van de knoppen, of typ wat erop staat.",
    "emoji": "Leuk! Maar ik kan alleen woorden lezen: typ je antwoord.",
    "media": "Dank je wel! Ik kan alleen geen plaatjes zien of geluid horen: antwoord in woorden.",
    "too_long": "Dat is veel tekst! Een paar woorden zijn genoeg.",
    "stale": "Die knop hoort bij een eerdere vraag.",
    "late": "Dat kwam wat laat binnen, dus ik heb het niet meegeteld.",
    "stopped": "Goed, ik ben stil. Typ START als je verder wilt.",
    "is_stopped": "Je vroeg me te stoppen. Typ START om verder te gaan.",
    "start_button": "Start",
    "help": (
        "Ik doe de quiz voor een ticket. Typ START om te beginnen of verder te gaan, OPNIEUW om opnieuw te beginnen, TICKET om je "
        "ticket te zien, STOP om te stoppen, ENGLISH voor Engels, VERWIJDER MIJN GEGEVENS om alles over jou te laten verwijderen."
    ),
    "language": "Welke taal wil je?",
    "language_set": "We gaan verder in het Nederlands.",
    "switch": "English? Type EN.",
    "delete": (
        "Ik verwijder alles wat ik van je weet, ook je antwoorden. Wat blijft is een merkje zonder naam dat er een ticket is "
        "gegeven. Zeker weten?"
    ),
    "delete_yes": "Verwijder alles",
    "delete_no": "Bewaar het",
    "deleted": "Klaar: alles over jou is verwijderd.",
    "kept": "Er is niets verwijderd.",
    "home": "Jouw campagnes en tickets",
    "home_empty": "Je hebt nog niet gespeeld.",
    "home_question": "{campaign}: je bent bij vraag {number} van {count}.",
    "home_begin": "{campaign}: je bent nog niet begonnen.",
    "home_retry": "{campaign}: nog geen ticket, maar je mag het nog eens proberen.",
    "home_button": "Verder",
    "order_accepted": "Je bestelling wordt verwerkt: {items}, samen {total}.",
    "order_waits": "Je bestelling wacht op je betaling: {items}, samen {total}. {url}",
    "order_placed": "Betaald, en van jou: {items}. De bon is onderweg naar je e-mailadres.",
    "order_rejected": "Je bestelling is niet doorgegaan: {items}. {why} Er is niets afgeschreven.",
    "order_refunded": "Je bestelling is niet doorgegaan: {items}. {why} Je krijgt je {total} terug.",
    "order_failed": "Er ging bij ons iets mis; je bestelling is niet doorgegaan: {items}. Er is niets afgeschreven. Probeer het nog eens.",
    "order_declined": "De betaling is geweigerd.",
    "order_not_paid": "Ze is niet binnen een dag betaald.",
    "order_not_confirmed": "De betaling is niet op tijd bevestigd.",
    "order_out_of_stock": "Anderen waren sneller: er zijn er niet meer genoeg.",
    "order_invalid": "Iets ervan is niet meer te koop.",
}

TEXTS = {"en": _EN, "nl": _NL}

NAMES = {"en": "English", "nl": "Nederlands"}

WORDS = {
    "start": (
        "start",
        "begin",
        "beginnen",
        "get started",
        "go",
        "hi",
        "hello",
        "hey",
        "hoi",
        "hallo",
        "doorgaan",
        "continue",
    ),
    "restart": (
        "restart",
        "start over",
        "begin again",
        "try again",
        "again",
        "opnieuw",
        "nog een keer",
        "opnieuw beginnen",
    ),
    "help": ("help", "hulp", "info", "menu"),
    "stop": ("stop", "stoppen", "quit", "unsubscribe", "afmelden", "ophouden"),
    "ticket": (
        "ticket",
        "tickets",
        "my ticket",
        "my tickets",
        "mijn ticket",
        "mijn tickets",
        "kaartje",
        "kaartjes",
        "mijn kaartje",
        "mijn kaartjes",
    ),
    "language": ("language", "taal", "change language", "andere taal"),
    "language:en": ("en", "english", "engels"),
    "language:nl": ("nl", "dutch", "nederlands"),
    "delete": (
        "delete my data",
        "delete data",
        "delete",
        "forget me",
        "verwijder mijn gegevens",
        "mijn gegevens verwijderen",
        "verwijder",
        "vergeet mij",
    ),
    "yes": (
        "yes",
        "yes please",
        "ok",
        "okay",
        "i accept",
        "accept",
        "i agree",
        "sure",
        "ja",
        "ja graag",
        "ik ga akkoord",
        "akkoord",
        "prima",
    ),
    "no": ("no", "no thanks", "nope", "nee", "nee bedankt", "liever niet"),
}
"""Each command, and the words for it. They count in every language: a fan may not know which one we speak."""


def command(text: str) -> str:
    """The command that a normalised text is, or empty."""
    return _commands().get(text, "")


@functools.cache
def _commands() -> dict[str, str]:
    return {normalised(word): name for name, words in WORDS.items() for word in words}


def say(language: str, key: str, **values: Any) -> str:  # noqa: ANN401  # str.format's own
    """A text in a language (English where we don't speak it)."""
    return TEXTS.get(language, _EN)[key].format(**values)
