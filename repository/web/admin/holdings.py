"""馆藏概况: how much the archive holds, counted in several ways; numbers only."""

from datetime import timedelta

from flask import render_template

from repository import figures
from repository.extensions import db
from repository.permissions import Act
from repository.web.admin.care import admin
from repository.web.filters import to_local
from repository.web.guards import allows, current_tools


@admin.get("/figures")
@allows(Act.SEE_FIGURES)
def holdings() -> str:
    """Show the figures of the whole archive."""
    now = current_tools().clock()
    offset = to_local(now).utcoffset() or timedelta()
    counted = figures.holdings(db.session, utc_offset_hours=round(offset.total_seconds() / 3600))
    return render_template("admin/holdings.html", holdings=counted, now=now)
