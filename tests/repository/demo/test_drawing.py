"""Letters, seals, names and shapes of the drawn samples."""

import hashlib
from importlib.resources import files
from random import Random

import pytest
from PIL import Image, ImageStat

from repository.demo import draw_letters
from repository.demo.cast import GIVEN_MID_MEN, GIVEN_NEW_MEN, GIVEN_NEW_WOMEN, SURNAMES, head_of, people
from repository.demo.draw_film import faded, paper, photographed, sepia, silver
from repository.demo.draw_letters import (
    GlyphMissing,
    Hand,
    face_for,
    has_glyph,
    round_seal,
    square_seal,
    wrapped,
)
from repository.demo.draw_pen import Point, new_pen, on_circle, path, rounded, star
from repository.demo.looks import ERAS, era_of, student_look
from repository.demo.poses import DIG, mirrored
from repository.demo.sample_certificates import chinese_year
from repository.demo.samples import planned_samples

FONTS = files("repository.demo") / "fonts"


@pytest.mark.parametrize("name", [draw_letters.SIMPLIFIED, draw_letters.TRADITIONAL])
def test_fonts_are_the_ones_that_version_names(name: str) -> None:
    """Each vendored font has the digest written in VERSION, so it is unchanged."""
    digest = hashlib.sha256((FONTS / name).read_bytes()).hexdigest()
    version = (FONTS / "VERSION").read_text(encoding="utf-8")

    assert f"file     {name}\nsha256   {digest}" in version


def test_fonts_come_with_their_licence() -> None:
    """The licence text lies beside the fonts, and both together stay below 5 MB."""
    licence = (FONTS / "LICENSE").read_text(encoding="utf-8")
    sizes = [len(path.read_bytes()) for path in FONTS.iterdir()]

    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert sum(sizes) < 5_000_000


def test_every_word_on_the_samples_has_glyphs() -> None:
    """Every letter of every title, person and surname can be drawn by a vendored font."""
    words = SURNAMES + "".join(GIVEN_MID_MEN + GIVEN_NEW_MEN + GIVEN_NEW_WOMEN)
    for planned in planned_samples():
        for value in planned.values.values():
            words += value if isinstance(value, str) else "".join(value)
    missing = {letter for letter in words if not any(has_glyph(f, letter) for f in _both())}

    assert missing == set()


def _both() -> tuple[str, str]:
    return (draw_letters.SIMPLIFIED, draw_letters.TRADITIONAL)


def test_a_letter_without_glyph_is_an_error() -> None:
    """Writing a letter that no font has raises GlyphMissing instead of drawing an empty box."""
    with pytest.raises(GlyphMissing) as caught:
        draw_letters.write(Image.new("RGB", (50, 50)), Point(0, 0), "\ue000", Hand(size=20))

    assert caught.value.letter == "\ue000"
    assert caught.value.code == "RE-DM-01"


def test_fonts_fall_back_on_each_other() -> None:
    """A simplified letter in a traditional line comes from the simplified font, and the other way round."""
    simplified, traditional = _both()

    assert face_for("雲", traditional=True) == traditional
    assert face_for("学", traditional=True) == simplified
    assert face_for("学", traditional=False) == simplified


def test_lines_never_begin_with_a_closing_mark() -> None:
    """A wrapped paragraph keeps its words and no line starts with a full stop or comma."""
    words = "全校师生植树，" * 9 + "遇雨顺延。"
    lines = wrapped(words, Hand(size=30), 7 * 30)

    assert "".join(lines) == words
    assert len(lines) > 5
    assert not any(line[0] in "，。" for line in lines)


def test_seals_are_red_and_see_through() -> None:
    """Both seals are red ink on nothing: the corner is clear, some ink is there."""
    for seal in (
        round_seal("云溪中学", 200, Random(1), under="教务处"),
        square_seal("雲溪中學", 120, Random(1)),
    ):
        alpha = seal.getchannel("A")
        low, high = alpha.getextrema()
        ink = ImageStat.Stat(seal.convert("RGB"), alpha.point([0] * 150 + [255] * 106)).mean

        assert (low, alpha.getpixel((0, 0))) == (0, 0)
        assert isinstance(high, int) and high > 150
        assert ink[0] > 170 and ink[1] < 60 and ink[2] < 60


def test_old_prints_are_brown_and_late_ones_are_not() -> None:
    """A grey picture turns brown before 1964, stays near grey until 1982."""
    grey = Image.linear_gradient("L").convert("RGB")
    brown = sepia(grey, Random(1)).resize((1, 1)).getpixel((0, 0))
    plain = silver(grey, Random(1)).resize((1, 1)).getpixel((0, 0))

    assert isinstance(brown, tuple) and isinstance(plain, tuple)
    assert brown[0] - brown[2] > 40
    assert 0 <= plain[0] - plain[2] < 25


def test_the_look_follows_the_year() -> None:
    """A picture of 1990 gets the faded colours of its time."""
    picture = Image.new("RGB", (60, 40), (90, 140, 200))

    assert photographed(picture, 1990, Random(3)).tobytes() == faded(picture, Random(3)).tobytes()
    assert photographed(picture, 1950, Random(3)).tobytes() == sepia(picture, Random(3)).tobytes()


def test_paper_is_the_same_for_the_same_dice() -> None:
    """Paper texture depends on the dice and on nothing else."""
    first, second, other = (paper(80, 60, dice=Random(seed)).tobytes() for seed in (5, 5, 6))

    assert first == second
    assert first != other


def test_people_have_different_names_and_fit_their_time() -> None:
    """A roster has no name twice, and pupils of 2019 bear late names only."""
    roster = people(2019, 45, dice=Random("test"))
    late = GIVEN_NEW_MEN + GIVEN_NEW_WOMEN

    assert len({sitter.name for sitter in roster}) == 45
    assert all(sitter.name[1:] in late for sitter in roster)


def test_the_school_has_one_head_at_a_time() -> None:
    """Each year of the school has its head, from the founder on."""
    heads = [head_of(year).name for year in (1927, 1951, 1952, 1977, 1998, 1999)]

    assert heads == ["陆怀瑾", "陆怀瑾", "苏婉仪", "秦守正", "秦守正", "叶舒窈"]


@pytest.mark.parametrize("year", [1900, 1912, 1948, 1949, 1966, 1977, 1984, 2000, 2012, 2030])
def test_every_year_has_clothes(year: int) -> None:
    """The clothes of a year are those of the latest era that has begun, or of the first era."""
    look = student_look(year, True, Random(year))

    assert look.dress in era_of(year).dresses_girl
    assert era_of(year).since <= max(year, ERAS[0].since)


def test_a_mirrored_pose_mirrored_again_is_the_pose() -> None:
    """Mirroring turns left to right and nothing else."""
    assert mirrored(DIG) != DIG
    assert mirrored(mirrored(DIG)) == DIG


def test_pen_lengths_are_final_pixels() -> None:
    """A box of ten by ten pixels covers a hundred pixels of the finished picture."""
    pen = new_pen(40, 30, dice=Random(1))
    pen.box(10, 5, 20, 15, (0, 0, 0))
    done = pen.finished()

    assert done.size == (40, 30)
    assert done.convert("L").histogram()[0] == 100


def test_rounding_keeps_a_shape_inside_its_corners() -> None:
    """Rounded corners lie inside the polygon's box, and a star has ten corners."""
    square = path((0, 0), (8, 0), (8, 8), (0, 8))

    assert all(0 <= p.x <= 8 and 0 <= p.y <= 8 for p in rounded(square))
    assert Point(0, 0) not in rounded(square)
    assert len(star(Point(0, 0), 5)) == 10
    assert on_circle(Point(10, 10), 4, 0.0) == Point(10, 6)


def test_years_in_chinese_figures() -> None:
    """A year is written figure by figure."""
    assert chinese_year(1978) == "一九七八"
    assert chinese_year(2006) == "二〇〇六"
