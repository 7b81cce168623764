"""account list and reset: the way back in from the machine itself."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from repository.models.account import Account
from repository.workflow import accounts
from repository.workflow.errors import SignInRefused, TooManyTries
from tests.archives import PASSWORD, close, jingui_here, new_archive


def test_a_forgotten_password_is_replaced_at_the_machine(tmp_path: Path) -> None:
    """The only administrator gets in again with a first password to be changed; the old one is void."""
    tools = new_archive(tmp_path / "data")
    for _ in range(accounts.FREE_TRIES):
        with tools.database.writing.begin() as session:
            with pytest.raises(SignInRefused):
                accounts.sign_in(session, tools, username="guanli", password="x" * 9, address="::1")
    ended = jingui_here(tmp_path / "data", "account", "reset", "GuanLi", "--json")
    told = json.loads(ended.stdout)

    with tools.database.writing.begin() as session:
        again = accounts.sign_in(session, tools, username="guanli", password=told["password"], address="::2")
        assert (again.must_change_password, again.epoch) == (True, 2)
    with tools.database.writing.begin() as session:
        with pytest.raises((SignInRefused, TooManyTries)):
            accounts.sign_in(session, tools, username="guanli", password=PASSWORD, address="::3")
    close(tools)


def test_accounts_are_listed_without_secrets(tmp_path: Path) -> None:
    """The list names people and roles, never a password or its hash; an unknown name is told."""
    tools = new_archive(tmp_path / "data")
    listed = jingui_here(tmp_path / "data", "account", "list", "--json")
    unknown = jingui_here(tmp_path / "data", "account", "reset", "nobody")

    with tools.database.reading() as session:
        secret = session.scalars(select(Account.password_hash)).one()
    assert [row["username"] for row in json.loads(listed.stdout)] == ["guanli"]
    assert secret not in listed.stdout and "argon2" not in listed.stdout
    assert (unknown.returncode, "没有名为 nobody 的账号" in unknown.stdout) == (2, True)
    close(tools)
