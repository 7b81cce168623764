"""Chinese lettering with the vendored fonts only.

A letter without a glyph is an error here, never an empty box: a sample whose words cannot be read
would be no sample. Traditional letters come from the traditional font, everything else from the
simplified one, each falling back on the other.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from repository.demo.draw_pen import Colour, Point, star

SIMPLIFIED = "noto-serif-sc-chinese-simplified-400-normal.woff2"
TRADITIONAL = "noto-serif-tc-chinese-traditional-400-normal.woff2"
NO_LETTER = "\uffff"  # a noncharacter: no font may have a glyph for it, so it shows what "missing" looks like
VERMILION = (186, 42, 34)


class GlyphMissing(Exception):
    """No vendored font can draw a letter; carries the letter."""

    code = "RE-DM-01"

    def __init__(self, letter: str) -> None:
        super().__init__(f"{self.code} U+{ord(letter):04X}")
        self.letter = letter


@dataclass(frozen=True, slots=True)
class Hand:
    """How words are set: size, stroke and space between letters in pixels, colour, traditional or not."""

    size: int
    colour: Colour = (40, 34, 30)
    traditional: bool = False
    bold: int = 0
    spacing: float = 0.0


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """Return a vendored font at a size in pixels."""
    return ImageFont.truetype(BytesIO(_font_bytes(name)), size)


@cache
def _font_bytes(name: str) -> bytes:
    return (files("repository.demo") / "fonts" / name).read_bytes()


@cache
def has_glyph(name: str, letter: str) -> bool:
    """Say whether a vendored font can draw a letter."""
    if letter.isspace():
        return True
    probe = font(name, 24)
    return bytes(probe.getmask(letter)) != bytes(probe.getmask(NO_LETTER))


@cache
def face_for(letter: str, traditional: bool) -> str:
    """Return the name of the font that draws a letter.

    Raises: GlyphMissing when neither font can.
    """
    order = (TRADITIONAL, SIMPLIFIED) if traditional else (SIMPLIFIED, TRADITIONAL)
    for name in order:
        if has_glyph(name, letter):
            return name
    raise GlyphMissing(letter)


def advance(letter: str, hand: Hand) -> float:
    """Return how far a letter moves the pen to the right, in pixels."""
    return font(face_for(letter, hand.traditional), hand.size).getlength(letter) + hand.spacing


def width_of(words: str, hand: Hand) -> float:
    """Return the width of a line of words in pixels."""
    return sum(advance(letter, hand) for letter in words) - (hand.spacing if words else 0)


def write(image: Image.Image, at: Point, words: str, hand: Hand) -> float:
    """Write one line from its upper left corner; return where the line ended on the x axis."""
    pen = ImageDraw.Draw(image)
    x = at.x
    for letter in words:
        face = font(face_for(letter, hand.traditional), hand.size)
        pen.text(
            (x, at.y), letter, font=face, fill=hand.colour, stroke_width=hand.bold, stroke_fill=hand.colour
        )
        x += advance(letter, hand)
    return x


def write_centred(image: Image.Image, at: Point, words: str, hand: Hand) -> None:
    """Write one line whose middle is at x, its top at y."""
    write(image, Point(at.x - width_of(words, hand) / 2, at.y), words, hand)


def write_down(image: Image.Image, at: Point, words: str, hand: Hand) -> float:
    """Write one column downwards, its middle at x, its top at y; return where it ended on the y axis."""
    y = at.y
    for letter in words:
        if not letter.isspace():
            aside = hand.size * 0.28 if letter in "，。、；" else 0.0  # stops stand at the right of a column
            write_centred(image, Point(at.x + aside, y - aside), letter, hand)
        y += hand.size * 1.16 + hand.spacing
    return y


def wrapped(words: str, hand: Hand, width: float) -> list[str]:
    """Return the lines of a paragraph that fit a width; closing marks never begin a line."""
    lines, line, used = [], "", 0.0
    for letter in words:
        step = advance(letter, hand)
        if used + step > width and letter not in "，。、；：》）」』！？":
            lines.append(line)
            line, used = "", 0.0
        line, used = line + letter, used + step
    return lines + [line] if line else lines


def round_seal(words: str, size: int, dice: Random, *, under: str = "") -> Image.Image:
    """Return a round office seal (公章) with a star, as RGBA; size is its diameter in pixels."""
    large = size * 2
    mask = Image.new("L", (large, large), 0)
    pen = ImageDraw.Draw(mask)
    pen.ellipse((6, 6, large - 6, large - 6), outline=255, width=large // 34)
    pen.polygon([(p.x, p.y) for p in star(Point(large / 2, large / 2), large * 0.155)], fill=255)
    hand = Hand(size=round(large * 0.135), bold=1)
    span = min(270.0, 32.0 * (len(words) - 1))
    for place, letter in enumerate(words):
        degrees = -span / 2 + span * place / max(1, len(words) - 1)
        mask = ImageChops.lighter(mask, _turned_letter(letter, hand, degrees, large))
    if under:
        small = Hand(size=round(large * 0.085), colour=(255, 255, 255))
        label = Image.new("RGB", (large, large))
        write_centred(label, Point(large / 2, large * 0.70), under, small)
        mask = ImageChops.lighter(mask, label.convert("L"))
    return _inked(mask.resize((size, size), Image.Resampling.LANCZOS), dice)


def square_seal(words: str, size: int, dice: Random) -> Image.Image:
    """Return a square seal (印) of two columns read from the right, as RGBA."""
    plate = Image.new("RGB", (size, size), (0, 0, 0))
    pen = ImageDraw.Draw(plate)
    pen.rectangle((2, 2, size - 3, size - 3), outline=(255, 255, 255), width=max(3, size // 22))
    rows = (len(words) + 1) // 2
    letter_size = round(size * 0.8 / max(rows, 2))
    hand = Hand(size=letter_size, colour=(255, 255, 255), traditional=True, bold=1)
    for place, letter in enumerate(words):
        x = size * (0.70 if place < rows else 0.30)
        y = size * 0.09 + (place % rows) * size * 0.82 / rows - letter_size * 0.18
        write_centred(plate, Point(x, y), letter, hand)
    return _inked(plate.convert("L"), dice)


def stamp(image: Image.Image, seal: Image.Image, at: Point) -> None:
    """Press a seal on a page with its centre at a point; words under it stay readable."""
    left, top = round(at.x - seal.width / 2), round(at.y - seal.height / 2)
    image.paste(seal.convert("RGB"), (left, top), seal.getchannel("A"))


def _turned_letter(letter: str, hand: Hand, degrees: float, size: int) -> Image.Image:
    layer = Image.new("RGB", (size, size))
    white = Hand(size=hand.size, colour=(255, 255, 255), bold=hand.bold)
    write_centred(layer, Point(size / 2, size * 0.045), letter, white)
    return layer.convert("L").rotate(-degrees, Image.Resampling.BICUBIC)


def _inked(mask: Image.Image, dice: Random) -> Image.Image:
    """Return the mask as uneven red ink: no stamp is pressed down evenly."""
    cells = Image.frombytes("L", (24, 24), dice.randbytes(576)).resize(mask.size, Image.Resampling.BICUBIC)
    grain = Image.frombytes("L", mask.size, dice.randbytes(mask.width * mask.height))
    grain = grain.filter(ImageFilter.GaussianBlur(0.8))
    worn = ImageChops.multiply(
        cells.point(lambda v: min(255, 150 + v)), grain.point(lambda v: min(255, 90 + v))
    )
    seal = Image.new("RGBA", mask.size, (*VERMILION, 0))
    seal.putalpha(ImageChops.multiply(mask, worn))
    return seal.rotate(dice.uniform(-7, 7), Image.Resampling.BICUBIC, expand=True, fillcolor=(*VERMILION, 0))
