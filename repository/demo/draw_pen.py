"""A pen that draws in final pixels with soft edges.

Pictures are drawn twice as large as wanted and halved at the end, because Pillow's own shapes have
hard edges. All lengths given to the pen are final pixels. The dice of a pen are seeded, so the same
seed draws the same picture.
"""

from dataclasses import dataclass
from math import cos, sin, tau
from random import Random

from PIL import Image, ImageDraw

SCALE = 2  # drawn at twice the size, halved at the end

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the picture in final pixels, from the upper left corner."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Region:
    """A named head in a picture: upper left corner and size in pixels of the first file."""

    name: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a drawer hands back: an image per page, the named heads of the first, the words per page."""

    pages: tuple[Image.Image, ...]
    regions: tuple[Region, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pen:
    """A picture under work, the tool that draws on it, and its seeded dice."""

    image: Image.Image
    tool: ImageDraw.ImageDraw
    dice: Random

    @property
    def width(self) -> int:
        """Return the width of the finished picture in pixels."""
        return self.image.width // SCALE

    @property
    def height(self) -> int:
        """Return the height of the finished picture in pixels."""
        return self.image.height // SCALE

    def oval(self, at: Point, rx: float, ry: float, fill: Colour) -> None:
        """Fill an upright ellipse around a centre."""
        box = (at.x - rx, at.y - ry, at.x + rx, at.y + ry)
        self.tool.ellipse([v * SCALE for v in box], fill=fill)

    def ring(self, at: Point, radius: float, *, fill: Colour, width: float) -> None:
        """Draw the outline of a circle."""
        box = (at.x - radius, at.y - radius, at.x + radius, at.y + radius)
        self.tool.ellipse([v * SCALE for v in box], outline=fill, width=_thick(width))

    def pie(self, at: Point, rx: float, ry: float, *, start: float, end: float, fill: Colour) -> None:
        """Fill the part of an ellipse cut by a chord; degrees run clockwise from three o'clock."""
        box = (at.x - rx, at.y - ry, at.x + rx, at.y + ry)
        self.tool.chord([v * SCALE for v in box], start, end, fill=fill)

    def bow(
        self, at: Point, rx: float, ry: float, *, start: float, end: float, fill: Colour, width: float
    ) -> None:
        """Draw a part of an ellipse's outline; degrees run clockwise from three o'clock."""
        box = (at.x - rx, at.y - ry, at.x + rx, at.y + ry)
        self.tool.arc([v * SCALE for v in box], start, end, fill=fill, width=_thick(width))

    def shape(self, points: list[Point], fill: Colour) -> None:
        """Fill a polygon."""
        self.tool.polygon([(p.x * SCALE, p.y * SCALE) for p in points], fill=fill)

    def cloth(self, points: list[Point], fill: Colour) -> None:
        """Fill a polygon whose corners are rounded off."""
        self.shape(rounded(points), fill)

    def stroke(self, points: list[Point], *, fill: Colour, width: float) -> None:
        """Draw a line through points with round joints and round ends."""
        self.tool.line(
            [(p.x * SCALE, p.y * SCALE) for p in points], fill=fill, width=_thick(width), joint="curve"
        )
        if width > 2:
            for end in (points[0], points[-1]):
                self.oval(end, width / 2, width / 2, fill)

    def box(self, left: float, top: float, right: float, bottom: float, fill: Colour) -> None:
        """Fill an upright rectangle."""
        self.tool.rectangle([left * SCALE, top * SCALE, right * SCALE - 1, bottom * SCALE - 1], fill=fill)

    def frame(
        self, left: float, top: float, right: float, bottom: float, *, fill: Colour, width: float
    ) -> None:
        """Draw the outline of an upright rectangle."""
        corners = [left * SCALE, top * SCALE, right * SCALE, bottom * SCALE]
        self.tool.rectangle(corners, outline=fill, width=_thick(width))

    def jitter(self, amount: float) -> float:
        """Return a small seeded number between -amount and amount."""
        return self.dice.uniform(-amount, amount)

    def finished(self) -> Image.Image:
        """Return the picture at its final size."""
        return self.image.reduce(SCALE)


def new_pen(width: int, height: int, *, dice: Random, ground: Colour = (255, 255, 255)) -> Pen:
    """Return a pen on an empty picture of width x height final pixels."""
    image = Image.new("RGB", (width * SCALE, height * SCALE), ground)
    return Pen(image=image, tool=ImageDraw.Draw(image), dice=dice)


def path(*places: tuple[float, float]) -> list[Point]:
    """Return the points of a line or polygon from (x, y) pairs."""
    return [Point(x, y) for x, y in places]


def rounded(points: list[Point]) -> list[Point]:
    """Return the polygon with every corner cut twice (Chaikin), which reads as a curve."""
    for _ in range(2):
        cut: list[Point] = []
        for here, there in zip(points, points[1:] + points[:1], strict=True):
            cut.append(Point(here.x * 0.75 + there.x * 0.25, here.y * 0.75 + there.y * 0.25))
            cut.append(Point(here.x * 0.25 + there.x * 0.75, here.y * 0.25 + there.y * 0.75))
        points = cut
    return points


def on_circle(at: Point, radius: float, turn: float) -> Point:
    """Return the point on a circle; turn 0 is the top, 0.25 the right side."""
    return Point(at.x + radius * sin(turn * tau), at.y - radius * cos(turn * tau))


def star(at: Point, radius: float) -> list[Point]:
    """Return the ten corners of a five-pointed star standing upright."""
    return [on_circle(at, radius if corner % 2 == 0 else radius * 0.382, corner / 10) for corner in range(10)]


def tinted(colour: Colour, factor: float) -> Colour:
    """Return the colour made darker (factor below 1) or lighter (above 1)."""
    red, green, blue = (max(0, min(255, round(part * factor))) for part in colour)
    return (red, green, blue)


def _thick(width: float) -> int:
    return max(1, round(width * SCALE))
