"""The first run: school, first administrator, the tree of categories."""

import secrets
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from preservation.premis import EventType
from repository.description.codes import CATEGORIES
from repository.models.account import Account
from repository.models.collection import Collection, Level
from repository.permissions import Actor, Role
from repository.workflow import accounts, facts, journal
from repository.workflow.accounts import NewAccount
from repository.workflow.errors import AlreadySetUp, Incomplete, SignInRefused
from repository.workflow.tools import Tools


@dataclass(frozen=True, slots=True)
class Founding:
    """What the set-up page asks for."""

    school_name: str
    fonds_code: str
    administrator: NewAccount


def needs_setup(session: Session) -> bool:
    """Return whether no account exists yet."""
    return not session.scalar(select(func.count()).select_from(Account))


def new_token(session: Session) -> str:
    """Return a fresh one-time set-up token; only its digest is kept."""
    token = secrets.token_hex(8)
    facts.put(session, facts.SETUP_TOKEN, accounts.token_digest(token))
    return token


def set_up(session: Session, tools: Tools, founding: Founding, *, token: str) -> Account:
    """Found the archive with the one-time token and return its administrator.

    Raises AlreadySetUp, SignInRefused (wrong token), Incomplete, WeakPassword.
    """
    if not needs_setup(session):
        raise AlreadySetUp()
    if not accounts.token_matches(token, facts.get(session, facts.SETUP_TOKEN)):
        raise SignInRefused()
    account = found(session, tools, founding)
    account.last_sign_in = tools.clock()  # the set-up signs in at once
    told = {"school": founding.school_name.strip(), "fonds_code": founding.fonds_code.strip()}
    accounts.note(session, tools, "archive.founded", accounts.actor_of(account), account, **told)
    facts.put(session, facts.SETUP_TOKEN, "")
    return account


def found(session: Session, tools: Tools, founding: Founding) -> Account:
    """Write the school, its fonds with all categories, and the administrator."""
    if not founding.school_name.strip() or not founding.fonds_code.strip():
        raise Incomplete(missing=("school_name", "fonds_code"))
    account = accounts.create(session, founding.administrator)
    plant(
        session,
        tools,
        accounts.actor_of(account),
        name=founding.school_name.strip(),
        code=founding.fonds_code.strip(),
    )
    facts.put(session, facts.SET_UP_AT, tools.clock().isoformat())
    return account


def plant(session: Session, tools: Tools, actor: Actor, *, name: str, code: str) -> None:
    """Make the fonds and its series, unless they are there already."""
    facts.put(session, facts.SCHOOL_NAME, name)
    facts.put(session, facts.FONDS_CODE, code)
    if session.scalars(select(Collection).where(Collection.level == Level.FONDS)).first():
        return
    now = tools.clock()
    fonds = Collection(level=Level.FONDS, code=code, title=name, created_at=now)
    session.add(fonds)
    session.flush()
    rows = [fonds]
    for position, category in enumerate(CATEGORIES.codes, start=1):
        rows.append(
            Collection(
                parent_id=fonds.id,
                level=Level.SERIES,
                code=category.code,
                title=category.label_zh,
                position=position,
                created_at=now,
            )
        )
    session.add_all(rows[1:])
    session.flush()
    for collection in rows:
        tell(session, collection, actor)


def tell(session: Session, collection: Collection, actor: Actor) -> None:
    """Write a collection into the log, whole, so that a rebuild finds it."""
    journal.record(
        session,
        EventType.CREATION,
        journal.Subject(journal.COLLECTION, collection.id),
        actor=actor,
        at=collection.created_at,
        facts={
            "parent_id": collection.parent_id,
            "level": collection.level,
            "code": collection.code,
            "title": collection.title,
            "position": collection.position,
        },
    )


def series_of(session: Session, category: str) -> Collection | None:
    """Return the series of a category."""
    return session.scalars(
        select(Collection).where(Collection.level == Level.SERIES, Collection.code == category)
    ).first()


def administrator_roles(also_archivist: bool) -> frozenset[Role]:
    """Return the first administrator's roles: in a small school one person does both."""
    return frozenset({Role.ADMIN, Role.ARCHIVIST} if also_archivist else {Role.ADMIN})
