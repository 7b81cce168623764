"""Unpacking what strangers sent: refused whole, or every name and byte as it was."""

import gzip
import io
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from preservation.entry_names import codec_of
from repository.workflow.exchange_errors import PackRefused
from repository.workflow.strange_packs import Limits, is_archive, unpack

MEGABYTE = 1 << 20


def zipped(path: Path, *entries: tuple[str, bytes]) -> Path:
    """Write a zip of these entries."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in entries:
            out.writestr(name, content)
    return path


def raw_zip(
    path: Path,
    *names: bytes,
    bodies: tuple[bytes, ...] = (),
    extra: Callable[[bytes], bytes] = lambda raw: b"",
) -> Path:
    """Write a stored zip whose names are these bytes, with no word on their encoding."""
    out, directory = io.BytesIO(), io.BytesIO()
    for raw, body in zip(names, bodies or names, strict=True):
        place, more, size = out.tell(), extra(raw), len(body)
        crc = zlib.crc32(body)
        head = struct.pack("<HHHHHLLLHH", 20, 0, 0, 0, 0x21, crc, size, size, len(raw), len(more))
        out.write(b"PK\3\4" + head + raw + more + body)
        tail = struct.pack("<HHHLL", 0, 0, 0, 0, place)
        directory.write(b"PK\1\2" + struct.pack("<H", 20) + head + tail + raw + more)
    start, size = out.tell(), directory.tell()
    end = struct.pack("<HHHHLLH", 0, 0, len(names), len(names), size, start, 0)
    path.write_bytes(out.getvalue() + directory.getvalue() + b"PK\5\6" + end)
    return path


def tarred(path: Path, *members: tarfile.TarInfo, mode: str = "w") -> Path:
    """Write a tar of these members, each filled with its announced size of zeros."""
    with tarfile.open(path, mode) as out:  # type: ignore[call-overload]
        for member in members:
            out.addfile(member, io.BytesIO(b"\0" * member.size))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, *, size: int = 0, link: str = "") -> tarfile.TarInfo:
    """Return a member of a tar."""
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info


def refusal(archive: Path, folder: Path, limits: Limits = Limits()) -> str:
    """Return why an archive is refused; nothing of a refused name stands outside the folder."""
    folder.mkdir()
    with pytest.raises(PackRefused) as caught:
        unpack(archive, folder, limits)
    return str(caught.value.facts["why"])


LEAVING = ("../evil", "a/../../evil", "/etc/evil", "C:/evil", "~root/evil", "a\\..\\evil", "//host/evil")


@pytest.mark.parametrize("name", [*LEAVING, "a//b", "a/./b"])
@pytest.mark.parametrize("pack", ["zip", "tar"])
def test_d13_a_path_that_leaves_its_place_refuses_the_whole(tmp_path: Path, name: str, pack: str) -> None:
    """Zip slip in every dress: nothing is written, not even the innocent entry before."""
    if pack == "zip":
        archive = zipped(tmp_path / "a.zip", ("good.txt", b"x"), (name, b"x"))
    else:
        archive = tarred(tmp_path / "a.tar", member("good.txt"), member(name))
    why = refusal(archive, tmp_path / "out")

    assert why == "path"
    assert list((tmp_path / "out").iterdir()) == []
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_d14_links_and_devices_in_a_tar_refuse_the_whole(tmp_path: Path, kind: bytes) -> None:
    """Symbolic and hard links, devices and pipes."""
    archive = tarred(tmp_path / "a.tar", member("x", kind, link="/etc/passwd"))
    expected = "link" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else "special"

    assert refusal(archive, tmp_path / "out") == expected


def test_d14_a_link_in_a_zip_refuses_the_whole(tmp_path: Path) -> None:
    """Unix mode says link."""
    info = zipfile.ZipInfo("x")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        out.writestr(info, "/etc/passwd")

    assert refusal(tmp_path / "a.zip", tmp_path / "out") == "link"


@pytest.mark.parametrize("names", [("Foto.jpg", "foto.jpg"), ("é.txt", "e\u0301.txt"), ("A/x", "a/y"),
                                   ("a", "a/b"), ("a/b", "a"), ("x", "x")])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_d16_twins_refuse_the_whole_and_both_are_named(tmp_path: Path, names: tuple[str, str]) -> None:
    """Case, Unicode form, a file that is a folder, the same name twice."""
    (tmp_path / "out").mkdir()
    archive = zipped(tmp_path / "a.zip", *((name, b"x") for name in names))
    with pytest.raises(PackRefused) as caught:
        unpack(archive, tmp_path / "out")

    assert caught.value.facts["why"] == "twins"
    assert {caught.value.facts["path"], caught.value.facts["twin"]} <= {*names, "A", "a"}


def test_zip_bombs_are_refused(tmp_path: Path) -> None:
    """A hundred megabytes of zeros in a few kilobytes; too many entries; too deep folders."""
    bomb = zipped(tmp_path / "b.zip", ("zeros", b"\0" * (100 * MEGABYTE)))
    many = zipped(tmp_path / "m.zip", *((f"{n}", b"") for n in range(60)))
    deep = zipped(tmp_path / "d.zip", ("a/" * 40 + "x", b""))

    assert refusal(bomb, tmp_path / "1", Limits(ratio=20, ratio_from=MEGABYTE)) == "ratio"
    assert refusal(bomb, tmp_path / "2", Limits(bytes=MEGABYTE)) == "too_large"
    assert refusal(many, tmp_path / "3", Limits(files=50)) == "too_many"
    assert refusal(deep, tmp_path / "4") == "too_deep"


def test_a_tar_bomb_is_refused_before_it_is_unpacked_to_its_end(tmp_path: Path) -> None:
    """A packed tar that announces half a terabyte: nobody runs through it to look for the next entry."""
    header = tarfile.TarInfo("zeros")
    header.size = 1 << 39
    bomb = tmp_path / "b.tar.gz"
    bomb.write_bytes(gzip.compress(header.tobuf() + b"\0" * MEGABYTE))

    assert refusal(bomb, tmp_path / "1") == "ratio"


def test_an_entry_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """The central directory says one byte, a megabyte comes."""
    archive = zipped(tmp_path / "a.zip", ("zeros", b"\0" * MEGABYTE))
    content = bytearray(archive.read_bytes())
    place = content.rindex(b"PK\1\2")
    content[place + 24:place + 28] = struct.pack("<L", 1)
    archive.write_bytes(content)

    assert refusal(archive, tmp_path / "out") == "unreadable"


def test_a_tar_header_that_fills_the_memory_is_refused(tmp_path: Path) -> None:
    """A pax header of a gigabyte of zeros in a small gz: read in parts or not at all."""
    head = tarfile.TarInfo("pax")
    head.type, head.size = tarfile.XHDTYPE, 1 << 30
    with gzip.open(tmp_path / "a.tar.gz", "wb", compresslevel=1) as out:
        out.write(head.tobuf())
        for _ in range(8):
            out.write(b"\0" * MEGABYTE)

    assert refusal(tmp_path / "a.tar.gz", tmp_path / "out") == "too_large"


def test_what_is_no_archive_is_told_as_such(tmp_path: Path) -> None:
    """Noise, cut archives and texts are unreadable, and never a surprise."""
    good = zipped(tmp_path / "g.zip", *((f"{n}.txt", random.Random(n).randbytes(999)) for n in range(9)))
    whole = good.read_bytes()
    seeds = random.Random(5)
    for number in range(60):
        broken = bytearray(whole)
        for _ in range(seeds.randint(1, 9)):
            broken[seeds.randrange(len(broken))] = seeds.randrange(256)
        place = tmp_path / f"{number}.zip"
        place.write_bytes(broken[:seeds.choice([len(broken), len(broken) - 7])])
        out = tmp_path / f"out{number}"
        out.mkdir()
        try:
            unpack(place, out)
        except PackRefused:
            continue
    (tmp_path / "t.txt").write_text("text")

    assert is_archive(good) and not is_archive(tmp_path / "t.txt")
    assert refusal(tmp_path / "t.txt", tmp_path / "no") == "unreadable"


CHINESE = ("毕业照/一九七八届.jpg", "会议记录.doc", "说明.txt")
TRADITIONAL = ("畢業照/學生證書.jpg", "會議記錄.doc", "說明.txt")
JAPANESE = ("写真/卒業アルバム.jpg", "お知らせ.doc", "学校の沿革.txt")


@pytest.mark.parametrize(
    ("names", "codec"),
    [(CHINESE, "gb18030"), (TRADITIONAL, "big5hkscs"), (JAPANESE, "cp932"), (CHINESE, "utf-8")],
)
def test_d18_names_are_read_in_their_encoding_and_their_bytes_kept(
    tmp_path: Path, names: tuple[str, ...], codec: str
) -> None:
    """GBK, Big5, Shift-JIS and unmarked UTF-8 in a zip and in a tar: the name is read, the bytes are kept."""
    raws = [name.encode(codec) for name in names]
    (tmp_path / "z").mkdir()
    (tmp_path / "t").mkdir()
    from_zip = unpack(raw_zip(tmp_path / "a.zip", *raws), tmp_path / "z")
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.GNU_FORMAT, encoding=codec) as out:
        for name in names:
            out.addfile(member(name))
    from_tar = unpack(tmp_path / "a.tar", tmp_path / "t")
    expected = {} if codec == "utf-8" else dict(zip(names, raws, strict=True))

    assert codec_of(raws) == codec
    for unpacked in (from_zip, from_tar):
        assert unpacked.raw_names == expected
        assert all((unpacked.folder / name).is_file() for name in names)


def test_d18_the_unicode_field_of_a_zip_goes_before_its_code_page(tmp_path: Path) -> None:
    """Info-ZIP writes the UTF-8 name beside; it is believed if it belongs to the name."""
    (tmp_path / "out").mkdir()

    def field(raw: bytes) -> bytes:
        said = b"\1" + struct.pack("<L", zlib.crc32(raw)) + "合影.jpg".encode()
        return struct.pack("<HH", 0x7075, len(said)) + said

    unpack(raw_zip(tmp_path / "a.zip", b"H_Y.jpg", extra=field), tmp_path / "out")

    assert (tmp_path / "out" / "合影.jpg").is_file()


def test_a_compressed_tar_comes_out_as_it_went_in(tmp_path: Path) -> None:
    """gz, bz2 and xz, with folders and a leading "./"."""
    for kind in ("gz", "bz2", "xz"):
        path = tarred(
            tmp_path / f"a.{kind}", member("./", tarfile.DIRTYPE), member("./a", tarfile.DIRTYPE),
            member("./a/x.bin", size=3 * MEGABYTE), mode=f"w:{kind}",
        )
        (tmp_path / kind).mkdir()
        unpacked = unpack(path, tmp_path / kind)

        assert (unpacked.folder / "a" / "x.bin").stat().st_size == 3 * MEGABYTE
        assert is_archive(path)
