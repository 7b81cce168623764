"""Class photographs and portraits, and where the heads are.

The rows are drawn from the back to the front. Every named head gets a region in pixels of the
finished picture, so that a page can show who is who without any guessing.
"""

from dataclasses import dataclass
from random import Random

from PIL import Image, ImageChops, ImageFilter

from repository.demo.draw_clothes import draw_crouching, draw_seated, draw_standing, draw_whole
from repository.demo.draw_film import mounted, photographed
from repository.demo.draw_letters import Hand, write_centred
from repository.demo.draw_pen import SCALE, Colour, Drawing, Pen, Point, Region, new_pen, path, tinted
from repository.demo.draw_scenery import (
    draw_brick_school,
    draw_ground,
    draw_modern_school,
    draw_sky,
    draw_tiled_hall,
    draw_tree,
)
from repository.demo.looks import Look, student_look, teacher_look

WIDTH, HEIGHT = 1500, 1030
HEAD = 74.0  # head height of a pupil in a class photograph, pixels


@dataclass(frozen=True, slots=True)
class Sitter:
    """One person in a group: name, sex, teacher or pupil."""

    name: str
    female: bool
    teacher: bool = False


@dataclass(frozen=True, slots=True)
class ClassPhoto:
    """A class photograph to draw: year, words on the print, people row by row from the back."""

    year: int
    caption: str
    rows: tuple[tuple[Sitter, ...], ...]


def draw_class(photo: ClassPhoto, dice: Random) -> Drawing:
    """Return the class photograph with a region for every head."""
    pen = new_pen(WIDTH, HEIGHT, dice=dice)
    _school_yard(pen, photo.year)
    regions: list[Region] = []
    teachers_row = len(photo.rows) - 2
    for number, row in enumerate(photo.rows):
        regions.extend(_row(pen, photo, number, row, seated=number == teachers_row))
    print_ = photographed(pen.finished(), photo.year, dice)
    _caption(print_, photo)
    return mounted(print_, tuple(regions), photo.year)


def draw_portrait(sitter: Sitter, year: int, dice: Random) -> Drawing:
    """Return a studio portrait of one person before a soft cloth."""
    pen = new_pen(840, 1120, dice=dice, ground=(150, 146, 140))
    _studio(pen)
    look = (
        teacher_look(year, sitter.female, dice) if sitter.teacher else student_look(year, sitter.female, dice)
    )
    head = 350.0
    at = Point(pen.width / 2 + pen.jitter(14), 430)
    draw_standing(pen, at, head, look, length=3.0)
    _studio_light(pen)
    print_ = photographed(pen.finished(), year, dice)
    region = Region(
        sitter.name,
        round(at.x - head * 0.46),
        round(at.y - head * 0.54),
        round(head * 0.92),
        round(head * 1.06),
    )
    return mounted(print_, (region,), year)


def _studio(pen: Pen) -> None:
    backdrop = Image.radial_gradient("L").resize(pen.image.size).point([max(0, 235 - v) for v in range(256)])
    tone: Colour = (128, 134, 140)
    dark = Image.new("RGB", pen.image.size, tinted(tone, 0.62))
    pen.image.paste(Image.composite(Image.new("RGB", pen.image.size, tinted(tone, 1.5)), dark, backdrop))
    for _ in range(26):
        x = pen.dice.uniform(0, pen.width)
        shade = tinted(tone, pen.dice.uniform(0.75, 1.2))
        pen.stroke(path((x, 0), (x + pen.jitter(50), pen.height)), fill=shade, width=pen.dice.uniform(2, 14))
    pen.image.paste(pen.image.filter(ImageFilter.BoxBlur(44)))


def _studio_light(pen: Pen) -> None:
    """Let the lamp fall from the upper left, so that the flat shapes turn round."""
    wide, tall = pen.image.size
    lamp = Image.radial_gradient("L").resize((wide * 3 // 2, tall * 3 // 2))
    lamp = lamp.crop(
        (
            wide // 2 - wide // 9,
            tall // 2 - tall // 7,
            wide // 2 - wide // 9 + wide,
            tall // 2 - tall // 7 + tall,
        )
    )
    lamp = lamp.point([round(178 - v * 0.72) for v in range(256)])
    pen.image.paste(ImageChops.soft_light(pen.image, Image.merge("RGB", (lamp, lamp, lamp))))


def _school_yard(pen: Pen, year: int) -> None:
    horizon = 470.0
    draw_sky(pen, horizon)
    if year < 1950:
        draw_tiled_hall(pen, 150, 1350, horizon + 6, 330)
    elif year < 1986:
        draw_brick_school(pen, 120, 1380, horizon + 6, 400)
    else:
        wall: Colour = (226, 220, 208) if year < 2004 else (206, 150, 120)
        draw_modern_school(pen, 90, 1410, horizon + 6, 370, wall=wall)
    for x in (40, 1462, pen.dice.choice((190, 1310))):
        draw_tree(
            pen,
            Point(x + pen.jitter(20), horizon + 40),
            pen.dice.uniform(330, 420),
            poplar=year < 1986 and x != 40,
        )
    draw_ground(pen, horizon)
    _soften(pen)


def _soften(pen: Pen) -> None:
    """Blur what is far away, as a lens does."""
    pen.image.paste(pen.image.filter(ImageFilter.BoxBlur(2 * SCALE)))


def _row(pen: Pen, photo: ClassPhoto, number: int, row: tuple[Sitter, ...], *, seated: bool) -> list[Region]:
    front = number == len(photo.rows) - 1
    step = min(118.0, (WIDTH - 190) / len(row))
    left = WIDTH / 2 - step * (len(row) - 1) / 2 + (step * 0.22 if number % 2 else -step * 0.22)
    y = _height_of_row(len(photo.rows), number)
    if number == len(photo.rows) - 4:
        _bench(pen, left - step * 0.8, left + step * (len(row) - 0.2), y + HEAD * 5.1)
    regions = []
    for place, sitter in enumerate(row):
        look = _look(sitter, photo.year, pen)
        head = HEAD * (1.04 if sitter.teacher else pen.dice.uniform(0.95, 1.02))
        at = Point(left + place * step + pen.jitter(5), y + pen.jitter(8))
        if front:
            draw_crouching(pen, at, head, look)
        elif seated:
            draw_seated(pen, at, head, look)
        else:
            draw_whole(pen, at, head, look)
        regions.append(
            Region(
                sitter.name,
                round(at.x - head * 0.46),
                round(at.y - head * 0.54),
                round(head * 0.92),
                round(head * 1.06),
            )
        )
    return regions


def _bench(pen: Pen, left: float, right: float, top: float) -> None:
    wood: Colour = (116, 92, 70)
    for x in (left + 30, (left + right) / 2, right - 30):
        pen.stroke(path((x, top), (x, top + 74)), fill=tinted(wood, 0.7), width=11)
    pen.box(left, top, right, top + 15, wood)
    pen.box(left, top + 15, right, top + 20, tinted(wood, 0.6))


def _height_of_row(rows: int, number: int) -> float:
    """Return the y of the heads of a row: back rows stand on benches, the front row sits on the ground."""
    from_front = rows - 1 - number
    return (690.0, 545.0, 420.0, 305.0)[from_front]


def _look(sitter: Sitter, year: int, pen: Pen) -> Look:
    if sitter.teacher:
        return teacher_look(year, sitter.female, pen.dice)
    return student_look(year, sitter.female, pen.dice)


def _caption(print_: Image.Image, photo: ClassPhoto) -> None:
    """Write the words the photographer put on the print, white at the lower edge."""
    size = min(36, round(WIDTH * 0.9 / len(photo.caption)))
    hand = Hand(size=size, colour=(250, 244, 228), bold=1, traditional=photo.year < 1950, spacing=3)
    shadow = Hand(size=size, colour=(40, 30, 24), bold=2, traditional=photo.year < 1950, spacing=3)
    spot = Point(WIDTH / 2, HEIGHT - size * 1.85)
    write_centred(print_, Point(spot.x + 2, spot.y + 2), photo.caption, shadow)
    write_centred(print_, spot, photo.caption, hand)
