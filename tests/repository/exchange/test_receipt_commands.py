"""The receipt command: issue, verify by code, verify a file, refuse a changed one."""

import json
from pathlib import Path

from repository.models.keeping import Receipt
from repository.models.submission import Submission
from repository.workflow import facts, receipting
from repository.workflow.tools import Tools
from tests.archives import jingui_here


def test_receipts_from_the_command_line(data: Path, archive: Tools, tmp_path: Path) -> None:
    """Good exits 0, forged 1, unknown 2; a file that was changed by one letter is no receipt of ours."""
    with archive.database.reading() as session:
        submission_id = session.query(Submission).first().id  # type: ignore[union-attr]
    issued = jingui_here(data, "receipt", "issue", submission_id, "--json")
    code = json.loads(issued.stdout)["code"]
    by_code = jingui_here(data, "receipt", "verify", code.lower(), "--json")
    with archive.database.reading() as session:
        row = session.query(Receipt).one()
        told = receipting.document(row, facts.get(session, facts.RECEIPT_KEY + row.key_id))
    (tmp_path / "r.json").write_text(json.dumps(told))
    by_file = jingui_here(data, "receipt", "verify", str(tmp_path / "r.json"))
    (tmp_path / "r.json").write_text(json.dumps({**told, "content": told["content"].replace("春景", "春色")}))
    forged = jingui_here(data, "receipt", "verify", str(tmp_path / "r.json"))
    unknown = jingui_here(data, "receipt", "verify", "0000-0000-0000")

    assert (issued.returncode, by_code.returncode, by_file.returncode) == (0, 0, 0)
    assert json.loads(by_code.stdout)["good"] is True and len(json.loads(by_code.stdout)["items"]) == 3
    assert "签名有效" in by_file.stdout and "校门春景" in by_file.stdout
    assert (forged.returncode, unknown.returncode) == (1, 2)
    assert "不是本馆开具的回执" in forged.stderr
