"""Certificates of graduation, awards, a badge and a pennant.

Borders, suns, laurels and seals follow what such papers look like; the issuing school is invented.
"""

from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw, ImageOps

from repository.demo.draw_film import folded, paper, scanned
from repository.demo.draw_groups import Sitter, draw_portrait
from repository.demo.draw_letters import (
    Hand,
    round_seal,
    square_seal,
    stamp,
    wrapped,
    write,
    write_centred,
    write_down,
)
from repository.demo.draw_pen import (
    Colour,
    Drawing,
    Pen,
    Point,
    Region,
    new_pen,
    on_circle,
    path,
    star,
    tinted,
)

PRINT: Colour = (36, 30, 28)
RED: Colour = (186, 40, 34)
GOLD: Colour = (190, 146, 62)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate: year, big heading, who got it, what it says, last lines, number, who issued it."""

    year: int
    heading: str
    sitter: Sitter
    body: str
    closing: tuple[str, ...]
    number: str = ""
    issuer: str = "云溪中学"


def draw_diploma(paper_: Certificate, dice: Random) -> Drawing:
    """Return a graduation certificate (毕业证书) with a photograph; columns before 1955, lines after."""
    sheet = paper(1400, 1000, dice=dice, tone=(243, 232, 202), age=max(6, 2020 - paper_.year))
    colour: Colour = (96, 112, 84) if paper_.year < 1955 else RED
    _meander(sheet, colour)
    region = _photo(sheet, paper_, dice, Point(150, 560) if paper_.year < 1955 else Point(170, 430))
    (_columns if paper_.year < 1955 else _lines)(sheet, paper_, dice)
    spoken = (paper_.heading, paper_.number, paper_.sitter.name, paper_.body, *paper_.closing)
    page = scanned(folded(sheet, across=0, down=1), dice)
    return Drawing(pages=(page,), regions=(region,), words=("\n".join(spoken),))


def draw_award(paper_: Certificate, dice: Random) -> Drawing:
    """Return an award (奖状) with flags, a rising sun and a gold border."""
    sheet = paper(1400, 980, dice=dice, tone=(247, 236, 200), age=max(5, 2020 - paper_.year))
    sheet = _crest(sheet, dice)
    _meander(sheet, GOLD)
    write_centred(sheet, Point(700, 262), paper_.heading, Hand(size=112, colour=RED, bold=3, spacing=70))
    hand = Hand(size=42, colour=PRINT, spacing=3)
    write(
        sheet,
        Point(190, 452),
        f"{paper_.sitter.name}　同学：" if not paper_.sitter.teacher else f"{paper_.sitter.name}　同志：",
        hand,
    )
    y = 535.0
    for line in wrapped("　　" + paper_.body, hand, 1020):
        write(sheet, Point(190, y), line, hand)
        y += 74
    _signed(sheet, paper_, dice, Point(1010, 770))
    spoken = (paper_.heading, paper_.sitter.name, paper_.body, *paper_.closing)
    return Drawing(pages=(scanned(sheet, dice),), words=("\n".join(spoken),))


def draw_badge(words: str, year: int, dice: Random) -> Drawing:
    """Return a photograph of an enamel school badge (校徽) on dark cloth."""
    pen = new_pen(1200, 900, dice=dice, ground=(62, 66, 74))
    _cloth_ground(pen, (62, 66, 74))
    shadow = [Point(p.x + 12, p.y + 16) for p in _plate(year)]
    pen.shape(shadow, (34, 36, 42))
    pen.shape(_plate(year), (204, 172, 96))
    middle = Point(600, 450)
    inner = [
        Point(middle.x + (p.x - middle.x) * 0.94, middle.y + (p.y - middle.y) * 0.90) for p in _plate(year)
    ]
    pen.shape(inner, RED if year < 1980 else (240, 238, 232))
    ink: Colour = (246, 236, 206) if year < 1980 else RED
    print_ = pen.finished()
    if year < 1960:
        write_centred(print_, Point(600, 548), words, Hand(size=82, colour=ink, bold=2, spacing=14))
        star_pen = ImageDraw.Draw(print_)
        star_pen.polygon([(p.x, p.y) for p in star(Point(600, 430), 62)], fill=(232, 196, 100))
    else:
        write_centred(print_, Point(600, 372), words, Hand(size=104, colour=ink, bold=2, spacing=26))
    return Drawing(pages=(print_,), words=(words,))


def draw_pennant(words: tuple[str, ...], dice: Random) -> Drawing:
    """Return a photograph of a red velvet pennant (锦旗) with gold words in columns."""
    pen = new_pen(900, 1240, dice=dice, ground=(214, 208, 196))
    _cloth_ground(pen, (214, 208, 196))
    pen.stroke(path((130, 130), (770, 130)), fill=(120, 84, 54), width=24)
    edge = path((170, 130), (730, 130), (730, 1010), (450, 1130), (170, 1010))
    pen.shape([Point(p.x + 10, p.y + 14) for p in edge], (150, 144, 134))
    pen.shape(edge, GOLD)
    pen.shape([Point(450 + (p.x - 450) * 0.93, 150 + (p.y - 130) * 0.955) for p in edge], (168, 30, 34))
    for number in range(57):
        x = 172 + number * 9.8
        low = 1010 + 120 * (1 - abs(x - 450) / 280)
        pen.stroke(path((x, low), (x, low + 40)), fill=tinted(GOLD, pen.dice.uniform(0.8, 1.2)), width=4)
    print_ = pen.finished()
    bright: Colour = (240, 206, 116)
    write_down(print_, Point(650, 230), words[0], Hand(size=42, colour=bright, bold=1))
    write_down(print_, Point(450, 240), words[1], Hand(size=112, colour=bright, bold=3, spacing=20))
    write_down(print_, Point(240, 480), words[2], Hand(size=36, colour=bright, bold=1))
    return Drawing(pages=(print_,), words=words)


def _columns(sheet: Image.Image, paper_: Certificate, dice: Random) -> None:
    """Set the words in columns from the right, in traditional letters."""
    write_down(
        sheet,
        Point(1215, 150),
        paper_.heading,
        Hand(size=88, colour=PRINT, traditional=True, bold=2, spacing=56),
    )
    hand = Hand(size=44, colour=PRINT, traditional=True)
    body = f"學生{paper_.sitter.name}{paper_.body}"
    columns = [body[at:at + 12] for at in range(0, len(body), 12)]
    x = 1080.0
    for column in columns:
        write_down(sheet, Point(x, 170), column, hand)
        x -= 84
    for line in paper_.closing:
        write_down(sheet, Point(x - 20, 190), line, Hand(size=40, colour=PRINT, traditional=True, spacing=2))
        x -= 84
    write_down(sheet, Point(170, 160), paper_.number, Hand(size=25, colour=(150, 60, 50), traditional=True))
    stamp(sheet, square_seal(paper_.issuer[:4], 150, dice), Point(x + 40, 800))


def _lines(sheet: Image.Image, paper_: Certificate, dice: Random) -> None:
    """Set the words in lines from the left, in simplified letters."""
    write_centred(sheet, Point(700, 120), paper_.heading, Hand(size=96, colour=RED, bold=2, spacing=44))
    hand = Hand(size=39, colour=PRINT, spacing=3)
    y = 345.0
    for line in wrapped(f"　　学生 {paper_.sitter.name} {paper_.body}", hand, 740):
        write(sheet, Point(490, y), line, hand)
        y += 70
    write(sheet, Point(150, 830), paper_.number, Hand(size=28, colour=PRINT))
    _signed(sheet, paper_, dice, Point(1000, 740))


def _signed(sheet: Image.Image, paper_: Certificate, dice: Random, at: Point) -> None:
    y = at.y
    for line in paper_.closing:
        write_centred(sheet, Point(at.x, y), line, Hand(size=36, colour=PRINT, spacing=3))
        y += 56
    stamp(sheet, round_seal(paper_.issuer, 214, dice), Point(at.x + 40, y - 62))


def _photo(sheet: Image.Image, paper_: Certificate, dice: Random, at: Point) -> Region:
    """Paste the pupil's small photograph; return the head's place on the scan."""
    portrait = draw_portrait(paper_.sitter, min(paper_.year, 2002), dice)
    print_ = portrait.pages[0]
    small = ImageOps.expand(
        print_.crop((70, 70, print_.width - 70, print_.height - 70)).resize((236, 322)), 7, (246, 240, 226)
    )
    sheet.paste(
        (120, 104, 84),
        (round(at.x) + 5, round(at.y) + 6, round(at.x) + 5 + small.width, round(at.y) + 6 + small.height),
    )
    sheet.paste(small, (round(at.x), round(at.y)))
    head, scale = portrait.regions[0], 236 / (print_.width - 140)
    margin = 22 + 7  # the scanner's lid and the photograph's border
    return Region(
        paper_.sitter.name,
        round(at.x + margin + (head.x - 70) * scale),
        round(at.y + margin + (head.y - 70) * scale),
        round(head.width * scale),
        round(head.height * scale),
    )


def _meander(sheet: Image.Image, colour: Colour) -> None:
    """Draw a frame of the angular spiral pattern (回纹)."""
    pen = ImageDraw.Draw(sheet)
    near, cell = 48, 40
    right, bottom = sheet.width - near, sheet.height - near
    pen.rectangle((near - 10, near - 10, right + 10, bottom + 10), outline=colour, width=4)
    pen.rectangle(
        (near + cell + 8, near + cell + 8, right - cell - 8, bottom - cell - 8), outline=colour, width=3
    )
    spots = [(x, y) for x in range(near, right - cell + 1, cell) for y in (near, bottom - cell)]
    spots += [
        (x, y) for y in range(near + cell, bottom - cell - cell // 2, cell) for x in (near, right - cell)
    ]
    for x, y in spots:
        path = [(4, 36), (4, 6), (34, 6), (34, 32), (14, 32), (14, 16), (24, 16), (24, 23)]
        pen.line([(x + dx, y + dy) for dx, dy in path], fill=colour, width=4)


def _crest(sheet: Image.Image, dice: Random) -> Image.Image:
    """Return the sheet with sun rays, two groups of flags and a star at the top."""
    pen = new_pen(sheet.width, 330, dice=dice, ground=(247, 236, 200))
    sun = Point(700, 212)
    for ray in range(48):
        ends = [on_circle(sun, 620, (ray + share) / 48) for share in (0.22, 0.78)]
        pen.shape([sun, *ends], (250, 226, 168))
    for side in (-1, 1):
        for number in range(3):
            foot, lean = Point(700 + side * 60, 232), side * (150 + number * 74)
            top = Point(700 + lean, 104 + number * 24)
            pen.stroke([foot, top], fill=GOLD, width=6)
            cloth = [
                top,
                Point(top.x + side * 70, top.y + 26),
                Point(top.x + side * 128, top.y + 16),
                Point(top.x + side * 106, top.y + 92),
                Point(top.x + side * 44, top.y + 104),
                Point(top.x - side * 34, top.y + 76),
            ]
            pen.cloth(cloth, tinted(RED, 1.06 - 0.12 * number))
    pen.oval(sun, 72, 72, (232, 186, 84))
    pen.shape(star(sun, 54), RED)
    crest = pen.finished()
    fade = (
        Image.linear_gradient("L")
        .resize(crest.size)
        .point([255 if v < 150 else max(0, 255 - (v - 150) * 4) for v in range(256)])
    )
    sheet.paste(crest, (0, 0), fade)
    return sheet


def _plate(year: int) -> list[Point]:
    if year < 1960:
        return path((600, 190), (1010, 690), (190, 690))
    return path((190, 300), (1010, 300), (1010, 600), (190, 600))


def _cloth_ground(pen: Pen, tone: Colour) -> None:
    for x in range(0, pen.width, 6):
        pen.stroke(path((x, 0), (x, pen.height)), fill=tinted(tone, pen.dice.uniform(0.92, 1.08)), width=2)
    for y in range(0, pen.height, 6):
        pen.stroke(path((0, y), (pen.width, y)), fill=tinted(tone, pen.dice.uniform(0.94, 1.06)), width=1)
