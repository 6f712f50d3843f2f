"""A face for somebody who is made up: their initial on a colour of their own, the same in every chat."""

from html import escape
from zlib import crc32

from starlette.responses import Response

from ops.simulator.fans import Name


def drawn(name: Name) -> Response:
    hue = crc32(" ".join(name).encode()) % 360
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><defs><linearGradient id="g" x2="1" y2="1">'
        f'<stop stop-color="hsl({hue} 75% 62%)"/><stop offset="1" stop-color="hsl({(hue + 50) % 360} 70% 48%)"/>'
        '</linearGradient></defs><rect width="96" height="96" fill="url(#g)"/><text x="48" y="50" fill="#fff" '
        'font-family="system-ui,sans-serif" font-size="44" font-weight="600" text-anchor="middle" '
        f'dominant-baseline="central">{escape(name.first[0])}</text></svg>'
    )
    return Response(svg, media_type="image/svg+xml")
