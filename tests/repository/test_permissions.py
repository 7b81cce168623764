"""may(actor, act, thing): every role, every act, every level (A001-A004)."""

from dataclasses import dataclass
from itertools import product

import pytest

from repository.description.codes import CATEGORIES
from repository.permissions import (
    GRANTS,
    VISITOR,
    AccessLevel,
    Act,
    Actor,
    Role,
    access_tags,
    may,
    system_actor,
    tags_of,
)

STAFF = Actor("s", "赵老师", frozenset({Role.STAFF}))
ARCHIVIST = Actor("a", "李档案", frozenset({Role.ARCHIVIST}))
ADMIN = Actor("m", "王管理", frozenset({Role.ADMIN}))
NOBODY = Actor("n", "没有岗位", frozenset())
EVERYONE = {"visitor": VISITOR, "nobody": NOBODY, "staff": STAFF, "archivist": ARCHIVIST, "admin": ADMIN}
CODES = tuple(category.code for category in CATEGORIES.codes)
LEVELS = (*AccessLevel, "", "PUBLIC", "secret", "public:*", "*")

#: Every act that is not open to all, and who may do it. Written out: the test's own word, not the table's.
ALLOWED = {
    Act.OWN_ACCOUNT: {"staff", "archivist", "admin"},
    Act.SUBMIT: {"staff", "archivist"},
    Act.REVIEW: {"archivist"},
    Act.DESCRIBE: {"archivist"},
    Act.SEE_CARE: {"archivist", "admin"},
    Act.RUN_CARE: {"archivist", "admin"},
    Act.SEE_FIGURES: {"archivist", "admin"},
    Act.MANAGE_ACCOUNTS: {"admin"},
    Act.MANAGE_SYSTEM: {"admin"},
    Act.SEE_AUDIT: {"admin"},
}
OPEN = {Act.SIGN_IN, Act.READ_PUBLIC, Act.READ_ITEM, Act.DOWNLOAD, Act.SET_UP}


@dataclass(frozen=True, slots=True)
class Thing:
    """An item as permissions see it."""

    state: str = "archived"
    access_level: str = "public"
    category: str = "XSH"
    depositor_id: str | None = None


def _readers(thing: Thing) -> set[str]:
    return {name for name, actor in EVERYONE.items() if may(actor, Act.READ_ITEM, thing)}


@pytest.mark.parametrize(("name", "act"), list(product(EVERYONE, Act)), ids=str)
def test_each_role_may_do_what_the_rows_say_and_nothing_else(name: str, act: Act) -> None:
    """A001-A004: what no row allows is refused, and someone without a role is a visitor."""
    assert may(EVERYONE[name], act) is (act in OPEN or name in ALLOWED.get(act, set()))


def test_every_act_is_in_this_test() -> None:
    """An act that is added without a decision here fails."""
    assert OPEN | ALLOWED.keys() == set(Act)
    assert GRANTS.keys() == set(Role)


def _expected(level: str, category: str) -> set[str]:
    """Return who may read: the rows A002-A004 in the test's own words."""
    if level == "public":
        return set(EVERYONE)
    if level == "internal":
        return {"archivist", "admin"} | ({"staff"} if category in ("XS", "XSH") else set())
    return {"archivist"} if level == "restricted" else set()


@pytest.mark.parametrize(("level", "category"), list(product(LEVELS, (*CODES, "", "*", "nonsense"))), ids=str)
def test_who_may_read_a_catalogued_item(level: str, category: str) -> None:
    """Public is for all, internal by category, restricted for archivists; an unknown level is for nobody."""
    thing = Thing(access_level=level, category=category)

    assert _readers(thing) == _expected(level, category)
    assert {name for name, actor in EVERYONE.items() if may(actor, Act.DOWNLOAD, thing)} == _readers(thing)


@pytest.mark.parametrize(
    ("level", "category", "name"), list(product(LEVELS, (*CODES, "", "*"), EVERYONE)), ids=str
)
def test_tags_answer_as_may_does(level: str, category: str, name: str) -> None:
    """What is found by tags and what may be read by address are the same."""
    actor, thing = EVERYONE[name], Thing(access_level=level, category=category)
    found = bool(tags_of(access_level=level, category=category) & access_tags(actor))

    assert found is may(actor, Act.READ_ITEM, thing)


@pytest.mark.parametrize("state", ["draft", "submitted", "returned", "accepted", "held", "", "unknown"])
@pytest.mark.parametrize("level", LEVELS)
def test_what_is_not_archived_is_seen_by_its_depositor_and_archivists(state: str, level: str) -> None:
    """A draft is not public by its level; an unknown state is treated like a draft."""
    assert _readers(Thing(state, level, depositor_id="s")) == {"staff", "archivist"}
    assert _readers(Thing(state, level, depositor_id=None)) == {"archivist"}


def test_a_depositor_does_not_keep_what_was_archived_as_restricted() -> None:
    """Once archived, the level decides, also over the one who handed it in."""
    assert _readers(Thing(access_level="restricted", category="RS", depositor_id="s")) == {"archivist"}


def test_roles_add_up() -> None:
    """Who has two roles may do what either may."""
    both = Actor("b", "身兼两职", frozenset({Role.STAFF, Role.ADMIN}))

    assert may(both, Act.SUBMIT) and may(both, Act.MANAGE_ACCOUNTS) and not may(both, Act.REVIEW)
    assert access_tags(both) == access_tags(STAFF) | access_tags(ADMIN)


def test_the_software_is_no_person() -> None:
    """The system acts under its own name and kind, so that the log can tell it apart."""
    software = system_actor("Jingui 1")

    assert (software.kind, software.id, software.name) == ("software", None, "Jingui 1")
    assert may(software, Act.RUN_CARE) and may(software, Act.REVIEW)
