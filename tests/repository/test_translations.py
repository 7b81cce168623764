"""The English sentences: complete, current, true to their placeholders, and on every page.

The msgids are the Chinese sentences of the source; repository/translations/babel.cfg
says how to extract, update and compile.
"""

import ast
import html
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale, gettext, ngettext, pgettext

from repository.web.words import listed
from tests.repository.web.conftest import PASSWORD, SCHOOL, Archive, close, open_archive, picture, put_into

ROOT = Path(str(resources.files("repository")))
FOLDER = ROOT / "translations" / "en" / "LC_MESSAGES"
MARKS = ("marked", "marked_in:1c,2")
NAMED = re.compile(r"%\((\w+)\)([a-z])|\{(\w+)\}")  # %(n)s is filled in on the server, {n} in the browser
CHINESE = re.compile(r"[\u3001-\u303f\u4e00-\u9fff\uff00-\uffef]+")
LINK = re.compile(r'href="(/[^"#]*)')
UNSEEN = re.compile(r"<script\b.*?</script>|<!--.*?-->", re.DOTALL)
#: What people wrote themselves, and the one word that each language finds itself by.
OWN_WORDS = (SCHOOL, "周正言", "苏晚晴", "陆明川", "韩一诺", "云溪校景", "中文")
PAIRS = (("件", "1 item", "5 items"), ("个文件", "1 file", "5 files"), ("页", "1 page", "5 pages"))
TRANSLATORS = {"gettext", "ngettext", "pgettext", "npgettext", "marked", "marked_in"}

Key = tuple[str | None, str]


def _msgid(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _texts(told: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (told,) if isinstance(told, str) else tuple(told or ())


def _keyed(catalog: Catalog) -> dict[Key, Message]:
    return {(_context(message), _msgid(message)): message for message in catalog if message.id}


def _context(message: Message) -> str | None:
    told: object = message.context  # read_mo leaves it as bytes
    return told.decode() if isinstance(told, bytes) else message.context


@cache
def wanted() -> dict[Key, str | tuple[str, ...]]:
    """Return every sentence of the source, found by Babel itself as babel.cfg says."""
    with (ROOT / "translations" / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    keywords = {**DEFAULT_KEYWORDS, **parse_keywords(MARKS)}
    found: dict[Key, str | tuple[str, ...]] = {}
    for _, _, told, _, context in extract_from_dir(
        ROOT.parent, methods, options, keywords, directory_filter=_is_ours
    ):
        key = (context, _texts(told)[0])
        assert found.setdefault(key, told) == told, f"{key} is asked for with a number and without one"
    return found


def _is_ours(folder: str) -> bool:
    relative = Path(folder).relative_to(ROOT.parent)
    return relative.parts[:1] in ((), ("repository",)) and relative.name != "__pycache__"


@cache
def english() -> Catalog:
    """Return the catalogue that people write."""
    return read_po(BytesIO((FOLDER / "messages.po").read_bytes()), locale="en")


@cache
def compiled() -> Catalog:
    """Return the catalogue that pages read."""
    return read_mo(BytesIO((FOLDER / "messages.mo").read_bytes()))


def test_every_sentence_has_an_english_one() -> None:
    """Nothing that people read is left untranslated; a sentence with a number has both its forms."""
    known = _keyed(english())
    said = {key: _texts(known[key].string) if key in known else () for key in wanted()}
    forms = {key: 1 if isinstance(told, str) else 2 for key, told in wanted().items()}
    missing = [key for key, texts in said.items() if len(texts) != forms[key] or not all(texts)]

    assert len(wanted()) > 900
    assert missing == []


def test_no_translation_is_a_guess_or_a_leftover() -> None:
    """No entry is fuzzy, and none translates what the source no longer says."""
    fuzzy = [_msgid(message) for message in english() if message.id and message.fuzzy]
    stale = [key for key in _keyed(english()) if key not in wanted()]

    assert (fuzzy, stale, list(english().obsolete)) == ([], [], [])


def test_placeholders_are_the_same_in_both_languages() -> None:
    """Each English form names exactly the facts that the Chinese sentence names."""
    differing = []
    for message in _keyed(english()).values():
        expected = {tuple(sorted(NAMED.findall(text))) for text in _texts(message.id)}
        found = {tuple(sorted(NAMED.findall(text))) for text in _texts(message.string)}
        if found != expected:
            differing.append(_msgid(message))

    assert differing == []


def test_english_sentences_hold_no_chinese() -> None:
    """An English sentence has neither Chinese characters nor Chinese punctuation."""
    said = [text for message in _keyed(english()).values() for text in _texts(message.string)]
    mixed = [text for text in said if CHINESE.search(text)]

    assert mixed == []


def test_compiled_catalogue_says_what_the_written_one_says() -> None:
    """messages.mo was made from this messages.po."""
    written = {key: _texts(message.string) for key, message in _keyed(english()).items()}
    made = {key: _texts(message.string) for key, message in _keyed(compiled()).items()}

    assert made == written
    assert compiled().plural_expr == english().plural_expr


def test_catalogue_names_no_machine_and_no_placeholder_address() -> None:
    """The written catalogue keeps no locations and none of the template's empty heads."""
    text = (FOLDER / "messages.po").read_text(encoding="utf-8")

    assert [line for line in text.splitlines() if line.startswith("#:")] == []
    assert "Project-Id-Version: Jingui" in text
    assert not {word for word in ("EMAIL@ADDRESS", "FULL NAME", "PROJECT VERSION") if word in text}


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_no_sentence_hides_inside_an_f_string(path: Path) -> None:
    """Babel does not look inside f-strings before Python 3.12: no sentence is asked for there."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    calls = [node for one in joined for node in ast.walk(one) if isinstance(node, ast.Call)]
    hidden = [call.lineno for call in calls if _name(call.func) in TRANSLATORS]

    assert hidden == []


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else ""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Yield one archive with an item that waits and one that is archived."""
    opened = open_archive(tmp_path_factory.mktemp("english") / "data")
    for state in ("submitted", "archived"):
        photograph = (f"{state}.jpg", picture(state))
        put_into(opened, "云溪校景", files=(photograph,), state=state, values={"place": "Yard"})
    yield opened
    close(opened)


@pytest.fixture
def app(archive: Archive) -> Flask:
    """Return the app of this archive."""
    return archive.app


def _browser(app: Flask, language: str, username: str = "") -> FlaskClient:
    browser = app.test_client()
    if username:
        browser.post("/login", data={"username": username, "password": PASSWORD})
    with browser.session_transaction() as session:
        session["language"] = language
    return browser


def _chinese_on(page: str) -> list[str]:
    text = html.unescape(UNSEEN.sub("", page))
    for word in OWN_WORDS:
        text = text.replace(word, "")
    return CHINESE.findall(text)


@pytest.mark.parametrize(
    "address", ["/", "/login", "/search", "/search?q=nothing", "/search?q=Yard", "/browse", "/no-such-page"]
)
def test_visitor_reads_english_pages(app: Flask, address: str) -> None:
    """A visitor who chose English meets Chinese only where people wrote it."""
    page = _browser(app, "en").get(address).text

    assert 'lang="en"' in page
    assert _chinese_on(page) == []


def _pages(app: Flask, browser: FlaskClient) -> dict[str, str]:
    """Return all pages that open by their bare address, and all that these lead to."""
    bare = [rule for rule in app.url_map.iter_rules() if not rule.arguments]
    found = _opened(browser, {str(rule) for rule in bare if "GET" in (rule.methods or ())})
    linked = {html.unescape(link) for page in found.values() for link in LINK.findall(page)}
    return found | _opened(browser, {link for link in linked if not link.startswith("/static/")} - set(found))


def _opened(browser: FlaskClient, addresses: set[str]) -> dict[str, str]:
    answers = {address: browser.get(address) for address in sorted(addresses)}
    return {address: one.text for address, one in answers.items() if one.mimetype == "text/html"}


@pytest.mark.parametrize(("username", "least"), [("staff", 15), ("archivist", 30), ("admin", 25)])
def test_people_of_the_school_read_english_pages(app: Flask, username: str, least: int) -> None:
    """Every page that each role can reach by two steps is English: desk, care, items, accounts, refusals."""
    pages = _pages(app, _browser(app, "en", username))
    mixed = {address: _chinese_on(page) for address, page in pages.items()}

    assert len(pages) > least
    assert {address: words for address, words in mixed.items() if words} == {}


def test_pages_stay_chinese_for_who_chose_chinese(app: Flask) -> None:
    """The catalogue of English changes nothing for those who read Chinese."""
    page = _browser(app, "zh_Hans_CN", "archivist").get("/desk").text

    assert 'lang="zh-CN"' in page
    assert "收件箱" in page and "Inbox" not in page


def test_chinese_needs_no_catalogue(app: Flask) -> None:
    """Without a catalogue the sentence itself is said, alike for one and for many."""
    with app.test_request_context(), force_locale("zh_Hans_CN"):
        told = [ngettext("%(num)s 件", "%(num)s 件", n) for n in (1, 5)]

        assert told == ["1 件", "5 件"]
        assert (gettext("保存"), pgettext("menu", "保存"), listed(["甲", "乙"])) == ("保存", "保存", "甲、乙")


@pytest.mark.parametrize(("unit", "one", "many"), PAIRS)
def test_english_tells_one_from_many(app: Flask, unit: str, one: str, many: str) -> None:
    """In English one is one item and five are five items."""
    with app.test_request_context(), force_locale("en"):
        told = [ngettext(f"%(num)s {unit}", f"%(num)s {unit}", n) for n in (1, 5)]

        assert told == [one, many]


def test_one_word_may_mean_two_things(app: Flask) -> None:
    """保存 heads a part of the menu and stands on a button: Preservation and Save."""
    with app.test_request_context(), force_locale("en"):
        assert (pgettext("menu", "保存"), gettext("保存")) == ("Preservation", "Save")
        assert (pgettext("button", "接收"), gettext("接收")) == ("Accept", "Accession")
        assert listed(["one", "two"]) == "one, two"
