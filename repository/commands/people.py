"""account: the way back in for who stands at the machine itself."""

import click
from sqlalchemy import select

from repository.commands.context import COULD_NOT, open_archive, say, tell_json
from repository.commands.keeping import AT_THE_SHELL
from repository.models.account import Account
from repository.workflow import accounts


@click.group("account")
def account() -> None:
    """账号：列出，或给忘记密码的人一个新的初始密码。"""


@account.command("list")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def list_all(as_json: bool) -> None:
    """列出全部账号。"""
    tools = open_archive()
    with tools.database.reading() as session:
        rows = [
            {name: getattr(row, name) for name in ("username", "full_name", "roles", "active")}
            for row in session.scalars(select(Account).order_by(Account.username))
        ]
    if as_json:
        tell_json(rows)
        return
    for row in rows:
        say(f"{row['username']}　{row['full_name']}" + ("" if row["active"] else "（已停用）"))


@account.command("reset")
@click.argument("username")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def reset(username: str, as_json: bool) -> None:
    """给一个账号新的初始密码，只显示这一次；本人登录后必须改掉。"""
    tools = open_archive()
    with tools.database.writing.begin() as session:
        row = session.scalars(select(Account).where(Account.username == username.strip().lower())).first()
        if row is None:
            say(f"没有名为 {username} 的账号。")
            raise SystemExit(COULD_NOT)
        password = accounts.first_password(row.username)
        accounts.set_password(session, row, password, must_change=True)
        accounts.forgive(session, row)
        accounts.note(session, tools, "account.reset", AT_THE_SHELL, row)
        told = {"username": row.username, "full_name": row.full_name, "password": password}
    if as_json:
        tell_json(told)
    else:
        say(f"{told['full_name']}（{told['username']}）的初始密码：{password}　登录后会要求改掉。")
