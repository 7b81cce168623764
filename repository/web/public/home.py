"""The front page.

Holds the blueprint of the audience; the other modules hang their views on it.
"""

from flask import Blueprint, render_template

from repository import queries
from repository.description.codes import CATEGORIES
from repository.extensions import db
from repository.permissions import Act, may
from repository.web.guards import allows, current_actor
from repository.web.pictures import thumbs

public = Blueprint("public", __name__)
NEWEST = 8


@public.get("/")
@allows(Act.READ_PUBLIC)
def home() -> str:
    """Show the school, a search box, figures, the newest items and the categories."""
    actor = current_actor()
    newest = queries.recent(db.session, actor, limit=NEWEST)
    by_kind = queries.counts_by(db.session, actor, "kind")
    by_category = queries.counts_by(db.session, actor, "category")
    return render_template(
        "public/home.html",
        here="home",
        newest=newest,
        thumbs=thumbs(newest),
        by_kind=sorted(by_kind.items(), key=lambda pair: -pair[1])[:4],
        categories=[(one, by_category[one.code]) for one in CATEGORIES.codes if by_category.get(one.code)],
        total=sum(by_category.values()),
        may_submit=may(actor, Act.SUBMIT),
    )
