"""QR codes of addresses, as they are shown on a page, drawn in a document, or printed."""

import io

import segno

# What cameras want around a code, in modules of it.
MARGIN = 4
# A module of a picture in px: a code of 41 modules with its margin is 8 cm wide at 300 dots an inch.
MODULE = 24


def code_of(address: str) -> segno.QRCode:
    """The code of an address, which is still read with a seventh of it torn or smudged."""
    return segno.make_qr(address, error="m")


def qr_svg(address: str) -> str:
    """The code of an address as an SVG document, black on white."""
    drawn = io.BytesIO()
    code_of(address).save(drawn, kind="svg", border=MARGIN, scale=10, light="#fff")
    return drawn.getvalue().decode()


def qr_png(address: str) -> bytes:
    """The code of an address as a PNG picture, large enough to be printed."""
    drawn = io.BytesIO()
    code_of(address).save(drawn, kind="png", border=MARGIN, scale=MODULE)
    return drawn.getvalue()
