"""Invented people: heads with hair, clothes of their time.

Nobody drawn here lives or lived. A look is chosen by year and role with the pen's dice; head height is the unit for
everything else.
"""

from dataclasses import dataclass
from random import Random

from repository.demo.draw_pen import Colour, Pen, Point, tinted

SKINS: tuple[Colour, ...] = ((236, 202, 170), (228, 190, 156), (240, 210, 180), (220, 180, 146))
BLACK: Colour = (34, 30, 30)


@dataclass(frozen=True, slots=True)
class Look:
    """How one person looks: sex, hair style, clothes, colours, and whether glasses or a red scarf are worn."""

    female: bool
    hair: str
    dress: str
    cloth: Colour
    trousers: Colour
    skin: Colour
    hair_colour: Colour = BLACK
    glasses: bool = False
    scarf: bool = False
    smile: float = 0.5


@dataclass(frozen=True, slots=True)
class Era:
    """Which hair and clothes people wore from a year on."""

    since: int
    girls: tuple[str, ...]
    boys: tuple[str, ...]
    dresses_girl: tuple[str, ...]
    dresses_boy: tuple[str, ...]
    dresses_teacher: tuple[str, ...]
    cloths: tuple[Colour, ...]
    trousers: tuple[Colour, ...]


INDIGO: tuple[Colour, ...] = ((58, 74, 104), (70, 84, 110), (48, 58, 82), (92, 98, 104))
WHITES: tuple[Colour, ...] = ((236, 236, 230), (226, 230, 232), (240, 236, 224))
MIXED: tuple[Colour, ...] = ((176, 64, 60), (70, 104, 150), (206, 170, 90), (96, 132, 96), (150, 96, 140), (220, 214, 204))
TRACKSUIT: tuple[Colour, ...] = ((40, 84, 160),)
ERAS: tuple[Era, ...] = (
    Era(1912, ("bob",), ("crop", "parted"), ("blouse",), ("tunic",), ("gown", "tunic"),
        ((84, 104, 140), (52, 58, 76), (110, 116, 124)), ((44, 46, 56),)),
    Era(1949, ("braids", "braids", "bob"), ("crop", "parted", "cap"), ("blouse", "checked"), ("tunic", "shirt"),
        ("tunic",), INDIGO + WHITES, ((60, 70, 92), (74, 78, 84))),
    Era(1966, ("braids", "short_braids"), ("crop", "parted", "cap"), ("tunic", "blouse"), ("tunic",), ("tunic",),
        ((84, 96, 78), (70, 84, 110), (98, 104, 84)), ((62, 70, 66), (58, 66, 88))),
    Era(1977, ("short_braids", "ponytail", "bob"), ("parted", "crop"), ("blouse", "checked", "sweater"),
        ("shirt", "tunic"), ("tunic", "shirt"), INDIGO + WHITES + ((150, 86, 80),), ((58, 66, 88), (80, 82, 86))),
    Era(1984, ("ponytail", "perm", "bob"), ("parted", "long_parted"), ("sweater", "checked", "blouse"),
        ("shirt", "jacket", "sweater"), ("jacket", "suit", "tunic"), MIXED + WHITES, ((60, 72, 104), (84, 80, 78))),
    Era(2000, ("ponytail", "ponytail", "bob"), ("crop", "parted"), ("tracksuit",), ("tracksuit",),
        ("suit", "shirt", "sweater"), TRACKSUIT, ((36, 52, 96),)),
    Era(2012, ("ponytail", "bob"), ("crop", "parted"), ("blazer",), ("blazer",), ("suit", "shirt"),
        ((38, 48, 78),), ((96, 96, 104),)),
)


def era_of(year: int) -> Era:
    """Return the clothes of a year."""
    return max((era for era in ERAS if era.since <= max(year, 1912)), key=lambda era: era.since)


def student_look(year: int, female: bool, dice: Random) -> Look:
    """Return the look of a pupil of a year."""
    era = era_of(year)
    dress = dice.choice(era.dresses_girl if female else era.dresses_boy)
    white = dress in ("shirt", "blouse") and dice.random() < 0.7
    return Look(
        female=female,
        hair=dice.choice(era.girls if female else era.boys),
        dress=dress,
        cloth=dice.choice(WHITES if white else era.cloths),
        trousers=dice.choice(era.trousers),
        skin=dice.choice(SKINS),
        glasses=dice.random() < (0.04 if year < 1980 else 0.22),
        scarf=1950 <= year < 1966 and dice.random() < 0.35,
        smile=dice.uniform(0.1, 0.9),
    )


def teacher_look(year: int, female: bool, dice: Random) -> Look:
    """Return the look of a teacher of a year."""
    era = era_of(year)
    old = dice.random() < 0.4
    men = ("parted", "balding", "crop") if old else ("parted", "crop")
    women = ("bob", "bun") if year < 1980 else ("perm", "bob", "bun")
    dress = dice.choice(("qipao", "blouse") if female and year < 1949 else era.dresses_teacher)
    sober: tuple[Colour, ...] = ((66, 74, 92), (88, 92, 98), (54, 56, 66), (104, 98, 90))
    return Look(
        female=female,
        hair=dice.choice(women if female else men),
        dress=dress,
        cloth=dice.choice(WHITES) if dress == "shirt" else dice.choice(sober),
        trousers=(54, 56, 66),
        skin=dice.choice(SKINS),
        hair_colour=(128, 124, 120) if old else BLACK,
        glasses=dice.random() < 0.45,
        smile=dice.uniform(0.2, 0.7),
    )


def draw_head(pen: Pen, at: Point, head: float, look: Look) -> None:
    """Draw a head whose middle is at a point; head is its height from chin to crown in pixels."""
    shade = tinted(look.skin, 0.84)
    _back_hair(pen, at, head, look)
    pen.cloth(
        [_rel(at, head, x, y) for x, y in ((-0.15, 0.25), (0.15, 0.25), (0.19, 0.72), (-0.19, 0.72))],
        tinted(look.skin, 0.76),
    )
    for side in (-1, 1):
        pen.oval(_rel(at, head, side * 0.375, 0.04), head * 0.06, head * 0.1, shade)
    pen.oval(at, head * 0.375, head * 0.46, shade)
    pen.oval(_rel(at, head, 0.0, 0.16), head * 0.315, head * 0.34, shade)
    pen.oval(_rel(at, head, -0.03, -0.01), head * 0.335, head * 0.43, look.skin)
    pen.oval(_rel(at, head, -0.025, 0.15), head * 0.275, head * 0.315, look.skin)
    _face(pen, at, head, look)
    _front_hair(pen, at, head, look)


def _rel(at: Point, head: float, x: float, y: float) -> Point:
    return Point(at.x + x * head, at.y + y * head)


def _face(pen: Pen, at: Point, head: float, look: Look) -> None:
    dark = tinted(look.hair_colour, 1.1)
    for side in (-1, 1):
        eye = _rel(at, head, side * 0.15, 0.03)
        pen.oval(eye, head * 0.052, head * 0.034, (250, 246, 240))
        pen.oval(eye, head * 0.034, head * 0.036, (38, 28, 24))
        brow = [_rel(at, head, side * x, y) for x, y in ((0.08, -0.062), (0.15, -0.085), (0.23, -0.06))]
        pen.stroke(brow, fill=dark, width=head * (0.022 if look.female else 0.032))
        pen.oval(_rel(at, head, side * 0.19, 0.16), head * 0.06, head * 0.04, tinted(look.skin, 0.955))
    nose = [_rel(at, head, x, y) for x, y in ((0.015, 0.04), (0.04, 0.15), (-0.005, 0.165))]
    pen.stroke(nose, fill=tinted(look.skin, 0.78), width=head * 0.02)
    lip: Colour = (176, 92, 84) if look.female else (160, 98, 84)
    rise = 0.02 + 0.05 * look.smile
    mouth = [_rel(at, head, x, y) for x, y in ((-0.1, 0.27 - rise), (-0.04, 0.272), (0.04, 0.272), (0.1, 0.27 - rise))]
    pen.stroke(mouth, fill=lip, width=head * 0.032)
    if look.glasses:
        for side in (-1, 1):
            pen.ring(_rel(at, head, side * 0.155, 0.035), head * 0.105, fill=(44, 38, 36), width=head * 0.018)
        bridge = [_rel(at, head, -0.05, 0.02), _rel(at, head, 0.05, 0.02)]
        pen.stroke(bridge, fill=(44, 38, 36), width=head * 0.018)


def _back_hair(pen: Pen, at: Point, head: float, look: Look) -> None:
    hair = look.hair_colour
    if look.hair in ("bob", "perm"):
        pen.oval(_rel(at, head, 0, 0.02), head * 0.5, head * 0.52, hair)
        side = 0.47 if look.hair == "bob" else 0.52
        pen.cloth([_rel(at, head, x, y) for x, y in ((-side, -0.1), (side, -0.1), (side, 0.46), (-side, 0.46))], hair)
    if look.hair == "perm":
        for number in range(9):
            place = _rel(at, head, -0.48 + 0.12 * number, 0.4 if 1 < number < 7 else 0.25)
            pen.oval(place, head * 0.11, head * 0.12, hair)
    if look.hair == "bun":
        pen.oval(_rel(at, head, 0.16, -0.5), head * 0.17, head * 0.14, hair)
    if look.hair == "ponytail":
        pen.cloth([_rel(at, head, x, y) for x, y in ((0.2, -0.5), (0.52, -0.42), (0.56, 0.2), (0.44, 0.42), (0.36, 0.0))], hair)


def _front_hair(pen: Pen, at: Point, head: float, look: Look) -> None:
    hair = look.hair_colour
    shine = tinted(hair, 1.7)
    if look.hair == "balding":
        for side in (-1, 1):
            pen.oval(_rel(at, head, side * 0.35, -0.1), head * 0.07, head * 0.19, hair)
        return
    turn = 24 if look.hair == "crop" else 8  # how far the hairline lies above the temples
    pen.pie(_rel(at, head, 0, -0.08), head * 0.41, head * 0.44, start=180 + turn, end=360 - turn, fill=hair)
    for side in (-1, 1):
        low = 0.0 if not look.female else 0.2
        pen.cloth([_rel(at, head, side * x, y) for x, y in ((0.43, -0.24), (0.3, -0.3), (0.33, -0.08), (0.385, low))], hair)
    if look.female and look.hair != "bun":
        pen.cloth([_rel(at, head, x, y) for x, y in ((-0.36, -0.34), (0.36, -0.34), (0.33, -0.13), (0, -0.17), (-0.33, -0.13))], hair)
    elif look.hair in ("parted", "long_parted", "bun"):
        fringe = ((-0.2, -0.46), (0.36, -0.4), (0.37, -0.12), (0.1, -0.24), (-0.14, -0.3), (-0.3, -0.16), (-0.38, -0.2))
        pen.cloth([_rel(at, head, x, y) for x, y in fringe], hair)
    pen.bow(_rel(at, head, -0.02, -0.12), head * 0.3, head * 0.31, start=215, end=280, fill=shine, width=head * 0.03)
    if look.hair == "cap":
        _cap(pen, at, head, look)
    if look.hair in ("braids", "short_braids"):
        _braids(pen, at, head, look)


def _cap(pen: Pen, at: Point, head: float, look: Look) -> None:
    cloth = tinted(look.cloth, 0.86) if sum(look.cloth) < 560 else (84, 96, 104)
    pen.cloth([_rel(at, head, x, y) for x, y in ((-0.5, -0.24), (-0.44, -0.6), (0.44, -0.6), (0.5, -0.24))], cloth)
    pen.pie(_rel(at, head, 0, -0.2), head * 0.36, head * 0.12, start=180, end=360, fill=tinted(cloth, 0.7))


def _braids(pen: Pen, at: Point, head: float, look: Look) -> None:
    length = 5 if look.hair == "braids" else 2
    for side in (-1, 1):
        for knot in range(length):
            spot = _rel(at, head, side * (0.4 + 0.03 * (knot > 2)), 0.2 + knot * 0.17)
            pen.oval(spot, head * 0.085, head * 0.11, look.hair_colour)
            pen.stroke([_rel(at, head, side * 0.4 - 0.05, 0.26 + knot * 0.17), _rel(at, head, side * 0.4 + 0.05, 0.24 + knot * 0.17)],
                       fill=tinted(look.hair_colour, 1.8), width=head * 0.018)
        bow = _rel(at, head, side * 0.41, 0.24 + length * 0.17)
        pen.oval(bow, head * 0.1, head * 0.055, (190, 70, 66))
