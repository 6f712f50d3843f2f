import xml.etree.ElementTree as ET

import pytest
from PIL import Image, ImageFilter

from chalicelib.pages import qr
from chalicelib.tickets import signing
from tests.pictures import decoded, opened

RING = signing.KeyRing.from_secret({"keys": [signing.new_key("K1")]})
CODE = RING.sign("birthday-bash", "7KQ2M4XPRT", "K1")


def picture(code=CODE) -> Image.Image:
    return opened(qr.png(code))


def test_the_picture_decodes_to_exactly_the_code():
    assert decoded(picture()) == CODE


def test_the_longest_code_decodes_too():
    code = RING.sign("c" * 64, "T" * 32, "K1")
    assert decoded(picture(code)) == code


@pytest.mark.parametrize(
    "spoil",
    [
        lambda image: image.resize((180, 180)),
        lambda image: image.rotate(12, expand=True, fillcolor=255),
        lambda image: image.filter(ImageFilter.GaussianBlur(4)),
        lambda image: image.point(lambda grey: 40 + grey // 3),
    ],
    ids=["small", "askew", "blurred", "dim"],
)
def test_a_poor_photograph_of_it_still_decodes(spoil):
    assert decoded(spoil(picture())) == CODE


def test_a_dark_page_does_not_eat_the_quiet_zone():
    page = Image.new("L", (900, 900), 0)
    page.paste(picture(), (150, 150))
    assert decoded(page) == CODE


def test_the_modules_are_large():
    assert picture().size == (588, 588)


def test_the_svg_is_a_picture_that_fills_its_box():
    root = ET.fromstring(qr.svg(CODE))  # noqa: S314  # our own
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox") == "0 0 49 49"
    assert root.get("width") is None
