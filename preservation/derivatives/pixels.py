"""Open images within the memory limit, as sRGB, upright.

Runs only inside the limited child process. No delegate, no shell, no network:
Pillow's own decoders and libheif (cases D06, D07, D12 of reliability).
"""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pillow_heif
from PIL import Image, ImageCms, ImageOps

#: Bytes that one decoded image may take: 1 GiB holds it twice, and the libraries.
MAX_DECODED = 400 << 20
#: What Pillow's decoders raise on hostile bytes (its own fuzz set, measured).
IMAGE_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
    ImageCms.PyCMSError,
    Image.DecompressionBombError,
)
_BAND = 512  # rows that are converted at once
_BYTES = {"1": 1, "L": 1, "P": 1, "LA": 4, "I;16": 2, "I;16L": 2, "I;16B": 2}
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
#: Only these decoders are asked; the others (EPS would call Ghostscript) never.
DECODERS = ("JPEG", "TIFF", "PNG", "JPEG2000", "HEIF", "AVIF", "WEBP", "BMP", "DIB", "GIF")

Image.MAX_IMAGE_PIXELS = None  # check_size is stricter, and knows the bytes per pixel
Image.init()  # all plugins, so that each name in DECODERS is known
pillow_heif.register_heif_opener()


class TooManyPixels(Exception):
    """The image would not fit in the memory that a child may use."""

    def __init__(self, *, width: int, height: int) -> None:
        super().__init__(f"{width}x{height}")
        self.width = width
        self.height = height


def open_image(path: Path) -> Image.Image:
    """Return the image, its pixels not yet decoded."""
    return Image.open(path, formats=DECODERS)


def check_size(image: Image.Image, *, scaled: bool = False) -> None:
    """Raise TooManyPixels when decoding would break the memory limit.

    scaled: the decoder will be asked for an eighth of each side (JPEG).
    """
    pixels = image.width * image.height // (64 if scaled else 1)
    if pixels * _BYTES.get(image.mode, 4) > MAX_DECODED:
        raise TooManyPixels(width=image.width, height=image.height)


def shrink(image: Image.Image, side: int) -> Image.Image:
    """Return a copy whose longer side is at most side: sRGB or grey, upright.

    Nothing of the original's tags, comments or profiles stays in it (D33).
    """
    longer = max(image.size)
    if longer > side:  # JPEG alone can be decoded smaller: four times the speed at 12 Mpx
        image.draft(None, (image.width * side // longer or 1, image.height * side // longer or 1))
    check_size(image)  # before any look at tags: to find a PNG's, Pillow decodes it
    orientation = _orientation(image)
    profile = image.info.get("icc_profile")
    small = _plain(image, side)
    if max(small.size) > side:
        small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
    small = _to_srgb(small, profile)
    if orientation in _TURNS:
        small = small.transpose(_TURNS[orientation])
    small.info = {}
    return small


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _orientation(image: Image.Image) -> int:
    """Return the EXIF orientation 1-8; 1 where the tag is absent or odd."""
    try:
        value = image.getexif().get(0x0112, 1)
    except IMAGE_ERRORS:
        return 1
    return value if value in _TURNS else 1


def _plain(image: Image.Image, side: int) -> Image.Image:
    """Return the image in a mode that can be resized well: L, RGB or CMYK.

    A large one is converted band by band, and shrunk on the way: a second
    image of full size would not fit in the memory limit.
    """
    image.load()
    if image.mode in ("L", "RGB", "CMYK"):
        return image.copy() if max(image.size) <= side else image
    paint = _painter(image)
    factor = max(image.size) // (2 * side)
    if factor < 2:
        return paint(image)
    shrunk = None
    step = factor * max(1, _BAND // factor)
    for top in range(0, image.height, step):
        band = paint(image.crop((0, top, image.width, min(top + step, image.height)))).reduce(factor)
        if shrunk is None:
            shrunk = Image.new(band.mode, (band.width, -(-image.height // factor)))
        shrunk.paste(band, (0, top // factor))
    return image if shrunk is None else shrunk


def _painter(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """Return what turns a band of the image into grey or colour."""
    if image.mode.startswith("I") or image.mode == "F":
        low, high = _range(image)
        scale = 255.0 / (high - low) if high > low else 1.0
        return lambda band: band.convert("F").point(lambda value: value * scale - low * scale).convert("L")
    if image.mode == "1":
        return lambda band: band.convert("L")
    if "A" in image.mode or "transparency" in image.info:
        return _on_white
    return lambda band: band.convert("RGB")


def _range(image: Image.Image) -> tuple[float, float]:
    """Return the darkest and the lightest value of a 16- or 32-bit image."""
    found: list[float] = []
    for top in range(0, image.height, _BAND):
        band = image.crop((0, top, image.width, min(top + _BAND, image.height)))
        found.extend(cast(tuple[float, float], band.convert("F").getextrema()))
    return min(found), max(found)


def _on_white(image: Image.Image) -> Image.Image:
    """Return the image on white paper: JPEG knows no transparency."""
    clear = image.convert("RGBA")
    paper = Image.new("RGB", clear.size, "white")
    paper.paste(clear, mask=clear.getchannel("A"))
    return paper


def _to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Return the image in sRGB by its own profile, else by plain conversion."""
    if isinstance(profile, bytes) and profile:
        try:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            turned = ImageCms.profileToProfile(image, given, _SRGB, outputMode="RGB")
            if turned is not None:
                return turned
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # a broken or foreign profile: the colours stay as they are
    if image.mode == "CMYK":
        return image.convert("RGB")
    return ImageOps.grayscale(image) if image.mode == "L" else image
