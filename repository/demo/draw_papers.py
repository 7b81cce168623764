"""Written papers: minutes, notices, a school card, a motto.

The words are data of the caller; a drawer only sets them on paper of their time and hands them back
as `words`, so that a text layer or a test can compare.
"""

from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

from repository.demo.draw_film import folded, paper, scanned
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
from repository.demo.draw_pen import Colour, Drawing, Point, star

WIDTH, HEIGHT = 1000, 1414  # A4 at about 120 dots per inch
INK: Colour = (38, 44, 78)
PRINT: Colour = (40, 34, 30)
RED: Colour = (188, 40, 34)


@dataclass(frozen=True, slots=True)
class Letter:
    """A written paper: year, heading, paragraphs, the lines under it, and the words of the seal."""

    year: int
    heading: str
    paragraphs: tuple[str, ...]
    closing: tuple[str, ...] = ()
    seal: str = ""
    number: str = ""
    lines_per_page: int = 19


def draw_minutes(letter: Letter, dice: Random) -> Drawing:
    """Return the minutes (会议记录) as handwritten pages of ruled red paper."""
    hand = Hand(size=33, colour=INK, spacing=1.5)
    lines: list[str] = []
    for paragraph in letter.paragraphs:
        lines.extend(wrapped("　　" + paragraph, hand, WIDTH - 230))
    lines.extend(" " * 4 + closing for closing in letter.closing)
    pages, words = [], []
    for start in range(0, len(lines), letter.lines_per_page):
        part = lines[start:start + letter.lines_per_page]
        number = start // letter.lines_per_page + 1
        pages.append(_minute_page(letter, part, number, hand, dice))
        words.append("\n".join(([letter.heading] if number == 1 else []) + part))
    return Drawing(pages=tuple(pages), words=tuple(words))


def draw_notice(letter: Letter, dice: Random) -> Drawing:
    """Return a notice under a red heading (红头文件) with the round seal over the date."""
    sheet = paper(WIDTH, HEIGHT, dice=dice, tone=(246, 241, 228), age=max(4, 2020 - letter.year))
    pen = ImageDraw.Draw(sheet)
    write_centred(sheet, Point(WIDTH / 2, 120), "云溪中学文件", Hand(size=78, colour=RED, bold=2, spacing=18))
    write_centred(sheet, Point(WIDTH / 2, 262), letter.number, Hand(size=28, colour=PRINT))
    pen.rectangle((110, 326, WIDTH - 110, 330), fill=RED)
    pen.polygon(
        [(WIDTH / 2 - 34, 304), (WIDTH / 2 + 34, 304), (WIDTH / 2 + 34, 352), (WIDTH / 2 - 34, 352)],
        fill=sheet.getpixel((WIDTH // 2, 290)),
    )
    pen.polygon([(p.x, p.y) for p in star(Point(WIDTH / 2, 328), 22)], fill=RED)
    y = 400.0
    for line in wrapped(letter.heading, Hand(size=40, bold=1), WIDTH - 320):
        write_centred(sheet, Point(WIDTH / 2, y), line, Hand(size=40, colour=PRINT, bold=1))
        y += 62
    y = _body(sheet, letter, Point(125, y + 34), Hand(size=30, colour=PRINT))
    for line in letter.closing:
        write_centred(sheet, Point(WIDTH - 290, y + 40), line, Hand(size=30, colour=PRINT))
        y += 52
    stamp(sheet, round_seal(letter.seal, 226, dice), Point(WIDTH - 290, y - 6))
    return _scan(sheet, dice, letter.year, _all_words(letter))


def draw_motto(letter: Letter, dice: Random) -> Drawing:
    """Return a page written from the right in columns, in traditional letters (繁体), with a square seal."""
    sheet = paper(WIDTH + 280, 1000, dice=dice, tone=(234, 216, 178), age=76)
    pen = ImageDraw.Draw(sheet)
    hand = Hand(size=38, colour=(30, 26, 24), traditional=True, spacing=1)
    left, top, right, bottom, step = 120, 110, sheet.width - 120, 890, 67
    pen.rectangle((left, top, right, bottom), outline=(150, 52, 42), width=5)
    pen.rectangle((left + 9, top + 9, right - 9, bottom - 9), outline=(150, 52, 42), width=2)
    for x in range(right - 12 - step, left + 20, -step):
        pen.line((x, top + 9, x, bottom - 9), fill=(170, 84, 68), width=2)
    columns = [letter.heading, *_columns("".join(letter.paragraphs), 15), *letter.closing]
    for number, column in enumerate(columns):
        middle = right - 12 - step * (number + 0.5)
        write_down(sheet, Point(middle, top + 26 + (60 if number == 0 else 0)), column, hand)
    stamp(
        sheet,
        square_seal(letter.seal, 110, dice),
        Point(right - 12 - step * (len(columns) + 0.6), bottom - 110),
    )
    words = ("\n".join((letter.heading,) + letter.paragraphs + letter.closing),)
    return Drawing(pages=(scanned(folded(sheet, across=1, down=2), dice),), words=words)


def draw_card(letter: Letter, fields: tuple[tuple[str, str], ...], dice: Random) -> Drawing:
    """Return a printed form (学籍卡) whose cells are filled in by hand; fields are label and value."""
    rows = (len(fields) + 1) // 2
    sheet = paper(1360, 420 + rows * 84, dice=dice, tone=(236, 226, 196), age=max(8, 2020 - letter.year))
    pen = ImageDraw.Draw(sheet)
    write_centred(sheet, Point(680, 70), letter.heading, Hand(size=52, colour=PRINT, bold=1, spacing=14))
    left, top, right = 100, 190, 1260
    for number, (label, value) in enumerate(fields):
        x, y = left + (number % 2) * 580, top + (number // 2) * 84
        pen.rectangle((x, y, x + 190, y + 84), outline=PRINT, width=2)
        pen.rectangle((x + 190, y, x + 580, y + 84), outline=PRINT, width=2)
        write_centred(sheet, Point(x + 95, y + 22), label, Hand(size=28, colour=PRINT))
        _by_hand(sheet, Point(x + 212, y + 18), value, Hand(size=33, colour=INK), dice)
    pen.rectangle((left, top, right, top + rows * 84), outline=PRINT, width=5)
    foot = top + rows * 84 + 36.0
    for line in letter.closing:
        write(sheet, Point(830, foot), line, Hand(size=28, colour=PRINT))
        foot += 46
    stamp(sheet, round_seal(letter.seal, 190, dice, under="教务处"), Point(1010, foot - 34))
    lines = [letter.heading] + [f"{label}　{value}" for label, value in fields] + list(letter.closing)
    return _scan(sheet, dice, letter.year, "\n".join(lines))


def _minute_page(letter: Letter, lines: list[str], number: int, hand: Hand, dice: Random) -> Image.Image:
    sheet = paper(WIDTH, HEIGHT, dice=dice, tone=(240, 231, 208), age=max(8, 2012 - letter.year))
    pen = ImageDraw.Draw(sheet)
    rule: Colour = (206, 112, 96)
    title = "云溪中学会议记录"
    write_centred(sheet, Point(WIDTH / 2, 66), title, Hand(size=36, colour=RED, spacing=10))
    if number == 1:
        _by_hand(sheet, Point(120, 134), letter.heading, Hand(size=34, colour=INK, bold=1), dice)
    pen.line((95, 190, WIDTH - 95, 190), fill=rule, width=4)
    for row in range(letter.lines_per_page):
        base = 190 + (row + 1) * 58
        pen.line((95, base, WIDTH - 95, base), fill=rule, width=2)
        if row < len(lines):
            _by_hand(sheet, Point(116, base - 50), lines[row], hand, dice)
    write_centred(sheet, Point(WIDTH / 2, HEIGHT - 84), f"第 {number} 页", Hand(size=22, colour=RED))
    return scanned(sheet, dice)


def _columns(words: str, length: int) -> list[str]:
    """Return the words cut into columns; a stop that would begin one hangs below the last."""
    columns: list[str] = []
    for letter in words:
        full = not columns or len(columns[-1]) >= length
        if full and not (columns and letter in "，。；："):
            columns.append("")
        columns[-1] += letter
    return columns


def _by_hand(sheet: Image.Image, at: Point, words: str, hand: Hand, dice: Random) -> None:
    """Write a line letter by letter, each a little out of line, as a pen does."""
    x, drift = at.x, dice.uniform(-1.5, 1.5)
    for letter in words:
        own = Hand(size=hand.size + dice.choice((-2, -1, 0, 0, 1)), colour=hand.colour, bold=hand.bold)
        write(sheet, Point(x, at.y + drift + dice.uniform(-2.2, 2.2)), letter, own)
        x += (hand.size if ord(letter) > 0x2E7F else hand.size * 0.55) + hand.spacing


def _body(sheet: Image.Image, letter: Letter, at: Point, hand: Hand) -> float:
    y = at.y
    for paragraph in letter.paragraphs:
        for line in wrapped("　　" + paragraph, hand, sheet.width - 2 * at.x):
            write(sheet, Point(at.x, y), line, hand)
            y += hand.size * 1.75
    return y


def _all_words(letter: Letter) -> str:
    return "\n".join((letter.number, letter.heading) + letter.paragraphs + letter.closing)


def _scan(sheet: Image.Image, dice: Random, year: int, words: str) -> Drawing:
    creased = folded(sheet, across=2 if year < 1995 else 0, down=1 if year < 1970 else 0)
    return Drawing(pages=(scanned(creased, dice),), words=(words,))
