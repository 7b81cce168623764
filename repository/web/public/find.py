"""The search page: words, facets, thumbnails. Access is part of the question."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import render_template, request
from flask_babel import gettext

from repository import queries
from repository.extensions import db
from repository.models.item import Item
from repository.permissions import Act, access_tags
from repository.web.guards import allows, current_actor, current_tools
from repository.web.pictures import thumbs
from repository.web.public.facets import NamedFacet, named
from repository.web.public.home import public
from repository.web.texts import sentence
from repository.workflow.indexing import check_index
from search.entry import Hit, Page, Request, Sort
from search.errors import IndexUnusable, QueryRefused

FACETS = ("category", "kind", "decade")


@dataclass(frozen=True, slots=True)
class Found:
    """A hit with the item it leads to."""

    hit: Hit
    item: Item


def asked() -> Request:
    """Return the question that the address of this request asks."""
    given = {name: request.args.get(name, "") for name in FACETS}
    size = request.args.get("size", 20, int)
    sort = request.args.get("sort", "")
    return Request(
        text=request.args.get("q", "").strip(),
        tags=access_tags(current_actor()),
        filters=tuple((name, value) for name, value in given.items() if value),
        sort=Sort(sort) if sort in set(Sort) else Sort.RELEVANCE,
        page=max(1, request.args.get("page", 1, int)),
        page_size=size if size in queries.PAGE_SIZES else queries.PAGE_SIZES[0],
    )


@public.get("/search")
@allows(Act.READ_PUBLIC)
def find() -> tuple[str, int] | str:
    """Show what was found, or say plainly why nothing can be."""
    question = asked()
    try:
        page = current_tools().index.find(question)
    except QueryRefused as refusal:
        return _show(question, trouble=sentence(refusal)), 422
    except IndexUnusable as trouble:
        _ask_for_rebuild()
        return _show(question, trouble=sentence(trouble), rebuilding=True), 503
    return _show(question, page)


def _show(question: Request, page: Page | None = None, *, trouble: str = "", rebuilding: bool = False) -> str:
    found = _items(page.hits if page else ())
    hidden = len(page.hits) - len(found) if page else 0
    return render_template(
        "public/find.html",
        here="find",
        query=question.text,
        question=question,
        found=found,
        hidden=hidden,
        total=page.total - hidden if page else 0,
        thumbs=thumbs(one.item for one in found),
        facets=_facets(question, page),
        sorts=_sorts(),
        trouble=trouble,
        rebuilding=rebuilding,
    )


def _items(hits: Sequence[Hit]) -> list[Found]:
    """Return the hits whose items this actor may see now; the index may be a moment behind."""
    seen = queries.items(db.session, current_actor(), [hit.id for hit in hits])
    return [Found(hit, seen[hit.id]) for hit in hits if hit.id in seen]


def _facets(question: Request, page: Page | None) -> list[NamedFacet]:
    chosen = dict(question.filters)
    facets = page.facets if page else ()
    counted = {facet.name: {row.value: row.count for row in facet.values} for facet in facets}
    return [named(name, counted.get(name, {}), chosen.get(name, "")) for name in FACETS]


def _sorts() -> list[tuple[str, str]]:
    return [
        (Sort.RELEVANCE.value, gettext("相关程度")),
        (Sort.DATE.value, gettext("时间从早到晚")),
        (Sort.DATE_DOWN.value, gettext("时间从晚到早")),
        (Sort.REFERENCE_CODE.value, gettext("档号")),
    ]


def _ask_for_rebuild() -> None:
    """Put the rebuild in line, in a transaction of its own: this request only reads."""
    tools = current_tools()
    db.release()
    with tools.database.writing.begin() as session:
        check_index(session, tools)
