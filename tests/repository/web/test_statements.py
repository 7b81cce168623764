"""Performance rule of the pages: at most 12 SQL statements, whatever the number of rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from tests.repository.web.conftest import Archive

MOST = 12  # performance.md, "Web": item, browse and search page
MOST_OF = {"/care": 18, "/health-check": 30}  # looked at now and then; banner and line came with the guard
Counted = Callable[[FlaskClient, str], int]


@contextmanager
def _told(archive: Archive) -> Iterator[list[str]]:
    """Yield the list of statements that the catalogue is asked meanwhile."""
    asked: list[str] = []

    def note(connection: object, cursor: object, statement: str, *more: object) -> None:
        asked.append(statement)

    event.listen(archive.tools.database.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(archive.tools.database.engine, "before_cursor_execute", note)


@pytest.fixture
def counted(archive: Archive) -> Counted:
    """Return a function: browser, address -> how many statements drawing the page took, BEGIN not counted."""

    def count(browser: FlaskClient, address: str) -> int:
        with _told(archive) as asked:
            answer = browser.get(address)
        assert answer.status_code == 200, answer.status_code
        return len([one for one in asked if not one.startswith("BEGIN")])

    return count


@pytest.mark.parametrize(
    "address", ["/browse", "/search?q=校", "/desk/inbox", "/desk/mine", "/care", "/health-check", "/"], ids=str
)
def test_a_page_of_many_rows_takes_no_more_statements_than_one_of_few(
    signed_in: Callable[[str], FlaskClient], put_in: Callable[..., str], counted: Counted, address: str
) -> None:
    """Two rows or eight: the same number, and at most twelve."""
    browser = signed_in("archivist")
    for number in range(2):
        put_in(f"校运会{number}")
        put_in(f"校庆{number}", state="submitted", by="archivist")
    few = counted(browser, address)
    for number in range(2, 8):
        put_in(f"校运会{number}")
        put_in(f"校庆{number}", state="submitted", by="archivist")

    assert counted(browser, address) == few
    assert few <= MOST_OF.get(address, MOST)


def test_the_page_of_an_item_takes_no_more_statements_the_more_it_tells(
    archive: Archive, signed_in: Callable[[str], FlaskClient], put_in: Callable[..., str], counted: Counted
) -> None:
    """One file or five, for a visitor or an archivist."""
    pages = [(f"{n}.txt", f"第{n}页".encode()) for n in range(5)]
    one, many = put_in("一张照片", files=pages[:1]), put_in("五页文件", files=tuple(pages))
    found = [
        counted(browser, f"/items/{item_id}")
        for browser in (archive.app.test_client(), signed_in("archivist"))
        for item_id in (one, many)
    ]

    assert found[0] == found[1] and found[2] == found[3]
    assert max(found) <= MOST
