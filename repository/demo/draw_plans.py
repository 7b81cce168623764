"""The campus in two eras, and a blueprint of a house.

Both plans show the same ground: the creek, the gate and the old camphor tree keep their places, so
that the two can be laid over each other.
"""

from dataclasses import dataclass
from math import hypot
from random import Random

from PIL import Image, ImageDraw

from repository.demo.draw_film import folded, paper, scanned
from repository.demo.draw_letters import Hand, square_seal, stamp, write, write_centred, write_down
from repository.demo.draw_pen import SCALE, Colour, Drawing, Pen, Point, new_pen, on_circle, path, tinted

WIDTH, HEIGHT = 1500, 1060
INK: Colour = (52, 44, 38)


@dataclass(frozen=True, slots=True)
class House:
    """A building on the plan: its words and its box in pixels."""

    words: str
    left: int
    top: int
    right: int
    bottom: int


OLD_HOUSES = (
    House("校門", 690, 905, 810, 945),
    House("禮堂", 620, 560, 880, 680),
    House("東齋", 960, 520, 1060, 760),
    House("西齋", 440, 520, 540, 760),
    House("藏書樓", 640, 300, 860, 390),
    House("學生宿舍", 980, 300, 1220, 380),
    House("膳堂", 330, 300, 500, 380),
    House("操場", 1110, 520, 1330, 780),
)
NEW_HOUSES = (
    House("校门", 690, 905, 810, 945),
    House("行知楼", 590, 590, 910, 680),
    House("明德楼", 420, 440, 530, 740),
    House("科技楼", 970, 440, 1080, 740),
    House("图书馆", 630, 330, 870, 430),
    House("学生公寓", 960, 175, 1240, 250),
    House("食堂", 350, 290, 540, 370),
    House("体育馆", 240, 175, 470, 250),
)


def draw_old_plan(dice: Random) -> Drawing:
    """Return the plan of 1936 (民国二十五年) in ink on old paper, words in traditional letters."""
    sheet = paper(WIDTH, HEIGHT, dice=dice, tone=(236, 220, 184), age=84)
    pen = _pen_on(sheet, dice)
    _creek(pen, (150, 160, 150))
    _wall(pen)
    for house in OLD_HOUSES:
        _inked_house(pen, house)
    for spot in _scattered(dice, 46):
        _inked_tree(pen, spot, 15)
    _inked_tree(pen, Point(750, 790), 42)
    _compass(pen, Point(1400, 118), INK)
    done = pen.finished()
    for house in OLD_HOUSES:
        _label(done, house, Hand(size=26, colour=INK, traditional=True, spacing=4))
    write(done, Point(800, 776), "古樟", Hand(size=22, colour=INK, traditional=True))
    write(done, Point(84, 960), "雲溪", Hand(size=28, colour=(84, 100, 104), traditional=True, spacing=20))
    write(
        done,
        Point(130, 92),
        "雲溪中學校園平面圖",
        Hand(size=46, colour=INK, traditional=True, bold=1, spacing=8),
    )
    write(done, Point(1040, 976), "民國二十五年九月測繪", Hand(size=25, colour=INK, traditional=True))
    stamp(done, square_seal("雲溪之印", 82, dice), Point(1370, 960))
    words = tuple(house.words for house in OLD_HOUSES)
    return Drawing(pages=(scanned(folded(done, across=1, down=3), dice),), words=("\n".join(words),))


def draw_new_plan(dice: Random) -> Drawing:
    """Return the printed plan of 2006 in colours."""
    pen = new_pen(WIDTH, HEIGHT, dice=dice, ground=(250, 248, 240))
    pen.box(150, 140, 1360, 930, (206, 224, 186))
    _creek(pen, (150, 196, 222))
    for road in (
        path((750, 920), (750, 520), (360, 390), (360, 860)),
        path((750, 700), (1140, 700), (1140, 310), (560, 300)),
    ):
        pen.stroke(road, fill=(244, 240, 228), width=30)
    _track(pen)
    for spot in _scattered(dice, 60):
        pen.oval(spot, 13, 13, tinted((110, 160, 96), dice.uniform(0.85, 1.15)))
    for house in NEW_HOUSES:
        pen.box(house.left + 7, house.top + 8, house.right + 7, house.bottom + 8, (160, 176, 146))
        tone: Colour = (222, 150, 112) if house.words.endswith("楼") else (232, 200, 128)
        pen.box(house.left, house.top, house.right, house.bottom, tone)
        pen.frame(house.left, house.top, house.right, house.bottom, fill=tinted(tone, 0.6), width=2)
    pen.oval(Point(750, 790), 40, 40, (84, 136, 78))
    _compass(pen, Point(1425, 200), (70, 84, 96))
    done = pen.finished()
    for house in NEW_HOUSES:
        _label(done, house, Hand(size=25, colour=(54, 44, 40), spacing=2))
    write_centred(done, Point(1225, 500), "田径场", Hand(size=26, colour=(250, 250, 244)))
    write_centred(done, Point(750, 778), "古樟", Hand(size=21, colour=(250, 250, 244)))
    write_centred(
        done, Point(750, 34), "云溪中学校园平面图", Hand(size=50, colour=(44, 70, 96), bold=1, spacing=8)
    )
    write_centred(
        done, Point(750, 106), "总务处绘制　二〇〇六年八月　比例 1:1000", Hand(size=22, colour=(90, 90, 90))
    )
    return Drawing(pages=(done,), words=("\n".join(house.words for house in NEW_HOUSES),))


def draw_blueprint(dice: Random) -> Drawing:
    """Return the front view of the teaching house of 1986 as a blueprint (蓝图)."""
    blue: Colour = (44, 78, 134)
    sheet = paper(WIDTH, HEIGHT, dice=dice, tone=blue, age=52)
    pen = _pen_on(sheet, dice)
    line: Colour = (206, 222, 240)
    pen.frame(50, 50, 1450, 1010, fill=line, width=4)
    left, right, base, floor = 220, 1280, 740, 120
    for storey in range(4):
        top = base - floor * (storey + 1)
        pen.frame(left, top, right, top + floor, fill=line, width=3)
        for column in range(12):
            x = left + 22 + column * 87.5
            pen.frame(x, top + 28, x + 54, top + 92, fill=line, width=2)
            pen.stroke(path((x + 27, top + 28), (x + 27, top + 92)), fill=line, width=1)
        pen.stroke(path((right + 20, top), (right + 90, top)), fill=line, width=1)
    pen.frame(690, base - 540, 810, base, fill=line, width=3)
    for hatch in range(left - 60, right + 60, 22):
        pen.stroke(path((hatch, base + 18), (hatch + 18, base)), fill=line, width=1)
    pen.stroke(path((left - 70, base), (right + 80, base)), fill=line, width=5)
    _measures(pen, left, right, base + 70, line)
    pen.frame(980, 880, 1450, 1010, fill=line, width=3)
    done = pen.finished()
    pale = Hand(size=24, colour=(222, 234, 246))
    for storey in range(4):
        write(done, Point(right + 26, base - floor * (storey + 1) - 34), f"{3.6 * (storey + 1):.2f}", pale)
    write_centred(done, Point(750, base + 84), "54000", pale)
    write_centred(
        done,
        Point(750, 110),
        "教学楼正立面图　1:100",
        Hand(size=40, colour=(222, 234, 246), bold=1, spacing=6),
    )
    write(done, Point(1000, 896), "云溪中学教学楼工程", Hand(size=28, colour=(222, 234, 246)))
    write(done, Point(1000, 950), "建施—03　一九八六年三月", pale)
    return Drawing(pages=(scanned(folded(done, across=1, down=2), dice),), words=("教学楼正立面图",))


def _pen_on(sheet: Image.Image, dice: Random) -> Pen:
    large = sheet.resize((sheet.width * SCALE, sheet.height * SCALE))
    return Pen(image=large, tool=ImageDraw.Draw(large), dice=dice)


def _scattered(dice: Random, count: int) -> list[Point]:
    """Return places for trees along the walls, apart from each other, the gate and the camphor tree."""
    spots: list[Point] = []
    for _ in range(count * 6):
        spot = Point(dice.uniform(190, 1330), dice.choice((dice.uniform(210, 262), dice.uniform(812, 896))))
        busy = abs(spot.x - 750) < 130 and spot.y > 700
        if len(spots) < count and not busy and all(hypot(spot.x - o.x, spot.y - o.y) > 34 for o in spots):
            spots.append(spot)
    return spots


def _creek(pen: Pen, colour: Colour) -> None:
    bends = ((0, 850), (60, 900), (140, 950), (260, 985), (600, 992), (900, 1002), (1200, 990), (1500, 1020))
    path = [Point(x, y) for x, y in bends]
    pen.stroke(path, fill=colour, width=34)
    pen.stroke(path, fill=tinted(colour, 1.12), width=20)


def _wall(pen: Pen) -> None:
    pen.stroke(
        path((680, 925), (170, 925), (170, 190), (1360, 190), (1360, 925), (820, 925)), fill=INK, width=5
    )


def _inked_house(pen: Pen, house: House) -> None:
    pen.frame(house.left, house.top, house.right, house.bottom, fill=INK, width=3)
    if house.bottom - house.top < 50:
        return
    if house.words == "操場":
        pen.frame(
            house.left + 12,
            house.top + 12,
            house.right - 12,
            house.bottom - 12,
            fill=tinted(INK, 1.8),
            width=1,
        )
        return
    for x in range(house.left + 8, house.right, 11):
        pen.stroke(path((x, house.top + 4), (x, house.top + 15)), fill=tinted(INK, 1.5), width=1)
        pen.stroke(path((x, house.bottom - 15), (x, house.bottom - 4)), fill=tinted(INK, 1.5), width=1)


def _inked_tree(pen: Pen, at: Point, radius: float) -> None:
    for turn in range(7):
        pen.ring(on_circle(at, radius * 0.5, turn / 7), radius * 0.42, fill=tinted(INK, 1.6), width=1)


def _track(pen: Pen) -> None:
    pen.box(1115, 355, 1335, 675, (196, 92, 76))
    pen.oval(Point(1225, 355), 110, 70, (196, 92, 76))
    pen.oval(Point(1225, 675), 110, 70, (196, 92, 76))
    pen.box(1155, 372, 1295, 658, (104, 164, 96))
    for lane in (14, 27):
        pen.stroke(path((1115 + lane, 360), (1115 + lane, 670)), fill=(240, 220, 210), width=1)
        pen.stroke(path((1335 - lane, 360), (1335 - lane, 670)), fill=(240, 220, 210), width=1)


def _compass(pen: Pen, at: Point, colour: Colour) -> None:
    pen.ring(at, 40, fill=colour, width=2)
    pen.shape(path((at.x, at.y - 62), (at.x + 13, at.y), (at.x - 13, at.y)), colour)
    pen.stroke([at, Point(at.x, at.y + 52)], fill=colour, width=3)
    pen.stroke(path((at.x - 30, at.y), (at.x + 30, at.y)), fill=colour, width=2)


def _measures(pen: Pen, left: float, right: float, y: float, colour: Colour) -> None:
    pen.stroke(path((left, y), (right, y)), fill=colour, width=1)
    for number in range(13):
        x = left + (right - left) * number / 12
        pen.stroke(path((x - 6, y + 6), (x + 6, y - 6)), fill=colour, width=2)


def _label(image: Image.Image, house: House, hand: Hand) -> None:
    middle = Point((house.left + house.right) / 2, (house.top + house.bottom) / 2)
    if house.bottom - house.top > house.right - house.left:
        write_down(image, Point(middle.x, middle.y - len(house.words) * hand.size * 0.62), house.words, hand)
    else:
        write_centred(image, Point(middle.x, middle.y - hand.size * 0.72), house.words, hand)
