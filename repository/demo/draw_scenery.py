"""School houses, trees, sky and ground behind the people.

Facades follow the building fashions of a Chinese county town; the school itself does not exist.
"""

from PIL import Image

from repository.demo.draw_letters import Hand, write_centred
from repository.demo.draw_pen import SCALE, Colour, Pen, Point, path, star, tinted

LEAVES: tuple[Colour, ...] = ((70, 96, 62), (86, 112, 70), (58, 84, 58))


def draw_sky(
    pen: Pen, horizon: float, *, top: Colour = (168, 190, 210), low: Colour = (226, 230, 226)
) -> None:
    """Fill the sky from the upper edge to the horizon with a soft ramp."""
    ramp = Image.linear_gradient("L").resize((pen.image.width, round(horizon * SCALE)))
    sky = Image.composite(Image.new("RGB", ramp.size, low), Image.new("RGB", ramp.size, top), ramp)
    pen.image.paste(sky, (0, 0))


def draw_ground(
    pen: Pen, horizon: float, *, near: Colour = (150, 134, 108), far: Colour = (186, 172, 144)
) -> None:
    """Fill the ground from the horizon down, with pebbles and tufts."""
    height = pen.image.height - round(horizon * SCALE)
    ramp = Image.linear_gradient("L").resize((pen.image.width, height))
    ground = Image.composite(Image.new("RGB", ramp.size, near), Image.new("RGB", ramp.size, far), ramp)
    pen.image.paste(ground, (0, round(horizon * SCALE)))
    for _ in range(260):
        depth = pen.dice.random() ** 2
        y = pen.height - depth * (pen.height - horizon)
        size = 3.2 - 2.4 * depth
        shade = tinted(near, pen.dice.uniform(0.84, 1.14))
        pen.oval(Point(pen.dice.uniform(0, pen.width), y), size * 2.4, size * 0.5, shade)


def draw_tree(pen: Pen, foot: Point, height: float, *, poplar: bool = False) -> None:
    """Draw a tree: a round camphor, or a slim poplar."""
    trunk: Colour = (88, 72, 58)
    width = height * 0.045
    pen.shape(
        path(
            (foot.x - width, foot.y),
            (foot.x + width, foot.y),
            (foot.x + width * 0.5, foot.y - height * 0.6),
            (foot.x - width * 0.5, foot.y - height * 0.6),
        ),
        trunk,
    )
    blobs = 70
    for number in range(blobs):
        layer = number / blobs
        if poplar:
            spread = height * 0.13 * (1 - abs(layer - 0.35))
            spot = Point(foot.x + pen.jitter(spread), foot.y - height * (0.22 + 0.76 * layer))
            radius = height * pen.dice.uniform(0.03, 0.06)
        else:
            spread = height * 0.36 * (1 - layer * 0.45)
            spot = Point(
                foot.x + pen.jitter(spread),
                foot.y - height * (0.42 + 0.5 * layer) + pen.jitter(height * 0.07),
            )
            radius = height * pen.dice.uniform(0.05, 0.1)
        pen.oval(spot, radius, radius * 0.8, tinted(pen.dice.choice(LEAVES), 0.8 + 0.5 * layer))


def draw_sapling(pen: Pen, foot: Point, height: float) -> None:
    """Draw a freshly planted thin tree with a few leaves."""
    top = Point(foot.x + pen.jitter(6), foot.y - height)
    pen.stroke([foot, top], fill=(96, 78, 58), width=max(2.0, height * 0.025))
    for number in range(14):
        along = 0.4 + 0.6 * number / 14
        side = -1 if number % 2 else 1
        stem = Point(foot.x + (top.x - foot.x) * along, foot.y - height * along)
        tip = Point(stem.x + side * height * 0.16 * (1.25 - along), stem.y - height * 0.09)
        pen.stroke([stem, tip], fill=(96, 78, 58), width=1.5)
        pen.oval(tip, height * 0.045, height * 0.03, pen.dice.choice(LEAVES))


def draw_tiled_hall(pen: Pen, left: float, right: float, base: float, height: float) -> None:
    """Draw a grey brick house of one storey with a curved tile roof, as before 1950."""
    eaves = base - height * 0.62
    pen.box(left, eaves, right, base, (166, 160, 150))
    for row in range(round(height * 0.62 / 12)):
        y = eaves + row * 12
        pen.stroke(path((left, y), (right, y)), fill=(150, 144, 136), width=1)
    pen.shape(
        path(
            (left - 46, eaves - 12),
            (left + 30, eaves - 30),
            (left + 70, base - height),
            (right - 70, base - height),
            (right - 30, eaves - 30),
            (right + 46, eaves - 12),
            (right + 40, eaves + 6),
            (left - 40, eaves + 6),
        ),
        (92, 90, 92),
    )
    x = left + 66
    while x < right - 60:
        slope = (x - (left + right) / 2) * 0.06
        pen.stroke(path((x - slope * 0.2, base - height + 4), (x + slope, eaves)), fill=(74, 72, 76), width=2)
        x += 13
    pen.box(left + 60, base - height - 10, right - 60, base - height + 6, (70, 68, 72))
    bays = max(3, round((right - left) / 150))
    step = (right - left) / bays
    for bay in range(bays):
        middle = left + step * (bay + 0.5)
        if bay == bays // 2:
            _lattice(pen, middle, step * 0.30, eaves + 34, base)
        else:
            _lattice(pen, middle, step * 0.26, eaves + 40, base - height * 0.16)
        pen.box(left + step * bay - 7, eaves, left + step * bay + 7, base, (112, 72, 60))
    pen.box(right - 7, eaves, right + 7, base, (112, 72, 60))


def draw_brick_school(
    pen: Pen, left: float, right: float, base: float, height: float, *, storeys: int = 3
) -> None:
    """Draw a red brick teaching house (教学楼) of the fifties to eighties, with a raised middle and a star."""
    wall: Colour = (172, 108, 84)
    middle = (left + right) / 2
    pen.box(left, base - height * 0.84, right, base, wall)
    pen.box(left - 12, base - height * 0.86, right + 12, base - height * 0.82, (206, 190, 166))
    y = base - height * 0.8
    while y < base:
        pen.stroke(path((left, y), (right, y)), fill=tinted(wall, 0.95), width=1)
        y += 9
    _windows(pen, left, right, base, height * 0.82, storeys, frame=(222, 210, 188))
    wide = (right - left) * 0.085
    pen.box(middle - wide, base - height, middle + wide, base, tinted(wall, 1.08))
    pen.box(middle - wide - 8, base - height * 1.02, middle + wide + 8, base - height * 0.98, (206, 190, 166))
    pen.shape(star(Point(middle, base - height * 0.9), height * 0.05), (196, 52, 44))
    _windows(
        pen, middle - wide, middle + wide, base, height * 0.82, storeys, frame=(222, 210, 188), columns=2
    )
    pen.box(middle - wide * 0.55, base - height * 0.2, middle + wide * 0.55, base, (84, 60, 50))
    pen.box(
        middle - wide * 0.9, base - height * 0.235, middle + wide * 0.9, base - height * 0.2, (206, 190, 166)
    )


def draw_modern_school(
    pen: Pen,
    left: float,
    right: float,
    base: float,
    height: float,
    *,
    storeys: int = 4,
    wall: Colour = (226, 220, 208)
) -> None:
    """Draw a tiled concrete teaching house with long galleries, as after 1985."""
    pen.box(left, base - height, right, base, wall)
    floor = height / storeys
    for storey in range(storeys):
        top = base - floor * (storey + 1)
        pen.box(left + 24, top + floor * 0.20, right - 24, top + floor * 0.80, (112, 128, 142))
        columns = round((right - left) / 58)
        for column in range(columns + 1):
            x = left + 24 + (right - left - 48) * column / columns
            pen.box(x - 4, top + floor * 0.2, x + 4, top + floor, tinted(wall, 0.9))
        pen.box(left, top + floor * 0.72, right, top + floor * 0.96, tinted(wall, 0.97))
        pen.stroke(path((left, top + floor * 0.72), (right, top + floor * 0.72)), fill=(150, 70, 60), width=4)
    tower = (right - left) * 0.07
    middle = (left + right) / 2
    pen.box(middle - tower, base - height * 1.12, middle + tower, base, tinted(wall, 1.05))
    pen.ring(Point(middle, base - height * 1.0), tower * 0.42, fill=(90, 60, 54), width=4)
    pen.stroke(
        path(
            (middle, base - height * 1.0 - tower * 0.3),
            (middle, base - height * 1.0),
            (middle + tower * 0.2, base - height),
        ),
        fill=(90, 60, 54),
        width=3,
    )
    pen.box(middle - tower * 0.6, base - floor * 0.7, middle + tower * 0.6, base, (84, 96, 106))


def draw_banner(pen: Pen, left: float, right: float, top: float, words: str, *, height: float = 46) -> None:
    """Hang a red cloth banner with white words."""
    sag = [4 * (1 - (2 * step / 12 - 1) ** 2) * 2 for step in range(13)]  # cloth hangs lower in the middle
    across = [left + (right - left) * step / 12 for step in range(13)]
    upper = [Point(x, top + low) for x, low in zip(across, sag, strict=True)]
    lower = [Point(x, top + height + low * 1.3) for x, low in zip(across, sag, strict=True)]
    pen.shape(upper + lower[::-1], (190, 44, 40))
    room = (right - left) * 0.84 / max(1, len(words))
    hand = Hand(
        size=round(min(height * 0.64, room) * SCALE),
        colour=(250, 244, 230),
        bold=1,
        spacing=max(0.0, (room - height * 0.64)) * SCALE * 0.6,
    )
    write_centred(pen.image, Point((left + right) / 2 * SCALE, (top + height * 0.14) * SCALE), words, hand)


def draw_flag(pen: Pen, foot: Point, height: float) -> None:
    """Raise a plain red flag on a pole."""
    pen.stroke([foot, Point(foot.x, foot.y - height)], fill=(190, 188, 180), width=5)
    top = foot.y - height + 6
    wave = [(0.0, 0), (0.05, 5), (0.11, 7), (0.17, 2), (0.22, -4), (0.28, -3)]
    upper = [Point(foot.x + height * x, top + y) for x, y in wave]
    pen.shape(upper + [Point(p.x, p.y + height * 0.17) for p in reversed(upper)], (206, 44, 38))


def _lattice(pen: Pen, middle: float, half: float, top: float, bottom: float) -> None:
    pen.box(middle - half, top, middle + half, bottom, (70, 58, 50))
    rows = max(2, round((bottom - top) / 22))
    for row in range(rows):
        for column in range(4):
            x = middle - half + 4 + column * (half * 2 - 8) / 4
            y = top + 4 + row * (bottom - top - 8) / rows
            pen.box(
                x + 2, y + 2, x + (half * 2 - 8) / 4 - 2, y + (bottom - top - 8) / rows - 2, (196, 190, 172)
            )


def _windows(
    pen: Pen,
    left: float,
    right: float,
    base: float,
    height: float,
    storeys: int,
    *,
    frame: Colour,
    columns: int = 0
) -> None:
    columns = columns or max(4, round((right - left) / 82))
    floor, step = height / storeys, (right - left) / columns
    for storey in range(storeys):
        for column in range(columns):
            x, y = left + step * (column + 0.5), base - floor * (storey + 0.62)
            half, tall = step * 0.27, floor * 0.3
            pen.box(x - half - 4, y - tall - 4, x + half + 4, y + tall + 4, frame)
            pen.box(
                x - half, y - tall, x + half, y + tall, tinted((96, 108, 120), pen.dice.uniform(0.85, 1.15))
            )
            pen.stroke(path((x, y - tall), (x, y + tall)), fill=frame, width=3)
            pen.stroke(path((x - half, y - tall * 0.2), (x + half, y - tall * 0.2)), fill=frame, width=3)
