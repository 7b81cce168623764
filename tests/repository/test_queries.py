"""The doors to read items: what one may not see does not exist for him."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from preservation.policy import StoreKind, StoreRule, Wanted
from repository import custody, figures, queries
from repository.models.account import Account
from repository.models.collection import Collection
from repository.models.database import Database, open_database
from repository.models.event import Event
from repository.models.item import Item, Revision
from repository.models.job import FixityRun, Job
from repository.models.migrating import migrate
from repository.models.package import Copy, Package, PackagedFile, Rendition
from repository.permissions import VISITOR, Act, Actor, Role, access_tags, may, tags_of
from repository.policies import Rules
from repository.queries import NotVisible
from repository.workflow.states import STATES
from tests.archives import now_utc

CATEGORIES = ("XS", "XSH", "RS", "")
LEVELS = ("public", "internal", "restricted", "unknown")
ACTORS = {
    "visitor": VISITOR,
    "nobody": Actor("nobody", "没有岗位", frozenset()),
    "staff": Actor("staff", "赵老师", frozenset({Role.STAFF})),
    "colleague": Actor("colleague", "钱老师", frozenset({Role.STAFF})),
    "archivist": Actor("archivist", "李档案", frozenset({Role.ARCHIVIST})),
    "admin": Actor("admin", "王管理", frozenset({Role.ADMIN})),
}


def _id(state: str, level: str, category: str) -> str:
    return f"{state}-{level}-{category or 'none'}"


LOCAL = StoreRule("main", StoreKind.LOCAL, "main", timedelta(days=30))
STORES = {name: replace(LOCAL, id=name, place=name) for name in ("main", "second", "third")}
RULES = Rules(at=now_utc(), stores=STORES, media={}, rest=Wanted(2, 1), units={}, disks={})
ALL = {_id(*one): one for one in product(STATES, LEVELS, CATEGORIES)}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A catalogue with one item of every state, level and category, all handed in by one teacher."""
    made = open_database(f"sqlite:///{tmp_path_factory.mktemp('queries') / 'catalogue.sqlite'}")
    migrate(made)
    start = now_utc()
    with made.writing.begin() as session:
        for name in ACTORS:
            session.add(Account(id=name, username=name, full_name=name, password_hash="x"))
        session.add(Collection(id="fonds", level="fonds", code="Y001", title="云溪中学"))
        for position, code in enumerate(("XSH", "XS"), start=1):
            session.add(
                Collection(
                    id=code, parent_id="fonds", level="series", code=code, title=code, position=position
                )
            )
        session.flush()
        for number, (item_id, (state, level, category)) in enumerate(ALL.items()):
            year = 1950 + number % 37 if number % 5 else None
            session.add(
                Item(
                    id=item_id,
                    state=state,
                    access_level=level,
                    category=category,
                    kind="photo" if number % 2 else "document",
                    title=item_id,
                    depositor_id="staff",
                    first_year=year,
                    last_year=year,
                    date_sort=f"{year}-01-01" if year else "",
                    created_at=start + timedelta(seconds=number),
                    version=1,
                )
            )
            session.flush()
            session.add_all(_kept(item_id, number))
        session.add(Job(verb="ingest", lock_key="item:x", state="parked"))
        session.add(Job(verb="ingest", lock_key="item:x", state="done"))
    yield made
    made.engine.dispose()


def _kept(item_id: str, number: int) -> list[object]:
    """Return what hangs on an item: package, copies, files, thumbnail, event, revision."""
    files = [
        PackagedFile(path="bag-info.txt", role="tag", size=10, sha256="t" * 64),
        PackagedFile(
            path="data/objects/0001.jpg", role="object", size=100, sha256=f"{number % 2:064d}", position=1
        ),
    ]
    state = ("ok", "damaged", "missing", "unreadable", "unknown")[number % 5]
    copies = [
        Copy(store_id="main", state="ok", checked_at=now_utc()),
        Copy(store_id="second", state=state, lost=["x"] if state == "damaged" else []),
    ]
    package = Package(
        item_id=item_id,
        version=1,
        prefix=item_id,
        registered_digest="0" * 64,
        file_count=2,
        byte_count=110,
        files=files,
        copies=copies,
    )
    return [
        package,
        Rendition(item_id=item_id, sha256="0" * 64, position=1, kind="thumbnail", path="x"),
        Rendition(item_id=item_id, sha256="0" * 64, position=2, kind="thumbnail", path="y"),
        Event(
            type="capture",
            outcome="passed",
            object_kind="item",
            object_id=item_id,
            agent_name="a",
            agent_kind="person",
        ),
        Revision(item_id=item_id, number=1, agent_name="a"),
    ]


@dataclass(frozen=True, slots=True)
class Thing:
    """An item as permissions see it."""

    state: str
    access_level: str
    category: str
    depositor_id: str | None = "staff"


def _expected(actor: Actor) -> set[str]:
    """Return the ids that may() lets this actor read, asked one by one."""
    return {item_id for item_id, (s, lv, c) in ALL.items() if may(actor, Act.READ_ITEM, Thing(s, lv, c))}


@pytest.mark.parametrize("name", ACTORS)
def test_e01_what_a_list_shows_is_what_may_be_read_one_by_one(database: Database, name: str) -> None:
    """The condition in SQL and may() in Python agree on every state, level and category."""
    actor = ACTORS[name]
    with database.reading() as session:
        seen = {item.id for item in session.scalars(queries.visible(actor))}
        opened = set()
        for item_id in ALL:
            try:
                opened.add(queries.item(session, actor, item_id).id)
            except NotVisible:
                continue
        asked = set(queries.items(session, actor, [*ALL, "nothing"]))

    assert seen == opened == asked == _expected(actor)


def test_what_each_sees_differs(database: Database) -> None:
    """A guard for the test above: the sets are neither empty nor all alike."""
    sizes = {name: len(_expected(actor)) for name, actor in ACTORS.items()}

    assert sizes == {"visitor": 4, "nobody": 4, "staff": 86, "colleague": 6, "archivist": 92, "admin": 8}


@pytest.mark.parametrize("name", ACTORS)
def test_e01_absent_and_forbidden_are_one_answer(database: Database, name: str) -> None:
    """404 for both, at every door, with nothing in the answer that tells them apart."""
    actor = ACTORS[name]
    hidden = sorted(ALL.keys() - _expected(actor))[:3]
    with database.reading() as session:
        for item_id in [*hidden, "nothing"]:
            for door in (
                lambda key: queries.item(session, actor, key),
                lambda key: queries.package(session, actor, key),
                lambda key: queries.object_file(session, actor, key, 1),
                lambda key: queries.rendition(session, actor, key, position=1, kind="thumbnail"),
                lambda key: queries.renditions(session, actor, key),
                lambda key: queries.events(session, actor, key),
                lambda key: queries.revisions(session, actor, key),
                lambda key: queries.twins(session, actor, key),
            ):
                with pytest.raises(NotVisible) as refusal:
                    door(item_id)
                assert refusal.value.args == (item_id,)


def test_e02_what_hangs_on_a_visible_item_is_given(database: Database) -> None:
    """What hangs on a public item is open to a visitor; a part that is absent is NotVisible."""
    key = _id("archived", "public", "XSH")
    with database.reading() as session:
        package = queries.package(session, VISITOR, key)
        assert [copy.store_id for copy in package.copies] == ["main", "second"]
        assert queries.object_file(session, VISITOR, key, 1).path == "data/objects/0001.jpg"
        assert queries.rendition(session, VISITOR, key, position=1, kind="thumbnail").path == "x"
        assert [row.position for row in queries.renditions(session, VISITOR, key)] == [1, 2]
        assert [event.type for event in queries.events(session, VISITOR, key)] == ["capture"]
        assert [row.number for row in queries.revisions(session, VISITOR, key)] == [1]
        for absent in (
            lambda: queries.package(session, VISITOR, key, version=2),
            lambda: queries.object_file(session, VISITOR, key, 2),
            lambda: queries.rendition(session, VISITOR, key, position=1, kind="page"),
        ):
            with pytest.raises(NotVisible):
                absent()


@pytest.mark.parametrize("name", ACTORS)
def test_e04_counts_equal_rows_for_everybody(database: Database, name: str) -> None:
    """No total, facet or sum counts an item that is not in the rows."""
    actor = ACTORS[name]
    with database.reading() as session:
        pages = [queries.catalogue(session, actor, page=number, page_size=20) for number in (1, 2, 3)]
        rows = [row for page in pages for row in page.rows]
        wanted = {key for key in _expected(actor) if ALL[key][0] == "archived"}
        assert {row.id for row in rows} == wanted and {page.total for page in pages} == {len(wanted)}
        by_category = queries.counts_by(session, actor, "category")
        assert sum(by_category.values()) == len(wanted)
        for facet, counts in queries.browse_counts(session, actor, {}).items():
            assert sum(counts.values()) == len(wanted), facet
            for value, count in counts.items():
                narrowed = queries.catalogue(session, actor, **{facet: value}) if value else None
                assert narrowed is None or narrowed.total == len(narrowed.rows) == count
        assert len(queries.recent(session, actor, limit=100)) == len(wanted)


@pytest.mark.parametrize("decade", ["1950s", "十九", "19500", "-1", "1' OR '1'='1", "１９５０"])
def test_e27_a_decade_that_is_none_finds_nothing(database: Database, decade: str) -> None:
    """Nonsense in an address narrows to nothing and breaks nothing."""
    with database.reading() as session:
        assert queries.catalogue(session, ACTORS["archivist"], decade=decade).total == 0


@pytest.mark.parametrize(("page", "page_size"), [(0, 20), (-5, 20), (1, 7), (1, 10**9), (10**9, 20)])
def test_a_page_that_is_none_is_bounded(database: Database, page: int, page_size: int) -> None:
    """Pages count from 1, sizes are those that are offered, and the total stays true."""
    with database.reading() as session:
        found = queries.catalogue(session, ACTORS["archivist"], page=page, page_size=page_size)

    assert (found.total, found.page >= 1, found.page_size) == (12, True, 20)
    assert len(found.rows) == (12 if page < 2 else 0)


def test_undated_items_come_last(database: Database) -> None:
    """Newest date first; what has no date does not stand before what has one."""
    with database.reading() as session:
        dates = [row.date_sort for row in queries.catalogue(session, ACTORS["archivist"]).rows]

    dated = [date for date in dates if date]
    assert dates == [*sorted(dated, reverse=True), *[""] * (len(dates) - len(dated))] and "" in dates


def test_the_inbox_holds_ones_own_and_never_the_archived(database: Database) -> None:
    """A depositor sees his hand-ins, an archivist all; asking for archived ones gives nothing."""
    with database.reading() as session:
        own = queries.inbox(session, ACTORS["staff"], states=("submitted", "archived"), page_size=100)
        foreign = queries.inbox(session, ACTORS["colleague"], states=STATES)
        every = queries.inbox(session, ACTORS["archivist"], states=("submitted",), page_size=100)
        counts = queries.inbox_counts(session, ACTORS["archivist"])

        assert {row.state for row in own.rows} == {"submitted"} and own.total == len(
            own.rows
        ) == every.total == 16
        assert (foreign.total, queries.inbox_counts(session, ACTORS["colleague"])) == (0, {})
        assert counts == dict.fromkeys([state for state in STATES if state != "archived"], 16)
        assert [row.created_at for row in every.rows] == sorted(row.created_at for row in every.rows)


def test_what_one_handed_in_is_listed_as_far_as_one_may_still_see_it(database: Database) -> None:
    """Once archived as restricted it leaves the depositor's list, too."""
    with database.reading() as session:
        mine = queries.own(session, ACTORS["staff"], page_size=100)

        assert {row.id for row in mine.rows} == _expected(ACTORS["staff"]) and mine.total == 86
        assert queries.own(session, VISITOR).total == 0


def test_thumbnails_are_those_of_the_first_file(database: Database) -> None:
    """One picture per item, of position 1, and none for what was not asked."""
    with database.reading() as session:
        rows = list(queries.catalogue(session, VISITOR).rows)
        found = queries.thumbnails(session, rows)

    assert found.keys() == {row.id for row in rows}
    assert {row.path for row in found.values()} == {"x"}


def test_twins_are_told_only_where_they_may_be_seen(database: Database) -> None:
    """That a restricted item holds the same bytes is not told to a visitor."""
    key = _id("archived", "public", "XSH")
    with database.reading() as session:
        twins = {row.id for row in queries.twins(session, VISITOR, key)}
        every = {row.id for row in queries.twins(session, ACTORS["archivist"], key)}

    assert twins <= _expected(VISITOR) and twins < every and key not in every


def test_troubled_copies_tell_titles_only_of_what_may_be_seen(database: Database) -> None:
    """An administrator who cares for copies does not learn what a restricted item is called."""
    with database.reading() as session:
        troubled = queries.troubled_copies(session, ACTORS["admin"], limit=1000)
        shown = {one.item.id for one in troubled if one.item is not None}
        hidden = {one.package.item_id for one in troubled if one.item is None}
        kept = custody.kept_copy(session, ACTORS["admin"], troubled[0].copy.id)

        assert (
            shown <= _expected(ACTORS["admin"])
            and not hidden & _expected(ACTORS["admin"])
            and shown
            and hidden
        )
        assert {one.copy.state for one in troubled} == {"damaged", "missing", "unreadable"}
        assert kept.copy.id == troubled[0].copy.id
        with pytest.raises(NotVisible):
            queries.copy(session, "nothing")


def test_p17_the_figures_of_the_copies_add_up(database: Database) -> None:
    """Every copy is counted in one state; lost, under-copied and bytes are told beside."""
    with database.reading() as session:
        told = figures.care_figures(session, RULES)
        per_store = figures.copies_per_store(session)

        assert told.copies == 2 * len(ALL) == told.ok + told.troubled + told.unknown
        assert sum(sum(states.values()) for states in per_store.values()) == told.copies
        assert (told.items, told.files, told.bytes) == (16, 4 * len(ALL), 220 * len(ALL))
        assert told.under_copied == told.copies - told.ok and told.lost == told.damaged > 0
        assert figures.troubled_count(session) == told.troubled
        assert figures.not_replicated(session, ("main", "second", "third")) == len(ALL)


def test_an_empty_archive_has_figures_too(tmp_path: Path) -> None:
    """Zero copies, no oldest check, no division by nothing."""
    empty = open_database(f"sqlite:///{tmp_path / 'c.sqlite'}")
    migrate(empty)
    with empty.reading() as session:
        told = figures.care_figures(session, RULES)
        held = figures.holdings(session, utc_offset_hours=8)

    assert (told.copies, told.items, told.oldest, told.under_copied, held.total.items) == (0, 0, None, 0, 0)
    empty.engine.dispose()


def test_holdings_count_what_is_archived_in_several_ways(database: Database) -> None:
    """Each way of counting has the same sum."""
    with database.reading() as session:
        held = figures.holdings(session, utc_offset_hours=8)

    for ways in (held.by_category, held.by_kind, held.by_access, held.by_depositor):
        assert (sum(one.items for one in ways), sum(one.bytes for one in ways)) == (16, 1600)
    assert sum(count for years in held.by_year.values() for count in years.values()) == 16


def test_jobs_of_an_item_are_those_that_are_not_done(database: Database) -> None:
    """What was given up is shown, what is done is not."""
    with database.reading() as session:
        assert [job.state for job in queries.jobs_of(session, "x")] == ["parked"]
        assert (figures.parked_count(session), len(figures.open_jobs(session))) == (1, 1)


def test_the_series_stand_in_their_order(database: Database) -> None:
    """By position, not by code."""
    with database.reading() as session:
        assert [row.code for row in queries.series(session)] == ["XSH", "XS"]


def test_runs_are_listed_newest_first_and_one_is_under_way(database: Database) -> None:
    """The page shows the last runs; the open one is told apart."""
    with database.writing.begin() as session:
        session.add(FixityRun(scope="all", asked_by="x", finished_at=now_utc()))
        session.add(FixityRun(scope="due", asked_by="x"))
    with database.reading() as session:
        runs = figures.fixity_runs(session)
        open_run = figures.run_under_way(session)

        assert [run.scope for run in runs] == ["due", "all"] and figures.fixity_run_count(session) == 2
        assert open_run is not None and figures.fixity_run(session, open_run.id) is open_run


def test_tags_and_the_list_agree(database: Database) -> None:
    """The search index and the catalogue page answer the same question alike."""
    for actor in ACTORS.values():
        tags = access_tags(actor)
        by_tags = {
            key
            for key, (s, lv, c) in ALL.items()
            if s == "archived" and tags & tags_of(access_level=lv, category=c)
        }
        with database.reading() as session:
            assert {row.id for row in queries.catalogue(session, actor, page_size=100).rows} == by_tags
