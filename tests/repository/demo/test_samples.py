"""The sample material is complete, readable, varied and the same every time."""

import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageStat

from repository.demo.samples import Sample, draw_samples, planned_samples
from repository.description.columns import ItemColumns
from repository.description.dates import parse_date
from repository.description.refcodes import is_valid
from repository.description.rules import may_file, validate
from repository.description.value import Description

TODAY = date(2026, 1, 1)


def _named(samples: tuple[Sample, ...], name: str) -> Path:
    return next(path for sample in samples for path in sample.files if path.name == name)


def test_sixty_samples_in_files_of_their_own(samples: tuple[Sample, ...]) -> None:
    """Sixty samples are drawn and no two share a file."""
    paths = [path for sample in samples for path in sample.files]

    assert len(samples) == 60
    assert len(set(paths)) == len(paths)
    assert all(path.stat().st_size > 0 for path in paths)


def test_samples_stay_small(samples: tuple[Sample, ...]) -> None:
    """All files together stay below 25 MB, each below 1 MB."""
    sizes = [path.stat().st_size for sample in samples for path in sample.files]

    assert sum(sizes) < 25_000_000
    assert max(sizes) < 1_000_000


def test_every_picture_opens_and_is_no_blank(samples: tuple[Sample, ...]) -> None:
    """Every JPEG and TIFF decodes fully and shows light and dark."""
    pictures = [p for s in samples for p in s.files if p.suffix.lower() in (".jpg", ".tif")]
    flat = []
    for path in pictures:
        with Image.open(path) as image:
            image.load()
            if ImageStat.Stat(image.convert("L")).stddev[0] < 8:
                flat.append(path.name)

    assert len(pictures) > 50
    assert flat == []


def test_same_call_writes_same_bytes(tmp_path: Path, samples: tuple[Sample, ...]) -> None:
    """A second drawing of the first samples gives the same bytes, descriptions and regions."""
    again = draw_samples(tmp_path, count=9)

    for first, second in zip(samples, again, strict=False):
        assert [p.read_bytes() for p in first.files] == [p.read_bytes() for p in second.files]
        assert [p.name for p in first.files] == [p.name for p in second.files]
        assert (first.values, first.regions) == (second.values, second.regions)


def test_first_samples_show_many_sorts() -> None:
    """The first nine samples show at least five kinds, three levels of access and six categories."""
    filings = [planned.filing for planned in planned_samples()[:9]]

    assert len({filing.kind for filing in filings}) >= 5
    assert len({filing.access_level for filing in filings}) == 3
    assert len({filing.category for filing in filings}) >= 5


def test_progress_is_told_after_each_sample(tmp_path: Path) -> None:
    """Progress hears (done, all) once for each sample."""
    heard: list[tuple[int, int]] = []
    draw_samples(tmp_path, count=2, progress=lambda done, total: heard.append((done, total)))

    assert heard == [(1, 2), (2, 2)]


def test_counts_beyond_the_list_draw_the_whole_list() -> None:
    """There are exactly sixty planned samples, so a greater count changes nothing."""
    planned = planned_samples()

    assert len(planned) == 60
    assert planned[:1000] == planned


def test_every_sample_may_be_filed(samples: tuple[Sample, ...]) -> None:
    """No sample breaks a proofreading rule of the description that stops filing."""
    stopped = {}
    for sample in samples:
        columns = ItemColumns(
            reference_code=sample.reference_code,
            category=sample.category,
            retention=sample.retention,
            access_level=sample.access_level,
        )
        problems = validate(Description(sample.kind, sample.values), columns, today=TODAY)
        if not may_file(problems):
            stopped[sample.files[0].name] = problems

    assert stopped == {}


@pytest.mark.parametrize(
    ("written", "edtf"),
    [
        ("约1956年", "1956~"),
        ("民国三十七年", "1948"),
        ("五十年代", "195X"),
        ("1978届", "1978"),
        ("2008-05-12", "2008-05-12"),
    ],
)
def test_dates_come_in_many_forms(written: str, edtf: str) -> None:
    """The ways people write dates all occur in the samples and are understood."""
    dates = [planned.values["date"] for planned in planned_samples()]

    assert written in dates
    assert parse_date(written).edtf == edtf


def test_levels_of_access_are_mixed(samples: tuple[Sample, ...]) -> None:
    """Most samples are open, some are for the school, student records are restricted."""
    levels = Counter(sample.access_level for sample in samples)
    cards = [sample for sample in samples if "学籍卡" in str(sample.values["title"])]

    assert levels["public"] > levels["internal"] > levels["restricted"] >= 5
    assert cards and all(card.access_level == "restricted" and card.category == "XS" for card in cards)


def test_reference_codes_are_valid_or_left_out(samples: tuple[Sample, ...]) -> None:
    """Most samples carry a valid reference code of their own; some carry none."""
    codes = [sample.reference_code for sample in samples if sample.reference_code]

    assert 0 < len(samples) - len(codes) < 12
    assert len(set(codes)) == len(codes)
    assert all(is_valid(code) for code in codes)


def test_file_names_are_as_odd_as_in_life(samples: tuple[Sample, ...]) -> None:
    """One name is longer than sixty letters, one is broken GBK, one has wide figures; none is unsafe."""
    names = [path.name for sample in samples for path in sample.files]

    assert any(len(name) > 60 for name in names)
    assert any(name.encode("latin-1", "ignore").decode("gbk", "ignore").startswith("云溪") for name in names)
    assert any("１９５６" in name for name in names)
    assert all(unicodedata.normalize("NFC", name) == name for name in names)
    assert all(len(name.encode()) <= 255 and "/" not in name for name in names)


def test_heads_lie_inside_their_picture(samples: tuple[Sample, ...]) -> None:
    """Every region is named after a person of the description and lies inside the first file."""
    for sample in samples:
        if not sample.regions:
            continue
        with Image.open(sample.files[0]) as image:
            wide, tall = image.size
        for head in sample.regions:
            assert head.name in sample.values["people"]
            assert 0 <= head.x < head.x + head.width <= wide
            assert 0 <= head.y < head.y + head.height <= tall


def test_heads_show_faces(samples: tuple[Sample, ...]) -> None:
    """The middle of a named head of a colour photograph has the colour of skin: more red than blue."""
    photo = next(s for s in samples if str(s.values["title"]).startswith("云溪中学2012届"))
    with Image.open(photo.files[0]) as opened:
        image = opened.convert("RGB")
    cheeks = [
        image.crop((r.x + r.width // 3, r.y + r.height // 2, r.x + r.width * 2 // 3, r.y + r.height * 2 // 3))
        for r in photo.regions
    ]
    means = [ImageStat.Stat(cheek).mean for cheek in cheeks]

    assert len(means) > 38
    assert all(red > blue + 25 and red > 150 for red, _green, blue in means)


def test_unknown_pupils_have_no_region(samples: tuple[Sample, ...]) -> None:
    """A class whose pupils nobody knows any more has regions for its teachers only."""
    photo = next(s for s in samples if "三十七年" in str(s.values["title"]))

    assert "姓名待考" in str(photo.values["caption"])
    assert len(photo.regions) == len(photo.values["people"]) == 6


def test_page_counts_are_true(samples: tuple[Sample, ...]) -> None:
    """The number of pages in the description is the number of pages in the files."""
    for sample in samples:
        if sample.kind == "document" and "pages" in sample.values:
            pages = sum(_pages(path) for path in sample.files)
            assert str(pages) == sample.values["pages"], sample.files[0].name


def _pages(path: Path) -> int:
    if path.suffix == ".pdf":
        with pypdfium2.PdfDocument(path) as document:
            return len(document)
    if path.suffix == ".txt":
        return 0
    with Image.open(path) as image:
        return getattr(image, "n_frames", 1)


def test_one_tiff_has_two_black_and_white_pages(samples: tuple[Sample, ...]) -> None:
    """The minutes of 1957 are one Group 4 TIFF of two pages."""
    with Image.open(_named(samples, "校务会议（五七年）.tif")) as image:
        facts = (image.mode, getattr(image, "n_frames", 1), image.info["compression"])

    assert facts == ("1", 2, "group4")


def test_text_layer_of_the_layered_pdf(samples: tuple[Sample, ...]) -> None:
    """A PDF with a text layer gives its Chinese words back, on the page where they stand."""
    with pypdfium2.PdfDocument(_named(samples, "筹建教学楼会议记录.pdf")) as document:
        words = [page.get_textpage().get_text_range().replace("\r\n", "") for page in document]

    assert "保留门前古樟树" in words[0]
    assert "落成典礼定在明年九月一日开学那天举行" in words[1]


def test_picture_pdf_has_no_words(samples: tuple[Sample, ...]) -> None:
    """A PDF of page images holds no text: only OCR could find its words."""
    with pypdfium2.PdfDocument(_named(samples, "教学会议记录 1978.9.pdf")) as document:
        words = "".join(page.get_textpage().get_text_range() for page in document)

    assert words == ""


def test_plain_text_is_gb18030_not_utf8(samples: tuple[Sample, ...]) -> None:
    """The chronicle is GB18030 and cannot be read as UTF-8."""
    raw = _named(samples, "大事记(草稿).txt").read_bytes()

    assert "全校师生在后山植树" in raw.decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")


def test_motto_is_in_traditional_letters(samples: tuple[Sample, ...]) -> None:
    """The motto comes as a page image and as UTF-8 text in traditional letters."""
    words = _named(samples, "民國校訓記.txt").read_text(encoding="utf-8")

    assert "雲溪之水" in words
    assert "云溪" not in words


def test_exif_tells_the_day_of_scanning_only(samples: tuple[Sample, ...]) -> None:
    """A scan carries the scanner's day in its EXIF data, never the day in the description."""
    with Image.open(_named(samples, "老校舍.jpg")) as image:
        when = image.getexif()[0x0132]

    assert when.startswith("2021:03:15")
