"""rollbook: the accounts come back from the stores, their passwords never stood there."""

from pathlib import Path

import pytest
from sqlalchemy import select

from repository.models.account import Account
from repository.permissions import Role
from repository.workflow import accounts, dumping, rebuilding, sealing, worker
from repository.workflow.accounts import NewAccount
from repository.workflow.errors import SignInRefused
from repository.workflow.tools import Tools, Work
from tests.archives import PASSWORD, close, new_archive

NEW = "another good password"


def _rolls(tools: Tools) -> list[Path]:
    return [path for spec in tools.settings.store_specs for path in spec.root.glob("accounts/*/*/*/*.json")]


def test_p6_accounts_come_back_without_their_passwords(tmp_path: Path) -> None:
    """After the catalogue is lost every account stands there again, and nobody can sign in before a reset."""
    tools = new_archive(tmp_path / "data")
    with tools.database.writing.begin() as session:
        accounts.create(session, NewAccount("zhao", "赵老师", PASSWORD, frozenset({Role.STAFF}), "T07"))
    sealing.seal(Work(tools, {}))
    worker.drain(tools)
    with tools.database.reading() as session:
        before = dumping.dump(session)["accounts"]
    close(tools)
    for path in (tmp_path / "data").glob("catalogue.sqlite*"):
        path.unlink()
    tools = new_archive(tmp_path / "data", empty=True)
    rebuilding.rebuild(tools, lambda done, total: None)
    with tools.database.writing.begin() as session:
        after = dumping.dump(session)["accounts"]
        with pytest.raises(SignInRefused):
            accounts.sign_in(session, tools, username="zhao", password=PASSWORD, address="::1")
        row = session.scalars(select(Account).where(Account.username == "zhao")).one()
        accounts.set_password(session, row, NEW, must_change=True)
        again = accounts.sign_in(session, tools, username="zhao", password=NEW, address="::2").full_name

    assert [told["username"] for told in before] == ["guanli", "zhao"]
    assert after == before and again == "赵老师"
    for path in _rolls(tools):
        assert "argon2" not in path.read_text() and PASSWORD not in path.read_text()
    close(tools)


def test_the_roll_is_written_only_when_it_changed(tmp_path: Path) -> None:
    """Sealing twice writes one roll a store; another account makes another roll."""
    tools = new_archive(tmp_path / "data")
    sealing.seal(Work(tools, {}))
    sealing.seal(Work(tools, {}))
    first = len(_rolls(tools))
    with tools.database.writing.begin() as session:
        accounts.create(session, NewAccount("qian", "钱老师", PASSWORD, frozenset({Role.STAFF})))
    sealing.seal(Work(tools, {}))

    assert (first, len(_rolls(tools))) == (2, 4)
    close(tools)
