"""岗位权限: the matrix of posts and acts, drawn from permissions.py itself (A005)."""

from dataclasses import dataclass

from flask import render_template
from flask_babel import gettext

from repository.permissions import OPEN_ACTS, VISITOR, AccessLevel, Act, Actor, Role, access_tags, may
from repository.web.admin.care import admin
from repository.web.guards import allows
from repository.web.words import category_word, listed, role_word

#: Signing in, setting up and the like are no rights that a post gives.
_RIGHTS = tuple(act for act in Act if act not in OPEN_ACTS)


@dataclass(frozen=True, slots=True)
class Reach:
    """What of one access level each column may read, in words; "" is nothing."""

    level: str
    told: tuple[str, ...]


@admin.get("/system/roles")
@allows(Act.MANAGE_ACCOUNTS)
def roles() -> str:
    """Show who may do and read what."""
    actors = columns()
    rights = [(act, tuple(may(actor, act) for actor in actors)) for act in _RIGHTS]
    reach = [Reach(level, tuple(read_words(actor, level) for actor in actors)) for level in AccessLevel]
    heads = [gettext("未登录的访客"), *(role_word(role) for role in Role)]
    return render_template("admin/roles.html", heads=heads, rights=rights, reach=reach)


def columns() -> tuple[Actor, ...]:
    """Return a visitor, and someone with each single role."""
    return (VISITOR, *(Actor("-", "", frozenset({role})) for role in Role))


def read_words(actor: Actor, level: AccessLevel) -> str:
    """Return which catalogued items of a level an actor may read: all, some categories, or none ("")."""
    if level is AccessLevel.PUBLIC:
        return gettext("全部") if "public" in access_tags(actor) else ""
    found = {tag.partition(":")[2] for tag in access_tags(actor) if tag.startswith(f"{level}:")}
    if "*" in found:
        return gettext("全部")
    names = listed(category_word(category) for category in sorted(found))
    return gettext("只限：%(names)s", names=names) if names else ""
