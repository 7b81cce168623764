"""清点: whether the stores hold what the catalogue says, and nothing else."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from repository import queries, stocktakes
from repository.extensions import db
from repository.models.watch import Report
from repository.permissions import Act, may
from repository.web import stock_words
from repository.web.admin.care import admin
from repository.web.guards import allows, current_actor, current_tools
from repository.workflow import taking_stock

SIZE = 20


@admin.get("/care/stock")
@allows(Act.SEE_CARE)
def stock() -> str:
    """Show the reports, newest first."""
    page = max(1, request.args.get("page", 1, type=int))
    found = stocktakes.reports(db.session, limit=SIZE, skip=(page - 1) * SIZE)
    return render_template(
        "admin/stock.html",
        rows=[(one, stock_words.sentence(one)) for one in found],
        page=page,
        size=SIZE,
        total=stocktakes.report_count(db.session),
        under_way=stocktakes.under_way(db.session),
        may_run=may(current_actor(), Act.RUN_CARE),
    )


@admin.post("/care/stock")
@allows(Act.RUN_CARE)
def take_stock() -> ResponseReturnValue:
    """Put a stocktake of every store in line."""
    count = taking_stock.ask(db.session, current_tools(), current_actor())
    db.session.commit()
    flash(gettext("清点已排队，共 %(n)s 个存储。可以离开本页，清点会继续。", n=count), "success")
    return redirect(url_for("admin.stock"))


@admin.get("/care/stock/<int:report_id>")
@allows(Act.SEE_CARE)
def stock_report(report_id: int) -> str:
    """Show one report."""
    told = _report(report_id)
    groups = stock_words.groups(told)
    lines = [line for group in groups for line in group.lines]
    return render_template(
        "admin/stock_report.html",
        report=told,
        sentence=stock_words.sentence(told),
        total=stock_words.total(told),
        groups=groups,
        items=queries.items(db.session, current_actor(), {line.item_id for line in lines if line.item_id}),
        unknown=told.facts["codes"].get(stock_words.UNKNOWN, 0),
        copies=stocktakes.copies_at(db.session, told.subject, [line.path for line in lines]),
        may_run=may(current_actor(), Act.RUN_CARE),
    )


@admin.post("/care/stock/<int:report_id>/adopt")
@allows(Act.RUN_CARE)
def adopt(report_id: int) -> ResponseReturnValue:
    """Put the registration of the packages in line that only the store knows."""
    count = taking_stock.ask_adoption(db.session, current_actor(), _report(report_id))
    db.session.commit()
    flash(gettext("%(n)s 个归档信息包的登记已排队，登记后先是“未核验”，会最先核验。", n=count), "success")
    return redirect(url_for("admin.stock_report", report_id=report_id))


def _report(report_id: int) -> Report:
    found = stocktakes.report(db.session, report_id)
    if found is None:
        abort(404)
    return found
