"""A QR code: a ticket's code, or a link. It holds exactly the text, black on white, with the quiet zone that scanners need.

Error correction M survives a cracked screen (15%) and keeps the modules large: 41 by 41 for a usual code.
"""

import io

import segno

QUIET_ZONE = 4
"""Modules of white around the code (ISO/IEC 18004)."""

PIXELS = 12
"""A module's side in the PNG: about 590 pixels altogether, sharp on a phone and in print."""


def svg(code: str) -> str:
    """A picture without a size of its own: it fills the box that shows it."""
    picture = io.BytesIO()
    _symbol(code).save(
        picture,
        kind="svg",
        border=QUIET_ZONE,
        dark="#000",
        light="#fff",
        omitsize=True,
        xmldecl=False,
        nl=False,
        svgclass=None,
        lineclass=None,
    )
    return picture.getvalue().decode()


def png(code: str) -> bytes:
    picture = io.BytesIO()
    _symbol(code).save(picture, kind="png", scale=PIXELS, border=QUIET_ZONE, dark="#000", light="#fff")
    return picture.getvalue()


def _symbol(code: str) -> segno.QRCode:
    return segno.make_qr(code, error="m", boost_error=False)
