"""Small things in the scenes: buckets, glass, benches, chalk."""

from repository.demo.draw_letters import Hand, write_centred
from repository.demo.draw_pen import SCALE, Colour, Pen, Point, path


def draw_bib(pen: Pen, at: Point, head: float) -> None:
    """Pin a number on a runner."""
    pen.box(at.x - head * 0.42, at.y + head * 1.25, at.x + head * 0.30, at.y + head * 1.75, (246, 244, 238))
    for bar in range(3):
        x = at.x - head * 0.28 + bar * head * 0.2
        pen.stroke(
            path((x, at.y + head * 1.36), (x + pen.jitter(3), at.y + head * 1.64)),
            fill=(40, 40, 44),
            width=head * 0.07,
        )


def draw_shadow(pen: Pen, at: Point, head: float, down: float) -> None:
    """Lay a shadow on the ground, down heads below the middle of the head."""
    pen.oval(Point(at.x + head * 0.4, at.y + head * down), head * 1.1, head * 0.16, (120, 106, 84))


def draw_bucket(pen: Pen, at: Point, head: float) -> None:
    """Draw a zinc bucket full of water."""
    pen.bow(
        Point(at.x, at.y + head * 0.3),
        head * 0.36,
        head * 0.36,
        start=180,
        end=360,
        fill=(70, 70, 74),
        width=4,
    )
    pen.shape(
        path(
            (at.x - head * 0.4, at.y + head * 0.3),
            (at.x + head * 0.4, at.y + head * 0.3),
            (at.x + head * 0.3, at.y + head * 1.1),
            (at.x - head * 0.3, at.y + head * 1.1),
        ),
        (146, 150, 154),
    )
    pen.oval(Point(at.x, at.y + head * 0.3), head * 0.4, head * 0.09, (96, 120, 134))


def draw_chalk(pen: Pen, words: str) -> None:
    """Write words and a drawing on the blackboard."""
    write_centred(
        pen.image,
        Point(640 * SCALE, 140 * SCALE),
        words,
        Hand(size=50 * SCALE, colour=(232, 234, 226), spacing=8),
    )
    for line in range(4):
        y = 246 + line * 32
        start = Point(370, y)
        pen.stroke(
            [start, Point(370 + pen.dice.uniform(160, 280), y + pen.jitter(3))], fill=(176, 190, 180), width=3
        )
    pen.ring(Point(740, 300), 44, fill=(220, 226, 216), width=3)
    pen.stroke(path((740, 256), (740, 226), (800, 226)), fill=(220, 226, 216), width=3)


def draw_lab_bench(pen: Pen, left: float, right: float, top: float, depth: float) -> None:
    """Draw a laboratory bench."""
    pen.box(left + 20, top + 26, right - 20, top + 26 + depth, (112, 84, 62))
    pen.box(left, top, right, top + 26, (58, 54, 52))
    for x in (left + 40, (left + right) / 2, right - 60):
        pen.box(x, top + 26, x + 20, top + 26 + depth + 90, (96, 72, 54))


def draw_glassware(pen: Pen, foot: Point, number: int) -> None:
    """Draw a flask, a rack of tubes or a burner stand, by number."""
    glass: Colour = (196, 214, 218)
    liquid: tuple[Colour, ...] = ((92, 140, 190), (200, 110, 120), (120, 170, 110), (214, 176, 92))
    tone = liquid[number % 4]
    if number % 3 == 0:
        pen.shape(
            path(
                (foot.x - 12, foot.y - 110),
                (foot.x + 12, foot.y - 110),
                (foot.x + 14, foot.y - 70),
                (foot.x + 46, foot.y),
                (foot.x - 46, foot.y),
                (foot.x - 14, foot.y - 70),
            ),
            glass,
        )
        pen.shape(
            path(
                (foot.x - 26, foot.y - 42),
                (foot.x + 26, foot.y - 42),
                (foot.x + 42, foot.y - 3),
                (foot.x - 42, foot.y - 3),
            ),
            tone,
        )
    elif number % 3 == 1:
        for tube in range(4):
            x = foot.x - 45 + tube * 30
            pen.stroke(path((x, foot.y - 96), (x, foot.y - 16)), fill=glass, width=15)
            pen.stroke(path((x, foot.y - 56), (x, foot.y - 16)), fill=liquid[(number + tube) % 4], width=11)
        pen.box(foot.x - 66, foot.y - 66, foot.x + 66, foot.y - 52, (156, 116, 78))
        pen.box(foot.x - 66, foot.y - 14, foot.x + 66, foot.y, (156, 116, 78))
    else:
        pen.stroke(path((foot.x, foot.y), (foot.x, foot.y - 170)), fill=(90, 90, 94), width=7)
        pen.stroke(path((foot.x, foot.y - 120), (foot.x + 50, foot.y - 120)), fill=(90, 90, 94), width=6)
        pen.oval(Point(foot.x + 54, foot.y - 92), 32, 32, glass)
        pen.pie(Point(foot.x + 54, foot.y - 92), 30, 30, start=0, end=180, fill=tone)
        pen.box(foot.x + 38, foot.y - 44, foot.x + 70, foot.y, (150, 130, 90))
