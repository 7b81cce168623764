"""What time does to photographs and paper.

Finished pictures go through one of these: grain, dark corners, brown or faded tone, scratches, a
paper mount. All of it is made from seeded bytes, so it is the same every time.
"""

from functools import cache
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from repository.demo.draw_pen import Colour, Drawing, Region

TABLE = (212, 206, 196)  # the scanner's lid behind a photograph


def sepia(image: Image.Image, dice: Random) -> Image.Image:
    """Return the picture as an old brown print (before about 1965)."""
    grey = ImageOps.autocontrast(image.convert("L").filter(ImageFilter.GaussianBlur(0.9)), cutoff=1)
    grey = _with_grain(grey, dice, strength=0.34)
    grey = ImageChops.multiply(grey, _dark_corners(grey.size, 0.46))
    grey = ImageChops.screen(grey, _haze(grey.size, dice, 46))
    toned = ImageOps.colorize(grey, black=(46, 31, 20), mid=(150, 115, 78), white=(240, 224, 192))
    return _scratched(toned, dice, dice.randint(4, 9))


def silver(image: Image.Image, dice: Random) -> Image.Image:
    """Return the picture as a black-and-white print (about 1960 to 1982), hardly brown."""
    grey = ImageOps.autocontrast(image.convert("L").filter(ImageFilter.GaussianBlur(0.7)), cutoff=1)
    grey = _with_grain(grey, dice, strength=0.26)
    grey = ImageChops.multiply(grey, _dark_corners(grey.size, 0.30))
    toned = ImageOps.colorize(grey, black=(28, 25, 23), mid=(128, 121, 112), white=(242, 238, 228))
    return _scratched(toned, dice, dice.randint(1, 4))


def faded(image: Image.Image, dice: Random) -> Image.Image:
    """Return the picture as a colour print of the eighties: warm, low in contrast, a little magenta."""
    soft = image.filter(ImageFilter.GaussianBlur(0.7))
    red, green, blue = soft.split()
    red = red.point([min(255, 38 + round(v * 0.84)) for v in range(256)])
    green = green.point([min(255, 26 + round(v * 0.82)) for v in range(256)])
    blue = blue.point([min(255, 34 + round(v * 0.70)) for v in range(256)])
    toned = ImageChops.multiply(
        Image.merge("RGB", (red, green, blue)), _dark_corners(image.size, 0.20, bands=3)
    )
    return _with_grain(toned, dice, strength=0.18)


def digital(image: Image.Image, dice: Random) -> Image.Image:
    """Return the picture as a digital camera gives it: clean, with a trace of noise."""
    lit = ImageChops.multiply(image, _dark_corners(image.size, 0.08, bands=3))
    return _with_grain(lit, dice, strength=0.07)


def photographed(image: Image.Image, year: int, dice: Random) -> Image.Image:
    """Return the picture in the look of its year."""
    if year < 1964:
        return sepia(image, dice)
    if year < 1983:
        return silver(image, dice)
    return faded(image, dice) if year < 2003 else digital(image, dice)


def mounted(image: Image.Image, regions: tuple[Region, ...], year: int) -> Drawing:
    """Return the print with the border of its time and the head regions moved with it."""
    if year >= 2003:
        return Drawing(pages=(image,), regions=regions)
    border = 34 if year < 1983 else 24
    paper = (246, 236, 214) if year < 1964 else (247, 243, 233)
    edge = 18
    print_ = ImageOps.expand(image, border, paper)
    sheet = Image.new("RGB", (print_.width + 2 * edge, print_.height + 2 * edge), TABLE)
    cut = _edge_mask(print_.width, print_.height, deckled=year < 1966)
    shade = Image.new("L", sheet.size, 0)
    shade.paste(cut.point(lambda v: v * 90 // 255), (edge + 5, edge + 6))
    sheet.paste((70, 62, 52), (0, 0), shade.filter(ImageFilter.GaussianBlur(5)))
    sheet.paste(print_, (edge, edge), cut)
    shift = border + edge
    moved = tuple(Region(r.name, r.x + shift, r.y + shift, r.width, r.height) for r in regions)
    return Drawing(pages=(sheet,), regions=moved)


def paper(
    width: int, height: int, *, dice: Random, tone: Colour = (238, 226, 198), age: int = 30
) -> Image.Image:
    """Return an empty sheet of paper; age in years makes it blotchy and its edges brown."""
    clouds = _clouds((width, height), dice, cells=9)
    fine = _grain_plate((width, height), dice).filter(ImageFilter.GaussianBlur(1.1))
    depth = min(26, 4 + age // 3)
    mottle = ImageChops.multiply(
        clouds.point([255 - depth + v * depth // 255 for v in range(256)]),
        fine.point([238 + v * 17 // 255 for v in range(256)]),
    )
    mottle = ImageChops.multiply(mottle, _dark_corners((width, height), min(0.30, age / 260)))
    dark: Colour = (round(tone[0] * 0.42), round(tone[1] * 0.33), round(tone[2] * 0.22))
    sheet = ImageOps.colorize(mottle, black=dark, white=tone, mid=_between(dark, tone))
    pen = ImageDraw.Draw(sheet)
    for _ in range(age * 2):
        x, y, size = dice.randrange(width), dice.randrange(height), dice.choice((1, 1, 1, 2))
        pen.ellipse((x, y, x + size, y + size), fill=_between(dark, tone))
    return sheet


def folded(image: Image.Image, *, across: int, down: int) -> Image.Image:
    """Return the sheet with the creases of having been folded; the counts are numbers of creases."""
    shade = Image.new("L", image.size, 128)
    pen = ImageDraw.Draw(shade)
    for number in range(1, across + 1):
        y = image.height * number // (across + 1)
        pen.line((0, y, image.width, y), fill=96, width=3)
        pen.line((0, y + 4, image.width, y + 4), fill=152, width=3)
    for number in range(1, down + 1):
        x = image.width * number // (down + 1)
        pen.line((x, 0, x, image.height), fill=96, width=3)
        pen.line((x + 4, 0, x + 4, image.height), fill=152, width=3)
    soft = shade.filter(ImageFilter.GaussianBlur(2.2))
    return ImageChops.soft_light(image, Image.merge("RGB", (soft, soft, soft)))


def scanned(image: Image.Image, dice: Random) -> Image.Image:
    """Return the sheet as it lies on a scanner: a little crooked, on a pale lid."""
    lid = Image.new("RGB", (image.width + 44, image.height + 44), TABLE)
    turned = image.convert("RGBA").rotate(dice.uniform(-0.55, 0.55), Image.Resampling.BICUBIC, expand=True)
    shade = Image.new("L", lid.size, 0)
    spot = (22 - (turned.width - image.width) // 2, 22 - (turned.height - image.height) // 2)
    shade.paste(turned.getchannel("A").point([v * 80 // 255 for v in range(256)]), (spot[0] + 4, spot[1] + 5))
    lid.paste((60, 54, 46), (0, 0), shade.filter(ImageFilter.BoxBlur(4)))
    lid.paste(turned.convert("RGB"), spot, turned.getchannel("A"))
    return lid


def _between(dark: Colour, light: Colour) -> Colour:
    return ((dark[0] + light[0]) // 2, (dark[1] + light[1]) // 2, (dark[2] + light[2]) // 2)


def _grain_plate(size: tuple[int, int], dice: Random) -> Image.Image:
    return Image.frombytes("L", size, dice.randbytes(size[0] * size[1]))


def _with_grain(image: Image.Image, dice: Random, *, strength: float) -> Image.Image:
    plate = _grain_plate(image.size, dice).filter(ImageFilter.GaussianBlur(0.6))
    plate = plate.point([round(128 + (v - 128) * strength * 2) for v in range(256)])
    if image.mode == "L":
        return ImageChops.soft_light(image, plate)
    return ImageChops.soft_light(image, Image.merge("RGB", (plate, plate, plate)))


def _clouds(size: tuple[int, int], dice: Random, *, cells: int) -> Image.Image:
    small = Image.frombytes("L", (cells, cells), dice.randbytes(cells * cells))
    return small.resize(size, Image.Resampling.BICUBIC)


def _haze(size: tuple[int, int], dice: Random, depth: int) -> Image.Image:
    return _clouds(size, dice, cells=5).point([max(0, v - 110) * depth // 145 for v in range(256)])


@cache
def _dark_corners(size: tuple[int, int], depth: float, *, bands: int = 1) -> Image.Image:
    ramp = Image.radial_gradient("L").point([round(255 - 255 * depth * (v / 255) ** 2.6) for v in range(256)])
    plate = ramp.resize(size, Image.Resampling.BICUBIC)
    return plate if bands == 1 else Image.merge("RGB", (plate, plate, plate))


def _scratched(image: Image.Image, dice: Random, count: int) -> Image.Image:
    pen = ImageDraw.Draw(image, "RGBA")
    for _ in range(count):
        x, y = dice.randrange(image.width), dice.randrange(image.height)
        reach, lean = dice.randint(20, 240), dice.randint(-30, 30)
        pen.line((x, y, x + lean, y + reach), fill=(250, 242, 224, dice.randint(28, 80)), width=1)
    for _ in range(count * 6):
        x, y, size = dice.randrange(image.width), dice.randrange(image.height), dice.choice((1, 1, 2, 3))
        pen.ellipse((x, y, x + size, y + size), fill=(250, 242, 224, dice.randint(60, 150)))
    return image


@cache
def _edge_mask(width: int, height: int, *, deckled: bool) -> Image.Image:
    """Return the outline of a print: straight, or the wavy cut (花边) of old photo paper."""
    mask = Image.new("L", (width * 2, height * 2), 255)
    if deckled:
        pen = ImageDraw.Draw(mask)
        step, bite = 26, 9
        for x in range(0, width * 2 + step, step):
            for y in (0, height * 2):
                pen.ellipse((x - bite, y - bite, x + bite, y + bite), fill=0)
        for y in range(0, height * 2 + step, step):
            for x in (0, width * 2):
                pen.ellipse((x - bite, y - bite, x + bite, y + bite), fill=0)
    return mask.reduce(2)
