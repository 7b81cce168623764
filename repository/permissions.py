"""may(actor, act, thing): who may do what. Pure, and the only place for it.

Everything is refused that no row allows (A001). Rows A002-A004: staff
(教职工) read student and school-history records, archivists (档案管理人员)
enter and update all, administrators (系统管理员) run the system. What a
reader may find is a set of tags that goes into every question, never a
filter over answers (architecture, convention 11).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """The three roles of a fresh archive (A001)."""

    STAFF = "staff"
    ARCHIVIST = "archivist"
    ADMIN = "admin"


class Act(StrEnum):
    """What someone may want to do. A route names one of these, or is public."""

    SIGN_IN = "sign_in"
    READ_PUBLIC = "read_public"
    OWN_ACCOUNT = "own_account"
    SUBMIT = "submit"
    READ_ITEM = "read_item"
    DOWNLOAD = "download"
    REVIEW = "review"
    DESCRIBE = "describe"
    SEE_CARE = "see_care"
    RUN_CARE = "run_care"
    SEE_FIGURES = "see_figures"
    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_SYSTEM = "manage_system"
    SEE_AUDIT = "see_audit"
    SET_UP = "set_up"


class AccessLevel(StrEnum):
    """Openness (开放程度): 公开, 校内, 控制."""

    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in person, a visitor, or the system itself."""

    id: str | None
    name: str
    roles: frozenset[Role]
    kind: str = "person"


VISITOR = Actor(None, "访客", frozenset(), "person")


def system_actor(name: str) -> Actor:
    """Return the software itself as actor (a PREMIS agent), named by program and version."""
    return Actor(None, name, frozenset({Role.ARCHIVIST, Role.ADMIN}), "software")


class Readable(Protocol):
    """What reading rights depend on."""

    @property
    def state(self) -> str: ...
    @property
    def access_level(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def depositor_id(self) -> str | None: ...


#: Acts that need no sign-in.
OPEN_ACTS = frozenset({Act.SIGN_IN, Act.READ_PUBLIC, Act.READ_ITEM, Act.DOWNLOAD, Act.SET_UP})

#: What each role adds. Nothing else is allowed to anybody.
GRANTS: dict[Role, frozenset[Act]] = {
    Role.STAFF: frozenset({Act.OWN_ACCOUNT, Act.SUBMIT}),
    Role.ARCHIVIST: frozenset(
        {Act.OWN_ACCOUNT, Act.SUBMIT, Act.REVIEW, Act.DESCRIBE, Act.SEE_CARE, Act.RUN_CARE, Act.SEE_FIGURES}
    ),
    Role.ADMIN: frozenset(
        {Act.OWN_ACCOUNT, Act.SEE_CARE, Act.RUN_CARE, Act.SEE_FIGURES}
        | {Act.MANAGE_ACCOUNTS, Act.MANAGE_SYSTEM, Act.SEE_AUDIT}
    ),
}

#: Categories that staff may read beside what is public (A002): 学生, 校史.
STAFF_CATEGORIES = frozenset({"XS", "XSH"})

#: States in which an item belongs to the catalogue.
CATALOGUED = frozenset({"archived"})


def may(actor: Actor, act: Act, thing: Readable | None = None) -> bool:
    """Return whether actor may do act (to thing, where the act has one)."""
    if act in (Act.READ_ITEM, Act.DOWNLOAD):
        return thing is None or _may_read(actor, thing)
    if act in OPEN_ACTS:
        return True
    return any(act in GRANTS[role] for role in actor.roles)


def _may_read(actor: Actor, thing: Readable) -> bool:
    if thing.state in CATALOGUED:
        return bool(tags_of(access_level=thing.access_level, category=thing.category) & access_tags(actor))
    if Role.ARCHIVIST in actor.roles:
        return True
    return actor.id is not None and thing.depositor_id == actor.id


def tags_of(*, access_level: str, category: str) -> frozenset[str]:
    """Return the access tags of a catalogued item; an unknown level has none."""
    if access_level == AccessLevel.PUBLIC:
        return frozenset({"public"})
    if access_level in (AccessLevel.INTERNAL, AccessLevel.RESTRICTED):
        return frozenset({f"{access_level}:{category}", f"{access_level}:*"})
    return frozenset()


def access_tags(actor: Actor) -> frozenset[str]:
    """Return the tags of everything that actor may find and read."""
    tags = {"public"}
    if Role.STAFF in actor.roles:
        tags |= {f"internal:{category}" for category in STAFF_CATEGORIES}
    if Role.ADMIN in actor.roles:
        tags.add("internal:*")
    if Role.ARCHIVIST in actor.roles:
        tags |= {"internal:*", "restricted:*"}
    return frozenset(tags)
