"""Accounts: who may sign in, with which roles; and signing in.

Passwords by ASVS 5: at least 8 characters (12 advised), at most 128, none of
the well-known ones, no rules of composition. Five failures start a growing
delay, per account and per address (P21).
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from preservation.checks import Outcome
from repository.models.account import Account, SignInFailure
from repository.permissions import VISITOR, Act, Actor, Role, may
from repository.workflow import audit
from repository.workflow.errors import (
    Incomplete,
    NotAllowed,
    Refused,
    SignInRefused,
    Taken,
    TooManyTries,
    WeakPassword,
)
from repository.workflow.journal import Subject
from repository.workflow.tools import Tools

PASSWORD_MIN, PASSWORD_MAX = 8, 128
FREE_TRIES = 5
LONGEST_DELAY = timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=24)
WELL_KNOWN = frozenset(
    "12345678 123456789 1234567890 11111111 00000000 88888888 66666666 password password1 qwertyui qwerty123 "
    "abc12345 a1234567 aa123456 admin123 admin888 iloveyou woaini1314 5201314520 jingui123 administrator "
    "1q2w3e4r zxcvbnm1 asdfghjk 87654321 abcd1234 dangan123 school123".split()
)
FIRST_LENGTH = 12
_CLEAR_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # no i, l, o, 0, 1
_hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """Return what is verified against where there is no account, so that both answers take as long (E24)."""
    return _hasher.hash(secrets.token_hex(16))


def nobodys_hash() -> str:
    """Return the hash of a password that nobody knows."""
    return _hasher.hash(secrets.token_hex(32))


def actor_of(account: Account) -> Actor:
    """Return the actor that an account's person is."""
    return Actor(account.id, account.full_name, frozenset(Role(role) for role in account.roles))


def check_password(password: str, username: str = "") -> None:
    """Raise WeakPassword if the password will not do."""
    if len(password) < PASSWORD_MIN:
        raise WeakPassword(why="short", least=PASSWORD_MIN)
    if len(password) > PASSWORD_MAX:
        raise WeakPassword(why="long", most=PASSWORD_MAX)
    if password.lower() in WELL_KNOWN or (username and username.lower() in password.lower()):
        raise WeakPassword(why="known")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What it takes to make an account."""

    username: str
    full_name: str
    password: str
    roles: frozenset[Role]
    staff_number: str = ""
    must_change: bool = False


def create(session: Session, new: NewAccount) -> Account:
    """Return a new account. Raises Incomplete, Taken, WeakPassword."""
    username = new.username.strip().lower()
    missing = [
        name for name, value in (("username", username), ("full_name", new.full_name.strip())) if not value
    ]
    if missing or not new.roles:
        raise Incomplete(missing=tuple(missing) or ("roles",))
    if session.scalars(select(Account).where(Account.username == username)).first():
        raise Taken(name=username)
    check_password(new.password, username)
    account = Account(
        username=username,
        full_name=new.full_name.strip(),
        staff_number=new.staff_number.strip(),
        password_hash=_hasher.hash(new.password),
        roles=sorted(new.roles),
        must_change_password=new.must_change,
    )
    session.add(account)
    session.flush()
    return account


def listing(session: Session) -> Sequence[Account]:
    """Return all accounts: those in use first, then by name."""
    return session.scalars(select(Account).order_by(Account.active.desc(), Account.username)).all()


def rename(session: Session, account: Account, *, full_name: str, staff_number: str) -> None:
    """Mend a person's name or number; what was done under the old name stays. Raises Incomplete."""
    if not full_name.strip():
        raise Incomplete(missing=("full_name",))
    account.full_name, account.staff_number = full_name.strip(), staff_number.strip()
    session.flush()


def forgive(session: Session, account: Account) -> None:
    """Forget the failed sign-ins of an account, so that its person need not wait."""
    failures = session.get(SignInFailure, f"name:{account.username}")
    if failures is not None:
        session.delete(failures)


def first_password(username: str) -> str:
    """Return a password to hand to a person, without letters that look alike."""
    while True:
        password = "".join(secrets.choice(_CLEAR_LETTERS) for _ in range(FIRST_LENGTH))
        if username.strip().lower() not in password:
            return password


def sign_in(session: Session, tools: Tools, *, username: str, password: str, address: str) -> Account:
    """Return the account whose name and password these are.

    The caller commits in any case, so that a failure is counted. Raises
    SignInRefused (the same for every cause) or TooManyTries.
    """
    username = username.strip().lower()[:64]
    subjects = (f"name:{username}", f"address:{address}")
    _refuse_haste(session, tools, subjects)
    account = session.scalars(select(Account).where(Account.username == username)).first()
    if not _matches(account, password):
        _count_failure(session, tools, subjects)
        _note_refusal(session, tools, account, "session.refused", typed=username, address=address)
        raise SignInRefused()
    assert account is not None
    for subject in subjects:
        row = session.get(SignInFailure, subject)
        if row is not None:
            session.delete(row)
    if _hasher.check_needs_rehash(account.password_hash):
        account.password_hash = _hasher.hash(password)
    account.last_sign_in = tools.clock()
    note(session, tools, "session.begun", actor_of(account), account, address=address)
    return account


def note(
    session: Session, tools: Tools, act: str, actor: Actor, account: Account, **told: object
) -> None:
    """Write into the audit log who did what to which account; never a password."""
    about = Subject(audit.ACCOUNT, account.id)
    facts = {"username": account.username, **told}
    audit.record(session, act, actor=actor, at=tools.clock(), about=about, facts=facts)


def _note_refusal(
    session: Session, tools: Tools, account: Account | None, act: str, *, typed: str, address: str
) -> None:
    """Write down a refused try; of a name that nobody has only the beginning: it may be a password."""
    about = None if account is None else Subject(audit.ACCOUNT, account.id)
    name = typed if account is not None else typed[:2] + "…"
    facts = {"username": name, "known": account is not None, "address": address}
    at, outcome = tools.clock(), Outcome.FAILED
    audit.record(session, act, actor=VISITOR, at=at, about=about, outcome=outcome, facts=facts)


def _matches(account: Account | None, password: str) -> bool:
    try:
        _hasher.verify(_nobody() if account is None else account.password_hash, password[: PASSWORD_MAX + 1])
    except VerificationError:
        return False
    return account is not None and account.active


def _refuse_haste(session: Session, tools: Tools, subjects: Iterable[str]) -> None:
    now = tools.clock()
    for subject in subjects:
        row = session.get(SignInFailure, subject)
        if row is None or row.count < FREE_TRIES:
            continue
        until = row.last_at + min(
            LONGEST_DELAY, timedelta(seconds=5 * 2 ** (min(row.count, 20) - FREE_TRIES))
        )
        if row.last_at <= now < until:  # a failure noted under a clock ahead locks nobody out (B23)
            raise TooManyTries(seconds=max(1, round((until - now).total_seconds())))


def _count_failure(session: Session, tools: Tools, subjects: Iterable[str]) -> None:
    now = tools.clock()
    for subject in subjects:
        row = session.get(SignInFailure, subject) or SignInFailure(subject=subject, count=0, last_at=now)
        row.count = 1 if now - row.last_at > FORGET_AFTER else row.count + 1
        row.last_at = now
        session.add(row)


def change_password(session: Session, tools: Tools, account: Account, *, old: str, new: str) -> None:
    """Set a new password; every other session of the account is over (epoch).

    A wrong old password counts like a failed sign-in: the caller commits in
    any case. Raises SignInRefused, TooManyTries, WeakPassword.
    """
    subjects = (f"name:{account.username}",)
    _refuse_haste(session, tools, subjects)
    if not _matches(account, old):
        _count_failure(session, tools, subjects)
        _note_refusal(session, tools, account, "password.refused", typed=account.username, address="")
        raise SignInRefused()
    set_password(session, account, new, must_change=False)
    note(session, tools, "password.changed", actor_of(account), account)


def set_password(session: Session, account: Account, new: str, *, must_change: bool) -> None:
    """Set a password without asking for the old one (by an administrator)."""
    check_password(new, account.username)
    account.password_hash = _hasher.hash(new)
    account.must_change_password = must_change
    account.epoch += 1


def change(session: Session, actor: Actor, account: Account, *, roles: frozenset[Role], active: bool) -> None:
    """Change roles and activity. Nobody locks himself or the last administrator out. Raises Refused."""
    if not may(actor, Act.MANAGE_ACCOUNTS):
        raise Refused()
    if not roles:
        raise Incomplete(missing=("roles",))
    stays_admin = active and Role.ADMIN in roles
    if account.id == actor.id and not stays_admin:
        raise NotAllowed(state="self", verb="lock_out")
    if not stays_admin and not _other_admin(session, account):
        raise NotAllowed(state="last_admin", verb="lock_out")
    account.roles, account.active = sorted(roles), active
    account.epoch += 1


def _other_admin(session: Session, account: Account) -> bool:
    others = session.scalars(select(Account).where(Account.id != account.id, Account.active))
    return any(Role.ADMIN in other.roles for other in others)


def token_digest(token: str) -> str:
    """Return the digest under which a one-time token is kept."""
    return hashlib.sha256(token.strip().encode()).hexdigest()


def token_matches(token: str, digest: str) -> bool:
    """Return whether a token is the one whose digest was kept."""
    return bool(digest) and hmac.compare_digest(token_digest(token), digest)
