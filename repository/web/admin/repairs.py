"""修复报告与隔离区: what was mended, what lies in quarantine and until when."""

from dataclasses import dataclass

from flask import abort, render_template, request

from repository import custody
from repository.extensions import db
from repository.permissions import Act
from repository.web.admin import repair_words
from repository.web.admin.care import admin
from repository.web.guards import allows, current_actor, current_tools
from repository.workflow import quarantining
from repository.workflow.quarantining import Kept
from repository.workflow.tools import Tools
from storage.errors import StorageError

SIZE, SHOWN = 20, 200


@admin.get("/care/repairs")
@allows(Act.SEE_CARE)
def repairs() -> str:
    """Show all reports on repairs, newest first."""
    page = max(1, request.args.get("page", 1, type=int))
    found = custody.repair_reports(db.session, current_actor(), limit=SIZE, skip=(page - 1) * SIZE)
    rows = [repair_words.row_of(one) for one in found]
    total = custody.repair_count(db.session)
    return render_template("admin/repairs.html", rows=rows, page=page, size=SIZE, total=total)


@admin.get("/care/repairs/<int:report_id>")
@allows(Act.SEE_CARE)
def repair_report(report_id: int) -> str:
    """Show one report, to be printed and signed."""
    found = custody.repair_report(db.session, current_actor(), report_id)
    if found is None:
        abort(404)
    return render_template("admin/repair_report.html", row=repair_words.row_of(found))


@dataclass(frozen=True, slots=True)
class Shelf:
    """The quarantine of one store: what lies there, or that the store is away; bytes in all."""

    store_id: str
    away: bool
    kept: tuple[Kept, ...] = ()

    @property
    def bytes(self) -> int:
        """Return the size of everything that lies there, in bytes."""
        return sum(one.object.size for one in self.kept)


@admin.get("/care/quarantine")
@allows(Act.SEE_CARE)
def quarantine() -> str:
    """Show what lies in quarantine, store by store."""
    db.release()
    shelves = _shelves(current_tools())
    return render_template("admin/quarantine.html", shelves=shelves, shown=SHOWN)


def _shelves(tools: Tools) -> list[Shelf]:
    """Return the quarantine of every store; one that does not answer is told as away."""
    found = []
    for name, store in tools.stores.items():
        try:
            found.append(Shelf(name, False, tuple(quarantining.lying(tools, store))))
        except StorageError:
            found.append(Shelf(name, True))
    return found
