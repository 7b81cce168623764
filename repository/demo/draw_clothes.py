"""Bodies and clothes under the heads of draw_people.

Lengths are in heads, measured from the middle of the head, so that one drawing serves a far row and
a portrait.
"""

from repository.demo.draw_pen import Colour, Pen, Point, path, tinted
from repository.demo.draw_people import draw_head
from repository.demo.looks import Look
from repository.demo.poses import Pose

WHITE: Colour = (240, 238, 230)
SHOE: Colour = (40, 36, 36)
RED: Colour = (192, 48, 44)
OPEN_COLLARS = ("shirt", "blouse", "checked")


def draw_standing(pen: Pen, at: Point, head: float, look: Look, *, length: float = 2.6) -> None:
    """Draw head and trunk, arms hanging down; length is how far down the coat goes, in heads."""
    side = 0.80 if look.female else 0.88
    low = length + 0.4  # rounding takes a little off the hem
    outline = (
        (-0.17, 0.55),
        (0.17, 0.55),
        (0.58, 0.70),
        (side, 0.86),
        (side + 0.07, 1.7),
        (side + 0.06, low),
        (-side - 0.06, low),
        (-side - 0.07, 1.7),
        (-side, 0.86),
        (-0.58, 0.70),
    )
    pen.cloth(_placed(at, head, outline), look.cloth)
    shaded = ((0.30, 0.68), (0.58, 0.70), (side, 0.86), (side + 0.07, 1.7), (side + 0.06, low), (0.52, low))
    pen.cloth(_placed(at, head, shaded), tinted(look.cloth, 0.91))
    for turn in (-1, 1):
        seam = ((turn * (side - 0.24), 1.15), (turn * (side - 0.2), 1.8), (turn * (side - 0.2), length + 0.2))
        pen.stroke(_placed(at, head, seam), fill=tinted(look.cloth, 0.74), width=head * 0.025)
    _finish_dress(pen, at, head, look, length)
    draw_head(pen, at, head, look)
    _scarf(pen, at, head, look)


def draw_whole(pen: Pen, at: Point, head: float, look: Look) -> None:
    """Draw a person standing straight, feet 5.2 heads below the middle of the head."""
    robe = look.dress in ("gown", "qipao")
    cloth = look.cloth if robe else look.trousers
    for turn in (-1, 1):
        pen.stroke(
            _placed(at, head, ((turn * 0.4, 2.5), (turn * 0.36, 4.8))),
            fill=tinted(cloth, 0.9),
            width=head * 0.58,
        )
        pen.oval(_spot(at, head, turn * 0.4, 5.05), head * 0.3, head * 0.16, SHOE)
    draw_standing(pen, at, head, look, length=4.3 if robe else 2.6)
    for turn in (-1, 1):
        if not robe:
            pen.oval(_spot(at, head, turn * 0.76, 2.86), head * 0.13, head * 0.17, look.skin)


def draw_seated(pen: Pen, at: Point, head: float, look: Look) -> None:
    """Draw a person on a chair, hands on the knees, feet 4.4 heads below the middle of the head."""
    robe = look.dress in ("qipao", "gown")
    cloth = look.cloth if robe else look.trousers
    for turn in (-1, 1):
        shin = ((turn * 0.50, 3.0), (turn * 0.46, 4.1))
        pen.stroke(_placed(at, head, shin), fill=tinted(cloth, 0.82), width=head * 0.46)
        pen.oval(_spot(at, head, turn * 0.52, 4.3), head * 0.30, head * 0.16, SHOE)
    draw_standing(pen, at, head, look, length=2.3)
    if robe:
        pen.cloth(
            _placed(at, head, ((-0.8, 2.5), (0.8, 2.5), (0.84, 4.2), (-0.84, 4.2))), tinted(cloth, 0.95)
        )
    for turn in (-1, 1):
        thigh = ((turn * 0.36, 2.75), (turn * 0.52, 3.05))
        pen.stroke(_placed(at, head, thigh), fill=cloth, width=head * 0.66)
        forearm = ((turn * 0.86, 2.0), (turn * 0.74, 2.5), (turn * 0.46, 2.74))
        pen.stroke(_placed(at, head, forearm), fill=tinted(look.cloth, 0.93), width=head * 0.30)
        pen.oval(_spot(at, head, turn * 0.42, 2.78), head * 0.17, head * 0.13, look.skin)


def draw_crouching(pen: Pen, at: Point, head: float, look: Look) -> None:
    """Draw a pupil sitting on the ground with crossed legs (3.2 heads below the middle of the head)."""
    draw_standing(pen, at, head, look, length=2.1)
    for turn in (-1, 1):
        leg = ((turn * 0.55, 2.62), (turn * 1.02, 2.72), (turn * 0.3, 2.98), (turn * -0.25, 3.04))
        pen.stroke(_placed(at, head, leg), fill=tinted(look.trousers, 0.96 + 0.05 * turn), width=head * 0.44)
        pen.oval(_spot(at, head, turn * -0.4, 3.1), head * 0.26, head * 0.14, SHOE)
        arm = ((turn * 0.84, 1.8), (turn * 0.92, 2.35), (turn * 0.62, 2.56))
        pen.stroke(_placed(at, head, arm), fill=tinted(look.cloth, 0.9), width=head * 0.29)
        pen.oval(_spot(at, head, turn * 0.56, 2.58), head * 0.16, head * 0.12, look.skin)


def draw_figure(pen: Pen, at: Point, head: float, look: Look, pose: Pose) -> None:
    """Draw a whole person in a pose."""
    lean = pose.lean
    hips = _spot(at, head, lean, 2.75)
    for limb, light in ((pose.leg_a, 0.82), (pose.leg_b, 1.0)):
        points = [hips] + _placed(at, head, limb)
        pen.stroke(points, fill=tinted(look.trousers, light), width=head * 0.44)
        pen.oval(Point(points[-1].x + head * 0.1, points[-1].y + head * 0.1), head * 0.28, head * 0.15, SHOE)
    shoulder = _spot(at, head, 0.0, 1.0)
    far = path((shoulder.x + head * 0.42, shoulder.y)) + _placed(at, head, pose.arm_b)
    pen.stroke(far, fill=tinted(look.cloth, 0.8), width=head * 0.30)
    pen.oval(far[-1], head * 0.15, head * 0.15, tinted(look.skin, 0.9))
    trunk = (
        (-0.16, 0.55),
        (0.16, 0.55),
        (0.66, 0.78),
        (0.60 + lean, 2.0),
        (0.60 + lean, 2.95),
        (-0.60 + lean, 2.95),
        (-0.60 + lean, 2.0),
        (-0.66, 0.78),
    )
    pen.cloth(_placed(at, head, trunk), look.cloth)
    _finish_dress(pen, at, head, look, 2.4)
    near = path((shoulder.x - head * 0.46, shoulder.y)) + _placed(at, head, pose.arm_a)
    pen.stroke(near, fill=tinted(look.cloth, 0.92), width=head * 0.31)
    pen.oval(near[-1], head * 0.16, head * 0.16, look.skin)
    draw_head(pen, at, head, look)
    _scarf(pen, at, head, look)


def _spot(at: Point, head: float, x: float, y: float) -> Point:
    return Point(at.x + x * head, at.y + y * head)


def _placed(at: Point, head: float, points: tuple[tuple[float, float], ...]) -> list[Point]:
    return [_spot(at, head, x, y) for x, y in points]


def _finish_dress(pen: Pen, at: Point, head: float, look: Look, length: float) -> None:
    """Add collar, buttons, pockets and stripes of the dress."""
    dark = tinted(look.cloth, 0.66)
    if look.dress == "checked":
        for row in range(6):
            y = 0.95 + row * 0.42
            pen.stroke(
                _placed(at, head, ((-0.6, y), (0.6, y))), fill=tinted(look.cloth, 0.82), width=head * 0.04
            )
        for column in (-0.45, -0.15, 0.15, 0.45):
            pen.stroke(
                _placed(at, head, ((column, 0.85), (column, length))),
                fill=tinted(look.cloth, 0.82),
                width=head * 0.04,
            )
    if look.dress in OPEN_COLLARS:
        _open_collar(pen, at, head, look)
    elif look.dress in ("suit", "blazer", "jacket"):
        _lapels(pen, at, head, look)
    elif look.dress in ("gown", "qipao"):
        flap = ((0.02, 0.7), (0.3, 0.92), (0.62, 1.25), (0.66, length))
        pen.stroke(_placed(at, head, flap), fill=dark, width=head * 0.03)
        pen.cloth(
            _placed(at, head, ((-0.2, 0.5), (0.2, 0.5), (0.22, 0.68), (-0.22, 0.68))),
            tinted(look.cloth, 0.86),
        )
    elif look.dress == "tracksuit":
        _tracksuit(pen, at, head, length)
    elif look.dress == "sweater":
        pen.cloth(_placed(at, head, ((-0.22, 0.54), (0.22, 0.54), (0, 0.92))), WHITE)
        for y in (1.4, 1.56):
            pen.stroke(
                _placed(at, head, ((-0.62, y), (0.62, y))), fill=tinted(look.cloth, 1.28), width=head * 0.05
            )
    elif look.dress == "vest":
        pen.shape(_placed(at, head, ((-0.2, 0.56), (0.2, 0.56), (0, 0.9))), look.skin)
    else:
        _tunic(pen, at, head, look, length)


def _open_collar(pen: Pen, at: Point, head: float, look: Look) -> None:
    dark = tinted(look.cloth, 0.72)
    pen.shape(_placed(at, head, ((-0.16, 0.58), (0.16, 0.58), (0, 0.92))), tinted(look.skin, 0.9))
    for turn in (-1, 1):
        wing = _placed(at, head, ((turn * 0.15, 0.54), (turn * 0.34, 0.68), (turn * 0.22, 0.92), (0, 0.86)))
        pen.shape(wing, tinted(look.cloth, 1.06))
        pen.stroke(wing[1:], fill=dark, width=head * 0.02)
    for row in range(4):
        pen.oval(_spot(at, head, 0, 1.06 + row * 0.4), head * 0.03, head * 0.03, dark)
    if not look.female:
        pen.stroke(
            _placed(at, head, ((0.26, 1.3), (0.54, 1.3), (0.54, 1.62), (0.26, 1.62), (0.26, 1.3))),
            fill=dark,
            width=head * 0.018,
        )


def _lapels(pen: Pen, at: Point, head: float, look: Look) -> None:
    pen.shape(_placed(at, head, ((-0.2, 0.54), (0.2, 0.54), (0.16, 1.0), (0, 1.6), (-0.16, 1.0))), WHITE)
    if look.dress != "jacket":
        tie: Colour = RED if look.dress == "blazer" else (92, 44, 60)
        pen.shape(_placed(at, head, ((-0.07, 0.66), (0.07, 0.66), (0.09, 1.3), (0, 1.5), (-0.09, 1.3))), tie)
    for turn in (-1, 1):
        lapel = ((turn * 0.18, 0.54), (turn * 0.36, 0.72), (turn * 0.3, 1.08), (turn * 0.02, 1.62))
        pen.shape(_placed(at, head, lapel), tinted(look.cloth, 0.84))
    if look.dress == "blazer":
        pen.oval(_spot(at, head, 0.44, 1.28), head * 0.09, head * 0.1, (206, 172, 84))
    for row in range(2):
        pen.oval(_spot(at, head, 0.02, 1.8 + row * 0.36), head * 0.035, head * 0.035, tinted(look.cloth, 0.5))


def _tracksuit(pen: Pen, at: Point, head: float, length: float) -> None:
    panel = ((-0.6, 1.0), (0, 1.22), (0.6, 1.0), (0.62, length + 0.05), (-0.62, length + 0.05))
    pen.shape(_placed(at, head, panel), WHITE)
    pen.shape(_placed(at, head, ((-0.2, 0.54), (0.2, 0.54), (0.1, 0.86), (-0.1, 0.86))), WHITE)
    pen.stroke(_placed(at, head, ((0, 0.8), (0, length))), fill=(120, 130, 150), width=head * 0.025)
    for turn in (-1, 1):
        pen.stroke(
            _placed(at, head, ((turn * 0.76, 0.95), (turn * 0.8, length))), fill=WHITE, width=head * 0.06
        )
    pen.oval(_spot(at, head, 0.36, 1.3), head * 0.1, head * 0.1, RED)


def _tunic(pen: Pen, at: Point, head: float, look: Look, length: float) -> None:
    dark = tinted(look.cloth, 0.62)
    for turn in (-1, 1):
        wing = ((turn * 0.02, 0.60), (turn * 0.2, 0.52), (turn * 0.32, 0.66), (turn * 0.12, 0.84))
        pen.shape(_placed(at, head, wing), tinted(look.cloth, 0.86))
        for y in (1.22, 2.1):
            pocket = (
                (turn * 0.2, y),
                (turn * 0.56, y),
                (turn * 0.56, y + 0.34),
                (turn * 0.2, y + 0.34),
                (turn * 0.2, y),
            )
            if not look.female or y > 2:
                pen.stroke(_placed(at, head, pocket), fill=dark, width=head * 0.02)
    pen.stroke(_placed(at, head, ((0, 0.8), (0, length))), fill=tinted(look.cloth, 0.8), width=head * 0.02)
    for row in range(5):
        pen.oval(_spot(at, head, 0, 0.98 + row * 0.36), head * 0.035, head * 0.035, dark)


def _scarf(pen: Pen, at: Point, head: float, look: Look) -> None:
    """Tie the red scarf (红领巾) of the pioneers over the collar."""
    if not look.scarf:
        return
    pen.cloth(
        _placed(at, head, ((-0.34, 0.66), (0, 0.84), (0.34, 0.66), (0.3, 0.58), (0, 0.68), (-0.3, 0.58))), RED
    )
    for turn in (-1, 1):
        pen.shape(_placed(at, head, ((0, 0.76), (turn * 0.26, 1.34), (turn * 0.08, 1.38))), tinted(RED, 0.9))
