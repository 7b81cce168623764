"""What people look at: upright, sRGB, without the original's tags."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageCms, ImageStat

from preservation.checks import Outcome
from preservation.derivatives.registry import Made, make_access_copy, make_thumbnail
from preservation.sandbox import Limits, Sandbox
from tests.preservation import samples

#: JPEG segments that may stand in a derivative: no APP1-15, no comment.
_PLAIN = {0xC0, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD, 0xE0}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One child for all tests here; it could not hold the bomb."""
    with Sandbox(workers=1, limits=Limits(wall_seconds=20.0, memory_bytes=700 << 20)) as opened:
        yield opened


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """An empty folder."""
    folder = tmp_path / "made"
    folder.mkdir()
    return folder


def thumbnail(sandbox: Sandbox, path: Path, target: Path, mime: str = "image/jpeg") -> Made:
    """Return the thumbnail made of path."""
    return make_thumbnail(sandbox, path, mime=mime, target_dir=target)


def segments(path: Path) -> set[int]:
    """Return the kinds of segments in a JPEG before its picture."""
    content, at, kinds = path.read_bytes(), 2, set()
    while content[at] == 0xFF:
        kinds.add(content[at + 1])
        if content[at + 1] == 0xDA:
            break
        (length,) = struct.unpack_from(">H", content, at + 2)
        at += 2 + length
    return kinds


def test_sizes_and_names_are_fixed(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """A thumbnail is 320 pixels long, an access copy 1600; making again replaces."""
    path = samples.photo(tmp_path / "a.jpg", (2400, 1200))
    small = thumbnail(sandbox, path, target)
    access = make_access_copy(sandbox, path, mime="image/jpeg", target_dir=target)
    again = thumbnail(sandbox, path, target)

    (one,), (other,) = small.derivatives, access.derivatives
    assert (one.kind, one.width, one.height, one.mime) == ("thumbnail", 320, 160, "image/jpeg")
    assert (other.kind, other.width, other.height) == ("access", 1600, 800)
    assert one.size == one.path.stat().st_size
    assert again == small
    assert sorted(os.listdir(target)) == ["access.jpg", "thumbnail.jpg"]


def test_a_small_picture_is_not_blown_up(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """A picture smaller than the frame keeps its size."""
    made = thumbnail(sandbox, samples.photo(tmp_path / "a.jpg", (90, 60)), target)

    assert (made.derivatives[0].width, made.derivatives[0].height) == (90, 60)


def test_a_strip_keeps_at_least_one_pixel(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """A picture of 4000 x 2 does not vanish."""
    Image.new("RGB", (4_000, 2), "red").save(tmp_path / "a.jpg")
    made = thumbnail(sandbox, tmp_path / "a.jpg", target)

    assert made.outcome is Outcome.PASSED
    assert made.derivatives[0].height >= 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(
    sandbox: Sandbox, tmp_path: Path, target: Path, orientation: int
) -> None:
    """Red stays top left, green top right, blue below left, in all eight ways to store it."""
    upright = Image.new("RGB", (200, 100), "white")
    for place, colour in (((0, 0), "red"), ((100, 0), "lime"), ((0, 50), "blue")):
        upright.paste(colour, (*place, place[0] + 100, place[1] + 50))
    stored = {  # the turn that undoes what a viewer does
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    image = upright.transpose(stored[orientation]) if orientation in stored else upright
    image.save(tmp_path / "a.jpg", exif=exif, quality=95)
    made = thumbnail(sandbox, tmp_path / "a.jpg", target)

    with Image.open(made.paths[0]) as small:
        seen = [small.getpixel(place) for place in ((50, 25), (150, 25), (50, 75))]
        assert small.size == (200, 100)
    assert [max(range(3), key=lambda n: colour[n]) for colour in seen] == [0, 1, 2]  # type: ignore[index]


def test_d33_no_tag_of_the_original_goes_along(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """Position, author, comment, XMP and profile are gone; the master is untouched."""
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "SECRET-ARTIST"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (1.0, 2.0, 3.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    words: dict[str, Any] = {"comment": b"SECRET-COMMENT", "xmp": b"<x>SECRET-XMP</x>"}
    path = samples.photo(tmp_path / "a.jpg", exif=exif, icc_profile=profile, **words)
    before = path.read_bytes()
    access = make_access_copy(sandbox, path, mime="image/jpeg", target_dir=target)

    assert before.count(b"SECRET") == 3
    for one in (access, thumbnail(sandbox, path, target)):
        assert b"SECRET" not in one.paths[0].read_bytes()
        assert segments(one.paths[0]) <= _PLAIN
    assert path.read_bytes() == before


@pytest.mark.parametrize("extension", ["png", "tif", "webp", "avif"])
def test_d33_tags_of_other_formats_do_not_go_along(
    sandbox: Sandbox, tmp_path: Path, target: Path, extension: str
) -> None:
    """Whatever the original's format, its derivative is bare."""
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "SECRET-ARTIST"
    path = samples.photo(tmp_path / f"a.{extension}", exif=exif)
    made = thumbnail(sandbox, path, target, f"image/{extension.replace('tif', 'tiff')}")

    assert b"SECRET" in path.read_bytes()
    assert b"SECRET" not in made.paths[0].read_bytes()
    assert segments(made.paths[0]) <= _PLAIN


def corpus() -> list[Path]:
    """Return the photos of the corpus, [] without one."""
    root = os.environ.get("JINGUI_CORPORA", "")
    return sorted(Path(root, "exif").glob("**/*.jpg")) if root else []


@pytest.mark.skipif(not corpus(), reason="JINGUI_CORPORA is not set")
def test_d33_real_photos_lose_their_tags_and_keep_their_picture(sandbox: Sandbox, target: Path) -> None:
    """Every photo of the corpus: position seen in the master, nothing left in the copy."""
    with_position = 0
    for path in corpus():
        facts = sandbox.run("read.image", path)
        made = thumbnail(sandbox, path, target)
        if path.name == "corrupted.jpg" and made.outcome is Outcome.FAILED:
            continue
        with_position += facts.facts["has_gps"] is True

        assert made.outcome is Outcome.PASSED, path
        assert segments(made.paths[0]) <= _PLAIN, path
    assert with_position >= 9


@pytest.mark.skipif(not corpus(), reason="JINGUI_CORPORA is not set")
@pytest.mark.parametrize("shape", ["landscape", "portrait"])
def test_real_photos_of_all_orientations_look_alike(sandbox: Sandbox, target: Path, shape: str) -> None:
    """The eight stored forms of one photo give one picture."""
    folder = Path(os.environ["JINGUI_CORPORA"], "exif", "orientation")
    pictures = []
    for number in range(1, 9):
        made = thumbnail(sandbox, folder / f"{shape}_{number}.jpg", target)
        with Image.open(made.paths[0]) as image:
            pictures.append(image.convert("L").resize((16, 16)))

    for other in pictures[1:]:
        pairs = zip(pictures[0].tobytes(), other.tobytes(), strict=True)
        assert sum(abs(one - two) for one, two in pairs) / 256 < 25


def test_colours_follow_the_profile(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """A picture in another colour space is shown as sRGB."""
    lab = ImageCms.createProfile("LAB")
    srgb = ImageCms.createProfile("sRGB")
    image = ImageCms.profileToProfile(Image.new("RGB", (60, 40), (200, 30, 60)), srgb, lab, outputMode="LAB")
    assert image is not None
    image.save(tmp_path / "a.tif", icc_profile=ImageCms.ImageCmsProfile(lab).tobytes())
    made = thumbnail(sandbox, tmp_path / "a.tif", target, "image/tiff")

    with Image.open(made.paths[0]) as small:
        red, green, blue = (round(one) for one in ImageStat.Stat(small.convert("RGB")).mean)
    assert abs(red - 200) < 8 and abs(green - 30) < 8 and abs(blue - 60) < 8


def test_a_broken_profile_costs_no_picture(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """A profile that is no profile is left out of account."""
    path = samples.photo(tmp_path / "a.jpg", icc_profile=b"no profile at all" * 20)

    assert thumbnail(sandbox, path, target).outcome is Outcome.PASSED


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_every_mode_of_a_scan_gets_a_picture(
    sandbox: Sandbox, tmp_path: Path, target: Path, mode: str
) -> None:
    """Bitonal, grey, palette, transparent, CMYK and 16-bit scans all come out, not black, not white."""
    grey = Image.linear_gradient("L").resize((500, 400))
    if mode == "I;16":
        image = Image.frombytes("I;16", (500, 400), b"".join(bytes((0, one)) for one in grey.tobytes()))
    else:
        image = grey.convert("RGB").convert(mode) if mode in ("CMYK", "P", "RGBA") else grey.convert(mode)
    image.save(tmp_path / "a.tif")
    made = thumbnail(sandbox, tmp_path / "a.tif", target, "image/tiff")

    with Image.open(made.paths[0]) as small:
        assert small.size == (320, 256)
        assert 100 < ImageStat.Stat(small.convert("L")).mean[0] < 155


@pytest.mark.parametrize("mode", ["1", "LA", "P", "RGBA", "I;16"])
def test_a_large_scan_is_shrunk_in_bands_without_seams(
    sandbox: Sandbox, tmp_path: Path, target: Path, mode: str
) -> None:
    """Converted band by band, a scan looks as if it had been converted at once."""
    grey = Image.linear_gradient("L").resize((1_501, 2_777))
    if mode == "I;16":
        image = Image.frombytes("I;16", grey.size, b"".join(bytes((0, one)) for one in grey.tobytes()))
    else:
        image = grey.convert("RGB").convert(mode) if mode in ("P", "RGBA") else grey.convert(mode)
    image.save(tmp_path / "a.tif")
    made = thumbnail(sandbox, tmp_path / "a.tif", target, "image/tiff")

    with Image.open(made.paths[0]) as small:
        seen = small.convert("L").resize((1, 40), Image.Resampling.BOX).tobytes()
    wanted = grey.resize((1, 40), Image.Resampling.BOX).tobytes()
    assert max(made.derivatives[0].width, made.derivatives[0].height) == 320
    assert max(abs(one - two) for one, two in zip(seen, wanted, strict=True)) < 16


def test_transparency_becomes_white_paper(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """What is transparent is white in a JPEG, not black."""
    Image.new("RGBA", (60, 40), (0, 0, 0, 0)).save(tmp_path / "a.png")
    made = thumbnail(sandbox, tmp_path / "a.png", target, "image/png")

    with Image.open(made.paths[0]) as small:
        assert ImageStat.Stat(small.convert("L")).mean[0] > 250


def test_a_heic_gets_a_picture(sandbox: Sandbox, target: Path, tmp_path: Path) -> None:
    """A phone's HEIC is shown."""
    heif = pytest.importorskip("pillow_heif")
    heif.from_pillow(Image.open(samples.photo(tmp_path / "a.png"))).save(tmp_path / "a.heic")
    made = thumbnail(sandbox, tmp_path / "a.heic", target, "image/heic")

    assert (made.outcome, made.derivatives[0].width) == (Outcome.PASSED, 320)


def test_d06_a_bomb_gets_no_picture(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """A bomb is told as too large; nothing is written."""
    made = thumbnail(sandbox, samples.bomb_png(tmp_path / "a.png"), target, "image/png")

    assert (made.outcome, made.reason, made.derivatives) == (Outcome.NOT_RUN, "too_large", ())
    assert os.listdir(target) == []


def test_d07_a_truncated_image_gets_no_picture(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """Damage is a failure with words, not half a picture."""
    path = samples.cut(samples.photo(tmp_path / "a.tif"))
    made = thumbnail(sandbox, path, target, "image/tiff")

    assert (made.outcome, made.reason) == (Outcome.FAILED, "unreadable")
    assert made.detail
    assert os.listdir(target) == []


def test_d12_no_delegate_is_called(sandbox: Sandbox, tmp_path: Path, target: Path) -> None:
    """PostScript behind an image's name is not drawn: no Ghostscript, no shell."""
    path = tmp_path / "a.jpg"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n")

    assert thumbnail(sandbox, path, target).outcome is Outcome.FAILED
