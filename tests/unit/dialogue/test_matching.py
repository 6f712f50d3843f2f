# ruff: noqa: RUF001  # the strange letters are what these tests are about
"""Which typed answers are right. The tables are the specification: add a line before changing a rule."""

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from chalicelib.campaigns.validation import decode
from chalicelib.dialogue.matching import accepts, choice, normalised
from chalicelib.errors import Invalid
from tests.builders import a_campaign_document

RIGHT = {
    # case, accents, punctuation, width, emoji
    "crème brûlée": ["crème brûlée", "CREME BRULEE", "Creme Brulee!!!", "crème-brûlée", "creme  brulee", "cremebrulee", "«crème brûlée»",
                     "cre\u0300me bru\u0302le\u0301e", "ｃｒｅｍｅ ｂｒｕｌｅｅ", "🍮 Crème Brûlée 🍮", "#cremebrulee"],
    "Straße": ["strasse", "STRASSE", "straße"],
    "Ærøskøbing": ["aeroskobing", "ærøskøbing"],
    "Björk": ["bjork", "BJÖRK", "bjørk"],
    "İstanbul": ["istanbul", "Istanbul", "ıstanbul"],
    "Mum's kitchen": ["mums kitchen", "mum’s kitchen", "MUM`S KITCHEN", "mum´s kitchen"],
    # articles, and, spaces
    "boot": ["een boot", "de boot", "'n boot", "op een boot", "het is een boot"],
    "The Who": ["the who", "Who", "who?"],
    "rock and roll": ["rock & roll", "rock 'n' roll", "rock n roll", "Rock-and-roll", "rock en roll", "Rock’n Roll"],
    "ice cream": ["icecream", "ice-cream", "Ice Cream"],
    "Blink-182": ["blink 182", "Blink182"],
    # number words
    "21": ["21", "twenty one", "twenty-one", "Twentyone", "eenentwintig", "een en twintig", "the twenty-first", "21st", "21e", "21."],
    "thirty candles": ["30 candles", "thirty candles", "dertig candles", "30 candels", "thirty candels"],
    "2": ["two", "twee", "second", "tweede", "2nd", "2e", "2️⃣", "２", "number two", "nummer 2"],
    "1": ["one", "een", "één", "ik denk één", "first", "1ste"],
    "100": ["a hundred", "hundred", "one hundred", "honderd", "honderdste"],
    "121": ["a hundred and twenty one", "hundred twenty-one", "honderdeenentwintig", "honderd en eenentwintig"],
    "205": ["two hundred and five", "two hundred five", "tweehonderdvijf", "tweehonderd en vijf"],
    "999": ["nine hundred and ninety-nine", "negenhonderdnegenennegentig", "negenhonderd negenennegentig"],
    "1984": ["nineteen eighty four", "nineteen eighty-four", "nineteen hundred eighty four", "negentienvierentachtig",
             "negentienhonderdvierentachtig", "negentienhonderd vierentachtig", "1.984", "1,984"],
    "2026": ["twenty twenty six", "two thousand twenty-six", "two thousand and twenty six", "tweeduizend zesentwintig",
             "tweeduizendzesentwintig"],
    "23": ["drieëntwintig", "drieentwintig", "twenty three"],
    "0": ["zero", "nul", "0"],
    "3.14": ["3,14", "3.14", "it's 3.14"],
    "1000000": ["1,000,000", "1.000.000"],
    "Seven Nation Army": ["7 nation army", "seven nation army", "seven nation amry", "seven nation armyy"],
    # typing errors
    "Paris": ["pari", "parris", "parsi", "parus", "Pariis"],
    "house": ["hous", "housse", "huose", "hoise", "houses"],
    "Amsterdam": ["amsterdm", "amstredam", "amserdam", "Amsterdaam", "amstrerdam", "amstetdam", "amsterdem", "amsterdamm"],
    "Berlin": ["berlijn", "berln", "Belrin"],
    "Tokyo": ["tokio", "tokoy"],
    "Madrid": ["madrit", "madird"],
    "disco": ["disko", "dicso"],
    "boat": ["a boat", "the boat", "The Boat.", "on a boat", "op de boat", "boatt", "baot"],
    "champagne": ["champange", "champaine", "champagn"],
    "Beethoven": ["bethoven", "beethooven", "Beethovn", "Beethofen"],
    "Colombia": ["columbia"],
    "trampoline": ["trampolien", "trampolin", "trampolines"],
    "Red Hot Chili Peppers": ["red hot chilli peppers", "red hot chili pepers", "the red hot chili peppers"],
    "cremebrulee": ["creme brulee", "creme brule"],
    # words that typing errors make too: the price of forgiving
    "horse": ["hose"],
    "Spain": ["span"],
    "pairs": ["Paris"],
    # in a short sentence
    "Rotterdam": ["it's Rotterdam!", "I think rotterdam", "het is rotterdam volgens mij", "Rotterdam, I think", "is it rotterdam?",
                  "ik denk dat het rotterdam is", "in Rotterdam", "rotterdam natuurlijk!", "my answer is rotterdam",
                  "Rotterdam of course",
                  "must be Rotterdam haha", "I guess it was roterdam", "Het antwoord is Rotterdam", "rotterdam lol 😂"],
    "Vincent van Gogh": ["by vincent van gogh", "van Vincent van Gogh", "vincent van gohg"],
    "It": ["it", "I think it is It"],
    "yes": ["yes", "Yes!", "yes please"],
    "Hepatitis A": ["hepatitis a", "it's hepatitis a I think", "the hepatitis A"],
    "Call me maybe": ["call me maybe", "I think call me maybe"],
}  # fmt: skip

WRONG = {
    # another word
    "Amsterdam": ["rotterdam", "amstelveen", "Amstel", "new amsterdam", "nieuw amsterdam", "amsterdam noord", "hamsterdam", "ams", "dam",
                  "amsterdam 2", "near amsterdam", "smsterdam", "amstrdm"],
    "Mozart": ["mozzarella", "Mozambique", "moz", "Bizet"],
    "house": ["mouse", "horse", "hose me", "how", "louse", "deep house", "house of cards", "use", "rouse"],
    "Monet": ["manet", "monaco", "met", "mnet 2"],
    "gold": ["golf", "good", "bold", "old", "cold", "gild"],
    "Paris": ["praise", "parish church", "Perus", "Patio", "aris"],
    "Iran": ["iraq", "ran", "oran"],
    "Mali": ["bali", "malawi", "malta"],
    "Niger": ["nigeria"],
    "Slovakia": ["slovenia"],
    "Austria": ["australia"],
    "Gambia": ["zambia"],
    "Thursday": ["tuesday"],
    "Tuesday": ["thursday"],
    "juni": ["juli"],
    "dinsdag": ["donderdag", "zondag"],
    "cat": ["bat", "cut", "cart", "ct", "act"],
    "happy": ["unhappy", "happen"],
    "legal": ["illegal"],
    "violin": ["viola"],
    "hepatitis B": ["hepatitis c", "hepatitis", "hepatitis bb"],
    "vitamin A": ["vitamin", "vitamin b", "a"],
    "vitamin C": ["vitamin d", "vitamin"],
    "Call me maybe": ["call me"],
    "house music": ["horse music", "house", "music", "house musik video"],
    "Vincent van Gogh": ["vincent", "vincent van gaal", "theo van gogh"],
    # numbers are not typing errors
    "1984": ["1985", "1948", "198", "19844", "84", "nineteen eighty five", "19 84", "1 984 2"],
    "15": ["16", "sixteen", "zestien", "50", "fifty", "5", "fifteen hundred", "fiveteen", "115"],
    "13": ["30", "thirty", "dertig"],
    "21": ["12", "2 1", "twenty", "one", "twenty or one", "twintig en een half", "201"],
    "3.14": ["314", "3 14", "3.15"],
    "U2": ["u3", "u", "2", "uu2"],
    "Blink-182": ["blink 183", "blink", "182"],
    "30 candles": ["31 candles", "30", "candles", "30 candies are"],
    # denied
    "Rotterdam": ["not rotterdam", "niet rotterdam", "it's not rotterdam", "het is niet rotterdam", "no rotterdam", "geen rotterdam",
                  "isn't rotterdam", "anything but rotterdam", "everything except rotterdam", "I don't think rotterdam",
                  "never rotterdam",
                  "rotterdam? no!", "rotterdam not", "alles behalve rotterdam", "nooit rotterdam",
                  # several
                  "amsterdam or rotterdam", "rotterdam or amsterdam", "rotterdam of amsterdam", "rotterdam, amsterdam, utrecht",
                  "rotterdam/amsterdam", "rotterdam and amsterdam", "rotterdam en amsterdam", "rotterdam amsterdam", "either rotterdam",
                  # nothing of the kind
                  "", " ", "?", "🎂", "it is", "I think", "de", "geen idee", "I don't know", "\ud83d", "\x00"],
    "1": ["een of twee", "one or two", "one two", "1, 2", "1 2", "none"],
    "yes": ["no", "no yes", "yes or no", "yesterday", "eyes"],
}  # fmt: skip


def pairs(table):
    return [(answer, text) for answer, texts in table.items() for text in texts]


@pytest.mark.parametrize(("answer", "text"), pairs(RIGHT))
def test_this_is_right(answer, text):
    assert accepts(text, ["something else", answer])


@pytest.mark.parametrize(("answer", "text"), pairs(WRONG))
def test_this_is_wrong(answer, text):
    assert not accepts(text, [answer, "something else"])


KITCHEN = ("In Mum's kitchen", "On a canal boat", "In the school gym")
BRANDS = ("C++", "C#", "🎂", "Both")
YEARS = ("1984", "1985", "2 years later")
VITAMINS = ("Vitamin B", "Vitamin A", "Neither")
PAINTERS = ("Monet", "Manet", "Vincent van Gogh")

MEANT = [
    (KITCHEN, 0, ["In Mum's kitchen", "in mums kitchen", "kitchen", "the kitchen", "a", "A)", "1", "1.", "one",
                  "first", "the first one", "1st", "answer a", "I think a", "een"]),
    (KITCHEN, 1, ["canal boat", "a canal baot", "on a cannal boat", "boat", "I think the boat", "b", "B!", "(b)", "answer b",
                  "option 2", "2",
                  "two", "twee", "number two", "nummer 2", "de tweede", "second", "the second one", "2nd one", "2️⃣", "antwoord b",
                  "keuze 2"]),
    (KITCHEN, 2, ["school", "gym", "the gym", "scool gym", "in the schol gym", "c", "3", "drie", "the third",
                  "the last one", "de laatste", "last"]),
    (BRANDS, 0, ["c++", "C++", " C++ ", "1"]),
    (BRANDS, 1, ["c#", "2"]),
    (BRANDS, 2, ["🎂", "3", "third"]),
    (BRANDS, 3, ["both", "4", "last"]),
    (YEARS, 0, ["1984", "nineteen eighty four", "a"]),
    (YEARS, 2, ["2", "two years later", "years later", "c"]),
    (VITAMINS, 0, ["b", "vitamin b"]),
    (VITAMINS, 1, ["vitamin a", "2"]),
    (VITAMINS, 2, ["neither", "niether", "3"]),
    (PAINTERS, 0, ["monet", "Monnet", "a"]),
    (PAINTERS, 1, ["manet", "Mannet"]),
    (PAINTERS, 2, ["van gogh", "vincent", "gogh", "vincent van gohg"]),
]  # fmt: skip

MEANINGLESS = [
    (KITCHEN, ["", " ", "?", "🎂", "in", "the", "boat or kitchen", "a or b", "a and b", "b c", "1 2", "not the boat", "niet b", "d",
                  "4", "0",
               "none", "all of them", "boat kitchen", "school boat", "-", "\ud83d", "I don't know"]),
    (BRANDS, ["c", "5"]),
    (YEARS, ["1", "3", "1986", "1948"]),
    (VITAMINS, ["c", "vitamin", "vitamin c"]),
    (PAINTERS, ["mnet", "van goghs brother"]),
    (("Yes", "No"), ["yes no", "yes or no", "maybe"]),
    ((), ["a", "1"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("titles", "index", "text"), [(titles, index, text) for titles, index, texts in MEANT for text in texts]
)
def test_a_choice_may_be_typed(titles, index, text):
    assert choice(text, titles) == index


@pytest.mark.parametrize(("titles", "text"), [(titles, text) for titles, texts in MEANINGLESS for text in texts])
def test_what_means_no_choice_or_several_is_none(titles, text):
    assert choice(text, titles) is None


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("  L'été — ça   VA? ", "lete ca va"),
        ("1.000,5 kg", "1000.5 kg"),
        ("R&B", "r & b"),
        ("under_score", "under score"),
        ("ﬁne ĳs ½ ²", "fine ijs 1 2 2"),
        ("👍🏽", ""),
        ("\ud800x", "x"),
    ],
)
def test_spelling_that_never_matters_goes(text, plain):
    assert normalised(text) == plain


any_text = st.text(st.characters(exclude_categories=()), max_size=60)
letters = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12)
phrases = st.lists(letters, min_size=1, max_size=4).map(" ".join)
near_words = st.text("bdegkt", min_size=1, max_size=12)


@given(any_text)
def test_normalising_twice_changes_nothing_more(text):
    assert normalised(normalised(text)) == normalised(text)


@given(any_text, any_text, st.lists(any_text, max_size=4))
def test_any_text_gets_an_answer(text, answer, titles):
    accepts(text, [answer])
    assert choice(text, titles) in {None, *range(len(titles))}


@given(phrases, st.data())
def test_case_accents_punctuation_and_emoji_never_change_the_result(answer, data):
    dressed = "".join(
        data.draw(st.sampled_from([c, c.upper(), c + "\u0301", c.upper() + "\u0308"])) if c != " " else " - "
        for c in answer
    )
    dressed = f"{data.draw(st.sampled_from(['', '¡', '«', '🎂 ', '...']))}{dressed}{data.draw(st.sampled_from(['', '!', '?', ' 🎂', '»']))}"
    other = data.draw(phrases)
    assert normalised(dressed) == answer
    assert accepts(dressed, [answer])
    assert accepts(dressed, [other]) == accepts(answer, [other])


@given(near_words, near_words)
def test_nothing_is_accepted_beyond_its_typing_errors(typed, meant):
    shorter = min(len(typed), len(meant))
    allowed = 0 if shorter < 4 else 1 if shorter < 8 else 2
    if accepts(typed, [meant]):
        assert OSA.distance(typed, meant) <= allowed
        assert typed[0] == meant[0]


@given(st.text("abcdefghij", min_size=8, max_size=14), st.data())
def test_a_letter_left_out_doubled_or_swapped_is_forgiven(meant, data):
    at = data.draw(st.integers(1, len(meant) - 2))
    left_out = meant[:at] + meant[at + 1 :]
    doubled = meant[:at] + meant[at] + meant[at:]
    swapped = meant[:at] + meant[at + 1] + meant[at] + meant[at + 2 :]
    assert all(accepts(typed, [meant]) for typed in (left_out, doubled, swapped))


@given(st.integers(0, 99_999), st.integers(0, 99_999))
def test_another_number_is_never_right(number, other):
    assume(number != other)
    assert accepts(str(number), [str(number)])
    assert not accepts(str(other), [str(number)])


ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
                  "fourteen",
           "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]  # fmt: skip
DUTCH = ["nul", "een", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien", "elf", "twaalf", "dertien", "veertien",
         "vijftien", "zestien", "zeventien", "achttien", "negentien"]  # fmt: skip
ENGLISH_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
DUTCH_TENS = ["twintig", "dertig", "veertig", "vijftig", "zestig", "zeventig", "tachtig", "negentig"]


def in_english(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    small = ENGLISH[rest] if rest < 20 else ENGLISH_TENS[tens - 2] + (f"-{ENGLISH[ones]}" if ones else "")
    return small if not hundreds else f"{ENGLISH[hundreds]} hundred" + (f" and {small}" if rest else "")


def in_dutch(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    joint = "ën" if DUTCH[ones][-1] == "e" else "en"
    small = DUTCH[rest] if rest < 20 else (DUTCH[ones] + joint if ones else "") + DUTCH_TENS[tens - 2]
    return small if not hundreds else (DUTCH[hundreds] if hundreds > 1 else "") + "honderd" + (small if rest else "")


@pytest.mark.parametrize("in_words", [in_english, in_dutch])
def test_every_number_to_999_may_be_written_in_words(in_words):
    for number in range(1000):
        words = in_words(number)
        assert accepts(words, [str(number)]), words
        assert accepts(words.replace("-", " ").upper(), [str(number)]), words
        assert accepts(str(number), [words]), words
        assert not accepts(words, [str(number + 1), str(number * 10 + 1), str(number + 100)]), words


@given(any_text)
def test_whatever_answer_can_be_saved_can_be_given(answer):
    document = a_campaign_document()
    document["questions"][2]["accept"]["en"] = [answer]
    try:
        decode(document)
    except Invalid:
        assume(False)
    assert accepts(answer, [answer])


HEAVY = ["a" * 2000, "a " * 1000, "i " * 1000, "een" * 666, "eenen" * 400, "zestien" * 285 + "x", "twenty " * 285, "é" * 2000, "&" * 2000,
         "1," * 1000, "creme " * 333, "\u0301" * 2000, "i think " * 250]  # fmt: skip


@pytest.mark.parametrize("text", HEAVY, ids=lambda text: text[:6])
def test_the_longest_text_is_answered_in_good_time(text):
    answers = [f"i think it is answer {index} {'creme ' * 5}" for index in range(50)]
    began = time.process_time()
    accepts(text[:2000], answers)
    choice(text[:2000], answers[:13])
    assert time.process_time() - began < 0.5
