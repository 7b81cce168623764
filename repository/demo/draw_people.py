"""Invented people: heads with hair, clothes of their time.

Nobody drawn here lives or lived. A look is chosen by year and role with the pen's dice; head height
is the unit for everything else.
"""

from repository.demo.draw_pen import Colour, Pen, Point, tinted
from repository.demo.looks import Look

Outline = tuple[tuple[float, float], ...]


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
    mouth = [
        _rel(at, head, x, y)
        for x, y in ((-0.1, 0.27 - rise), (-0.04, 0.272), (0.04, 0.272), (0.1, 0.27 - rise))
    ]
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
        pen.cloth(
            [_rel(at, head, x, y) for x, y in ((-side, -0.1), (side, -0.1), (side, 0.46), (-side, 0.46))],
            hair,
        )
    if look.hair == "perm":
        for number in range(9):
            place = _rel(at, head, -0.48 + 0.12 * number, 0.4 if 1 < number < 7 else 0.25)
            pen.oval(place, head * 0.11, head * 0.12, hair)
    if look.hair == "bun":
        pen.oval(_rel(at, head, 0.16, -0.5), head * 0.17, head * 0.14, hair)
    if look.hair == "ponytail":
        pen.cloth(
            [
                _rel(at, head, x, y)
                for x, y in ((0.2, -0.5), (0.52, -0.42), (0.56, 0.2), (0.44, 0.42), (0.36, 0.0))
            ],
            hair,
        )


def _front_hair(pen: Pen, at: Point, head: float, look: Look) -> None:
    hair = look.hair_colour
    if look.hair == "balding":
        for side in (-1, 1):
            pen.oval(_rel(at, head, side * 0.35, -0.1), head * 0.07, head * 0.19, hair)
        return
    turn = 24 if look.hair == "crop" else 8  # how far the hairline lies above the temples
    pen.pie(_rel(at, head, 0, -0.08), head * 0.41, head * 0.44, start=180 + turn, end=360 - turn, fill=hair)
    low = 0.2 if look.female else 0.0
    for side in (-1, 1):
        temple = ((side * 0.43, -0.24), (side * 0.3, -0.3), (side * 0.33, -0.08), (side * 0.385, low))
        _lock(pen, at, head, temple, hair)
    _lock(pen, at, head, _fringe(look), hair)
    gleam = _rel(at, head, -0.02, -0.12)
    wide, tall, light = head * 0.3, head * 0.31, tinted(hair, 1.7)
    pen.bow(gleam, wide, tall, start=215, end=280, fill=light, width=head * 0.03)
    if look.hair == "cap":
        _cap(pen, at, head, look)
    if look.hair in ("braids", "short_braids"):
        _braids(pen, at, head, look)


def _fringe(look: Look) -> Outline:
    """Return the outline of the hair over the forehead, empty where it is cropped."""
    if look.female and look.hair != "bun":
        return ((-0.36, -0.34), (0.36, -0.34), (0.33, -0.13), (0, -0.17), (-0.33, -0.13))
    if look.hair in ("parted", "long_parted", "bun"):
        right = ((-0.2, -0.46), (0.36, -0.4), (0.37, -0.12), (0.1, -0.24))
        return (*right, (-0.14, -0.3), (-0.3, -0.16), (-0.38, -0.2))
    return ()


def _lock(pen: Pen, at: Point, head: float, outline: Outline, fill: Colour) -> None:
    if outline:
        pen.cloth([_rel(at, head, x, y) for x, y in outline], fill)


def _cap(pen: Pen, at: Point, head: float, look: Look) -> None:
    cloth = tinted(look.cloth, 0.86) if sum(look.cloth) < 560 else (84, 96, 104)
    pen.cloth(
        [_rel(at, head, x, y) for x, y in ((-0.5, -0.24), (-0.44, -0.6), (0.44, -0.6), (0.5, -0.24))], cloth
    )
    pen.pie(_rel(at, head, 0, -0.2), head * 0.36, head * 0.12, start=180, end=360, fill=tinted(cloth, 0.7))


def _braids(pen: Pen, at: Point, head: float, look: Look) -> None:
    length = 5 if look.hair == "braids" else 2
    for side in (-1, 1):
        for knot in range(length):
            spot = _rel(at, head, side * (0.4 + 0.03 * (knot > 2)), 0.2 + knot * 0.17)
            pen.oval(spot, head * 0.085, head * 0.11, look.hair_colour)
            pen.stroke(
                [
                    _rel(at, head, side * 0.4 - 0.05, 0.26 + knot * 0.17),
                    _rel(at, head, side * 0.4 + 0.05, 0.24 + knot * 0.17),
                ],
                fill=tinted(look.hair_colour, 1.8),
                width=head * 0.018,
            )
        bow = _rel(at, head, side * 0.41, 0.24 + length * 0.17)
        pen.oval(bow, head * 0.1, head * 0.055, (190, 70, 66))
