"""Reads pictures back, as a door's scanner does."""

import io

import zxingcpp
from PIL import Image


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("L")


def decoded(image: Image.Image) -> str:
    """The text of the one QR code in the picture."""
    (found,) = zxingcpp.read_barcodes(image)
    return found.text
