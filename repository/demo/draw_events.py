"""Scenes of school life: sports, planting, lessons, choir.

Each scene is one function from a year to a picture; banners carry the words of the caller.
"""

from random import Random

from repository.demo.draw_clothes import draw_figure, draw_standing, draw_whole
from repository.demo.draw_film import mounted, photographed
from repository.demo.draw_pen import Colour, Drawing, Pen, Point, new_pen, path, tinted
from repository.demo.draw_props import (
    draw_bib,
    draw_bucket,
    draw_chalk,
    draw_glassware,
    draw_lab_bench,
    draw_shadow,
)
from repository.demo.draw_scenery import (
    draw_banner,
    draw_brick_school,
    draw_flag,
    draw_ground,
    draw_modern_school,
    draw_sapling,
    draw_sky,
    draw_tiled_hall,
    draw_tree,
)
from repository.demo.looks import Look, student_look, teacher_look
from repository.demo.poses import CARRY, DIG, FINISH, HOLD, PULL, RUN, Pose, mirrored

WIDTH, HEIGHT = 1500, 1000


def draw_running(year: int, banner: str, dice: Random) -> Drawing:
    """Return a race at the sports day (运动会)."""
    pen = new_pen(WIDTH, HEIGHT, dice=dice)
    _yard(pen, year, 430)
    draw_banner(pen, 330, 1170, 300, banner)
    for foot in (330, 1170):
        pen.stroke(path((foot, 290), (foot, 470)), fill=(110, 84, 60), width=9)
    _crowd(pen, year, 452, 30)
    track: Colour = (182, 112, 90) if year > 1995 else (170, 150, 118)
    pen.shape(path((0, 560), (1500, 545), (1500, 1000), (0, 1000)), track)
    for lane in range(5):
        y = 575 + lane * lane * 16 + lane * 30
        pen.stroke(path((0, y), (1500, y - 14)), fill=(236, 230, 216), width=4 + lane)
    for number, x in enumerate((300, 610, 880, 1190)):
        look = student_look(year, dice.random() < 0.4, dice)
        at = Point(x + pen.jitter(24), 500 + (number % 2) * 76 + pen.jitter(10))
        head = 76.0 + (number % 2) * 8
        draw_shadow(pen, at, head, 4.75)
        draw_figure(pen, at, head, _in_sportswear(look, number), FINISH if number == 3 else RUN)
        draw_bib(pen, at, head)
    pen.stroke(path((1330, 545), (1330, 780)), fill=(240, 238, 232), width=7)
    pen.stroke(path((1240, 660), (1330, 640)), fill=(200, 48, 44), width=6)
    return _print(pen, year)


def draw_tug(year: int, banner: str, dice: Random) -> Drawing:
    """Return a tug of war (拔河) between two classes."""
    pen = new_pen(WIDTH, HEIGHT, dice=dice)
    _yard(pen, year, 430)
    draw_banner(pen, 300, 1200, 190, banner)
    _crowd(pen, year, 470, 34)
    rope = 700.0
    for number, x in enumerate((150, 300, 450, 590)):
        head = 74.0
        at = Point(x + pen.jitter(6), rope - head * 1.9)
        draw_shadow(pen, at, head, 4.9)
        draw_figure(pen, at, head, student_look(year, number % 2 == 0, dice), PULL)
        there = Point(WIDTH - at.x, at.y)
        draw_shadow(pen, there, head, 4.9)
        draw_figure(pen, there, head, student_look(year, number % 2 == 1, dice), mirrored(PULL))
    pen.stroke(path((60, rope + 10), (1440, rope + 6)), fill=(190, 160, 110), width=10)
    pen.shape(
        path((738, rope), (762, rope), (768, rope + 90), (750, rope + 70), (732, rope + 90)), (200, 44, 40)
    )
    return _print(pen, year)


def draw_planting(year: int, banner: str, dice: Random) -> Drawing:
    """Return pupils planting trees (植树) on a hillside."""
    pen = new_pen(WIDTH, HEIGHT, dice=dice)
    draw_sky(pen, 430)
    for number, tone in enumerate(((150, 164, 160), (128, 146, 130), (120, 136, 104))):
        base = 360 + number * 44
        pen.cloth(
            path(
                (-60, 560),
                (-60, base),
                (260 + number * 190, base - 130 + number * 40),
                (700 + number * 80, base - 20),
                (1100 - number * 120, base - 150 + number * 50),
                (1560, base + 10),
                (1560, 560),
            ),
            tone,
        )
    draw_ground(pen, 470, near=(132, 110, 82), far=(160, 150, 110))
    if banner:
        draw_banner(pen, 420, 1080, 318, banner)
    for number in range(13):
        x, y = dice.uniform(40, 1460), 500 + number * 14
        draw_sapling(pen, Point(x, y), 60 + number * 7)
    spots = ((250, 520, DIG), (520, 470, CARRY), (800, 540, HOLD), (1060, 500, DIG), (1300, 540, CARRY))
    for x, y, pose in spots:
        _planter(pen, Point(x + pen.jitter(16), y + pen.jitter(10)), year, pose)
    return _print(pen, year)


def draw_laboratory(year: int, words: str, dice: Random) -> Drawing:
    """Return a lesson in the laboratory (实验课): teacher, blackboard, benches with glass."""
    pen = new_pen(WIDTH, HEIGHT, dice=dice, ground=(206, 204, 190))
    pen.box(0, 0, 1500, 640, (210, 212, 198))
    pen.box(0, 430, 1500, 640, (150, 172, 150))
    pen.box(300, 90, 1080, 400, (112, 84, 60))
    pen.box(316, 106, 1064, 384, (48, 74, 64))
    for left in (60, 1180):
        pen.box(left, 70, left + 190, 390, (120, 96, 72))
        pen.box(left + 10, 80, left + 180, 380, (206, 222, 230))
        pen.stroke(path((left + 95, 80), (left + 95, 380)), fill=(120, 96, 72), width=8)
        pen.stroke(path((left + 10, 220), (left + 180, 220)), fill=(120, 96, 72), width=8)
    draw_chalk(pen, words)
    pen.box(0, 640, 1500, 1000, (140, 124, 104))
    draw_standing(pen, Point(1010, 300), 82, teacher_look(year, dice.random() < 0.5, dice), length=3.4)
    draw_lab_bench(pen, 250, 1260, 560, 30)
    for x in (340, 580, 840, 1120):
        draw_standing(
            pen,
            Point(x + pen.jitter(20), 520 + pen.jitter(10)),
            84,
            student_look(year, dice.random() < 0.5, dice),
            length=3.6,
        )
    draw_lab_bench(pen, 90, 1410, 760, 120)
    for number, x in enumerate((220, 420, 640, 880, 1090, 1300)):
        draw_glassware(pen, Point(x, 760), number)
    return _print(pen, year)


def draw_choir(year: int, banner: str, dice: Random) -> Drawing:
    """Return a choir on the stage (文艺汇演) with a conductor."""
    pen = new_pen(WIDTH, HEIGHT, dice=dice, ground=(120, 40, 40))
    for x in range(0, 1500, 34):
        pen.stroke(
            path((x, 0), (x + pen.jitter(8), 720)),
            fill=tinted((128, 44, 44), dice.uniform(0.75, 1.2)),
            width=20,
        )
    draw_banner(pen, 270, 1230, 90, banner, height=62)
    pen.box(0, 720, 1500, 1000, (132, 96, 66))
    for y in range(730, 1000, 34):
        pen.stroke(path((0, y), (1500, y)), fill=(112, 80, 54), width=3)
    for row, count in enumerate((11, 12, 11)):
        pen.box(
            150 - row * 26,
            570 + row * 92,
            1350 + row * 26,
            660 + row * 92,
            tinted((150, 112, 78), 0.8 + row * 0.12),
        )
        for place in range(count):
            look = student_look(year, place < count // 2, dice)
            at = Point(750 + (place - (count - 1) / 2) * 104 + pen.jitter(5), 262 + row * 92 + pen.jitter(6))
            draw_whole(pen, at, 66, look)
    return _print(pen, year)


def draw_house(year: int, banner: str, dice: Random) -> Drawing:
    """Return a view of the school house of its time, with a few people and a flag."""
    pen = new_pen(WIDTH, HEIGHT, dice=dice)
    draw_sky(pen, 640)
    if year < 1950:
        draw_tiled_hall(pen, 190, 1310, 690, 420)
    elif year < 1985:
        draw_brick_school(pen, 110, 1390, 690, 500)
    else:
        draw_modern_school(pen, 130, 1370, 690, 470, storeys=4)
    draw_ground(pen, 684)
    pen.shape(path((660, 690), (840, 690), (1180, 1000), (320, 1000)), (206, 198, 180))
    for x, size in ((60, 460), (1440, 480), (330, 210), (1180, 220)):
        draw_tree(pen, Point(x, 730 + size * 0.04), size, poplar=size < 300)
    if year >= 1950:
        draw_flag(pen, Point(560, 830), 560)
    if banner:
        draw_banner(pen, 330, 1170, 606, banner)
    for x, y in ((300, 712), (420, 742), (960, 722), (1080, 760), (1230, 720)):
        draw_shadow(pen, Point(x, y), 30, 5.1)
        draw_whole(pen, Point(x, y), 30, student_look(year, dice.random() < 0.5, dice))
    return _print(pen, year)


def _print(pen: Pen, year: int) -> Drawing:
    return mounted(photographed(pen.finished(), year, pen.dice), (), year)


def _yard(pen: Pen, year: int, horizon: float) -> None:
    draw_sky(pen, horizon)
    (draw_brick_school if year < 1986 else draw_modern_school)(pen, 60, 760, horizon + 4, 250)
    for x in range(820, 1500, 92):
        draw_tree(
            pen, Point(x + pen.jitter(16), horizon + 20), pen.dice.uniform(200, 300), poplar=year < 1986
        )
    draw_ground(pen, horizon)


def _crowd(pen: Pen, year: int, y: float, count: int) -> None:
    for number in range(count):
        x = 20 + number * (WIDTH - 40) / count + pen.jitter(14)
        draw_standing(
            pen,
            Point(x, y + pen.jitter(12)),
            34,
            student_look(year, pen.dice.random() < 0.5, pen.dice),
            length=3.2,
        )


def _in_sportswear(look: Look, number: int) -> Look:
    vests: tuple[Colour, ...] = ((196, 62, 56), (238, 236, 228), (62, 96, 150), (222, 186, 92))
    return Look(
        female=look.female,
        hair="crop" if look.hair == "cap" else look.hair,
        dress="vest",
        cloth=vests[number % 4],
        trousers=(52, 60, 88),
        skin=look.skin,
        smile=look.smile,
    )


def _planter(pen: Pen, at: Point, year: int, pose: Pose) -> None:
    head = 84.0
    draw_shadow(pen, at, head, 4.95)
    if pose is HOLD:
        draw_sapling(pen, Point(at.x + head * 0.75, at.y + head * 4.9), 420)
    draw_figure(pen, at, head, student_look(year, pen.dice.random() < 0.5, pen.dice), pose)
    if pose is DIG:
        pen.stroke(
            path((at.x + head * 0.55, at.y + head * 1.7), (at.x + head * 1.45, at.y + head * 4.2)),
            fill=(140, 106, 70),
            width=8,
        )
        blade = Point(at.x + head * 1.6, at.y + head * 4.55)
        pen.cloth(
            path(
                (blade.x - 26, blade.y - 40),
                (blade.x + 22, blade.y - 52),
                (blade.x + 24, blade.y + 34),
                (blade.x - 8, blade.y + 42),
            ),
            (120, 124, 128),
        )
        pen.cloth(
            path((blade.x - 60, blade.y + 60), (blade.x, blade.y + 18), (blade.x + 80, blade.y + 60)),
            (104, 82, 58),
        )
    if pose is CARRY:
        for side in (-1, 1):
            draw_bucket(pen, Point(at.x + side * head * 0.85, at.y + head * 2.8), head)
