"""jingui clock: show and confirm."""

import json
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from repository.models.audit import AuditEntry
from repository.workflow import facts, timekeeping
from repository.workflow.tools import Tools
from tests.archives import close, jingui_here, new_archive, now_utc


def _archive(tmp_path: Path, *, behind: timedelta) -> Tools:
    """Return an archive whose mark is that far behind the real time (negative: ahead)."""
    tools = new_archive(tmp_path / "data")
    with tools.database.writing.begin() as session:
        facts.put(session, facts.CLOCK_MARK, (now_utc() - behind).isoformat())
    return tools


def test_b23_a_clock_in_doubt_is_told_and_confirmed(tmp_path: Path) -> None:
    """Ten years ahead: exit 1 with what to do; after a person confirmed, exit 0, and the log tells it."""
    tools = _archive(tmp_path, behind=timedelta(days=3650))
    shown = jingui_here(tmp_path / "data", "clock", "show")
    told = json.loads(jingui_here(tmp_path / "data", "clock", "show", "--json").stdout)
    confirmed = jingui_here(tmp_path / "data", "clock", "confirm")
    after = jingui_here(tmp_path / "data", "clock", "show")
    with tools.database.reading() as session:
        trusted = timekeeping.trusted(session, now_utc())
        acts = session.scalars(select(AuditEntry.act)).all()
    close(tools)

    assert shown.returncode == 1 and "快了 3650 天" in shown.stdout and "clock confirm" in shown.stdout
    assert told["trusted"] is False and told["ahead_seconds"] > 3649 * 86400
    assert confirmed.returncode == 0 and "已确认" in confirmed.stdout
    assert (after.returncode, after.stdout.strip(), trusted) == (0, "系统时间可信。", True)
    assert "clock.confirm" in acts


def test_a_clock_behind_is_told_so(tmp_path: Path) -> None:
    """Set back by a year and some hours."""
    close(_archive(tmp_path, behind=-timedelta(days=365, hours=3)))

    assert "慢了 365 天" in jingui_here(tmp_path / "data", "clock", "show").stdout
