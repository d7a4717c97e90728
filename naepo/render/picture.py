"""A picture as plain shapes, painted as SVG text or as a PNG file: one drawing, two papers."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from xml.sax.saxutils import escape

from naepo.config import UserError
from naepo.render.files import whole

PAPER, INK, MUTED, LINE, FAINT = "#fbfaf7", "#1c1c1a", "#66645e", "#dcd9d1", "#f1efe9"
"""The colours of the page, so that a roll looks at home there."""
FONT = "system-ui, -apple-system, 'Noto Sans KR', sans-serif"
PIXELS = 2
"""Pixels of a PNG to one unit of the drawing, for sharp lines on today's screens."""
FONTS = (
    *("NotoSansKR-Regular.otf", "NotoSansCJK-Regular.ttc", "NanumGothic.ttf", "malgun.ttf"),
    *("AppleSDGothicNeo.ttc", "UnBatang.ttf", "DejaVuSans.ttf"),
)
"""Fonts for text beyond ASCII, by file name, the first that a system has; pillow's own has none."""

Number = int | float


@dataclass(frozen=True)
class Rectangle:
    """label: what a pointer that rests on it is told, and a reader for the blind; "" for none."""

    x: Number
    y: Number
    width: Number
    height: Number
    colour: str
    label: str = ""


@dataclass(frozen=True)
class Circle:
    """x, y: the middle.  label: as of a rectangle."""

    x: Number
    y: Number
    radius: Number
    colour: str
    label: str = ""


@dataclass(frozen=True)
class Text:
    """x, y: the middle of the line's left end, middle or right end, as `anchor` says."""

    x: Number
    y: Number
    text: str
    size: Number = 11
    colour: str = MUTED
    anchor: Literal["start", "middle", "end"] = "start"


@dataclass
class Picture:
    """Shapes in the order in which they are painted; x to the right, y down."""

    width: Number
    height: Number
    title: str
    description: str
    shapes: list[Rectangle | Circle | Text] = field(default_factory=list)

    def svg(self) -> str:
        """Write the picture as SVG that stands alone: no script, no font, no address in it."""
        size = f'width="{self.width:g}" height="{self.height:g}"'
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
                f'viewBox="0 0 {self.width:g} {self.height:g}" role="img" '
                f'font-family="{FONT}">',
                f"<title>{printable(self.title)}</title>",
                f"<desc>{printable(self.description)}</desc>",
                f'<rect {size} fill="{PAPER}"/>',
                *map(_svg_shape, self.shapes),
                "</svg>\n",
            ]
        )

    def write_png(self, path: Path) -> None:
        """Paint the picture into a PNG file. Raises: UserError when it cannot be written."""
        try:
            from PIL import Image, ImageDraw
        except ImportError:
            raise UserError("pillow is not installed", hint='pip install "naepo[music]"') from None
        size = round(self.width * PIXELS), round(self.height * PIXELS)
        image = Image.new("RGB", size, PAPER)
        draw = ImageDraw.Draw(image)
        for shape in self.shapes:
            _paint(draw, shape)
        with whole(path) as temporary:
            image.save(temporary, format="PNG", optimize=True)


def printable(text: str) -> str:
    """Escape a text for XML, without the signs that XML cannot hold at all.

    >>> printable("a < b" + chr(0))
    'a &lt; b'
    """
    allowed = (c for c in text if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff"))
    return escape("".join(c for c in allowed if c not in "\ufffe\uffff"))


def _svg_shape(shape: Rectangle | Circle | Text) -> str:
    if isinstance(shape, Text):
        return (
            f'<text x="{shape.x:.4g}" y="{shape.y:.6g}" font-size="{shape.size:g}" '
            f'fill="{shape.colour}" text-anchor="{shape.anchor}" dominant-baseline="central">'
            f"{printable(shape.text)}</text>"
        )
    if isinstance(shape, Circle):
        dot = (
            f'<circle cx="{shape.x:.6g}" cy="{shape.y:.6g}" r="{shape.radius:g}" '
            f'fill="{shape.colour}" fill-opacity="0.75"'
        )
        return (
            f"{dot}><title>{printable(shape.label)}</title></circle>" if shape.label else f"{dot}/>"
        )
    box = (
        f'<rect x="{shape.x:.6g}" y="{shape.y:.6g}" width="{shape.width:.6g}" '
        f'height="{shape.height:.6g}" fill="{shape.colour}"'
    )
    return f"{box}><title>{printable(shape.label)}</title></rect>" if shape.label else f"{box}/>"


def _paint(draw: Any, shape: Rectangle | Circle | Text) -> None:
    x, y = shape.x * PIXELS, shape.y * PIXELS
    if isinstance(shape, Text):
        anchor = {"start": "lm", "middle": "mm", "end": "rm"}[shape.anchor]
        font = _font(shape.text, round(shape.size * PIXELS))
        draw.text((x, y), shape.text, fill=shape.colour, font=font, anchor=anchor)
        return
    if isinstance(shape, Circle):
        size = shape.radius * PIXELS
        draw.ellipse((x - size, y - size, x + size, y + size), fill=shape.colour)
        return
    right, bottom = x + shape.width * PIXELS, y + shape.height * PIXELS
    # Pillow counts the last pixel in; a line thinner than a pixel is still one pixel wide.
    last = max(round(x), round(right) - 1), max(round(y), round(bottom) - 1)
    draw.rectangle(((round(x), round(y)), last), fill=shape.colour)


def _font(text: str, size: int) -> Any:
    from PIL import ImageFont

    if not text.isascii():
        for name in FONTS:
            try:
                return ImageFont.truetype(name, size)
            except OSError:
                continue
    return ImageFont.load_default(size)
