"""What fans want to buy, in their own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.dialogue import wishes

NAMES = ["VIP package", "T-shirt", "Cap", "3-day pass", "Blink 182 shirt", "Dubbele kaart"]


def understood(text, names=NAMES):
    """How many of which are wanted, or None where nothing is."""
    wish = wishes.read(text)
    if wish is None:
        return None
    quantity, indices = wishes.meant(wish, names)
    return quantity, [names[index] for index in indices]


@pytest.mark.parametrize(
    ("text", "quantity", "name"),
    [
        ("buy 2 VIP packages", 2, "VIP package"),
        ("koop twee vip-pakketten", 2, "VIP package"),
        ("order 1 t-shirt", 1, "T-shirt"),
        ("Buy a VIP package!", 1, "VIP package"),
        ("I would like to buy three caps please", 3, "Cap"),
        ("ik wil graag 2 t-shirts kopen", 2, "T-shirt"),
        ("Ik wil een pet bestellen", 1, None),
        ("bestel vijftien petten", 15, None),
        ("buy 2x cap", 2, "Cap"),
        ("buy cap x3", 3, "Cap"),
        ("buy 2 x cap", 2, "Cap"),
        ("bestel 4 stuks vip", 4, "VIP package"),
        ("buy two vip pakages", 2, "VIP package"),
        ("buy 2 tshirts", 2, "T-shirt"),
        ("BUY TWENTY CAPS", 20, "Cap"),
        ("buy 3 day pass", 1, "3-day pass"),
        ("buy 2 3 day pass", 2, "3-day pass"),
        ("buy 2 blink 182 shirts", 2, "Blink 182 shirt"),
        ("koop dubbele kaarten", 1, "Dubbele kaart"),
        ("buy 0 caps", 0, "Cap"),
        ("buy 999999999999 caps", wishes.MOST, "Cap"),
        ("buy", 1, None),
        ("koop 3", 3, None),
        ("buy a spaceship", 1, None),
    ],
)
def test_a_wish_is_understood(text, quantity, name):
    assert understood(text) == (quantity, [name] if name else [])


@pytest.mark.parametrize("text", ["", "?!", "house", "in order to win", "the cap", "2 caps", "do not buy it", "a boat"])
def test_what_is_no_wish_is_none(text):
    assert understood(text) is None


def test_what_may_mean_several_names_all_of_them():
    assert understood("buy 2 shirts", ["Shirt black", "Shirt white", "Cap"]) == (2, ["Shirt black", "Shirt white"])
    assert understood("buy 2 white shirts", ["Shirt black", "Shirt white", "Cap"]) == (2, ["Shirt white"])
    assert understood("buy a shirt", ["Shirt", "Shirt for kids"]) == (1, ["Shirt"])


ENGLISH = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
DUTCH = "een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien"
WORDS = [
    f"{ENGLISH} seventeen eighteen nineteen twenty".split(),
    f"{DUTCH} zeventien achttien negentien twintig".split(),
]
BUY = st.sampled_from(["buy", "order", "I want to buy", "can I order", "koop", "bestel", "ik wil graag bestellen:"])


@given(BUY, st.integers(1, 20), st.data(), st.sampled_from(["VIP package", "Cap"]))
def test_numbers_to_twenty_may_be_digits_or_words(buy, number, data, name):
    said = data.draw(st.sampled_from([str(number), *(words[number - 1] for words in WORDS), f"{number}x"]))
    plural = f"{name}s" if number > 1 else name
    assert understood(f"{buy} {said} {plural}") == (number, [name])


@given(st.text(max_size=300), st.lists(st.text(max_size=40), max_size=5))
def test_whatever_is_typed_and_sold_is_read_without_an_error(text, names):
    for typed in (text, f"buy {text}", f"koop {text}"):
        wish = wishes.read(typed)
        if wish:
            quantity, indices = wishes.meant(wish, names)
            assert 0 <= quantity <= wishes.MOST
            assert set(indices) <= set(range(len(names)))
