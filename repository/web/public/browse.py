"""Browsing by category, kind and decade; and the page of one item."""

from uuid import UUID

from flask import render_template, request

from repository import policies, queries
from repository.extensions import db
from repository.models.item import Item
from repository.models.package import Package
from repository.permissions import Act, Actor, may
from repository.web.guards import allows, current_actor, current_tools
from repository.web.leaves import leaves_of, turn
from repository.web.pictures import thumbs
from repository.web.public.facets import named
from repository.web.public.home import public
from repository.web.public.standing import standing_of
from repository.web.shown import described, files_of, told_copies, told_events, told_revisions
from repository.workflow import describe, states


@public.get("/browse")
@allows(Act.READ_PUBLIC)
def browse() -> str:
    """Show the catalogue page by page, narrowed by category, kind and decade."""
    chosen = {name: request.args.get(name, "") for name in queries.BROWSE_FACETS}
    page, size = request.args.get("page", 1, int), request.args.get("size", 20, int)
    listing = queries.catalogue(db.session, current_actor(), **chosen, page=page, page_size=size)
    counted = queries.browse_counts(db.session, current_actor(), chosen)
    return render_template(
        "public/browse.html",
        here="browse",
        listing=listing,
        thumbs=thumbs(listing.rows),
        facets=[named(name, counted[name], chosen[name]) for name in queries.BROWSE_FACETS],
    )


@public.get("/items/<uuid:item_id>")
@allows(Act.READ_ITEM)
def item(item_id: UUID) -> str:
    """Show one item as far as this actor may see it."""
    actor = current_actor()
    row = queries.item(db.session, actor, str(item_id))
    package = queries.package(db.session, actor, row) if row.version else None
    return render_template(
        "public/item.html",
        here="browse",
        item=row,
        standing=standing_of(row, package, policies.rules(db.session, current_tools())),
        leaves=turn(leaves_of(row, package), request.args.get("page", 1, int)),
        pairs=described(row),
        files=files_of(row, package),
        twins=queries.twins(db.session, actor, row),
        **_for_staff(actor, row, package),
    )


def _for_staff(actor: Actor, item: Item, package: Package | None) -> dict[str, object]:
    """Return what only those see who keep and describe the archive, or handed the item in."""
    told: dict[str, object] = {
        "may_edit": describe.may_edit(actor, item) and states.allows(item.state, "edit"),
        "may_review": may(actor, Act.REVIEW) and states.allows(item.state, "accept"),
        "may_care": may(actor, Act.SEE_CARE),
    }
    if package is not None and told["may_care"]:
        told["copies"] = told_copies(package)
    if may(actor, Act.DESCRIBE):
        told["events"] = told_events(queries.events(db.session, actor, item))
        told["revisions"] = told_revisions(queries.revisions(db.session, actor, item))
    return told
