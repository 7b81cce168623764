"""Accounts, signing in, and the first run."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from repository.config import from_env
from repository.models.account import Account, SignInFailure
from repository.models.collection import Collection
from repository.models.event import Event
from repository.permissions import Actor, Role
from repository.workflow import accounts, facts, founding
from repository.workflow.accounts import NewAccount
from repository.workflow.errors import (
    AlreadySetUp,
    Incomplete,
    NotAllowed,
    Refused,
    SignInRefused,
    Taken,
    TooManyTries,
    WeakPassword,
    WorkflowError,
)
from repository.workflow.founding import Founding
from repository.workflow.tools import Tools
from tests.archives import PASSWORD, Clock, close, environment, new_archive
from tests.repository.workflow.conftest import People

FIRST = NewAccount("Guanli ", "王管理", PASSWORD, frozenset({Role.ADMIN}))


def _sign_in(tools: Tools, username: str, password: str, address: str = "10.0.0.1") -> str:
    """Sign in as the page does, and return the name or the code of the refusal with its seconds."""
    with tools.database.writing() as session:
        try:
            name = accounts.sign_in(
                session, tools, username=username, password=password, address=address
            ).full_name
        except WorkflowError as refusal:
            name = f"{refusal.code} {refusal.facts.get('seconds', '')}".strip()
        session.commit()
        return name


def test_passwords_are_kept_as_argon2id_and_never_as_text(tools: Tools, people: People) -> None:
    """The row holds a salted hash: two accounts with one password look different."""
    with tools.database.reading() as session:
        hashes = session.scalars(select(Account.password_hash)).all()

    assert all(one.startswith("$argon2id$") and PASSWORD not in one for one in hashes)
    assert len(set(hashes)) == len(hashes)


def test_who_gives_name_and_password_is_signed_in(tools: Tools, people: People, clock: Clock) -> None:
    """Capitals and blanks around the name do not matter; the time is noted."""
    assert _sign_in(tools, " Teacher ", PASSWORD) == "teacher老师"
    with tools.database.reading() as session:
        assert (
            session.scalars(select(Account).where(Account.username == "teacher")).one().last_sign_in
            == clock()
        )


@pytest.mark.parametrize("username", ["teacher", "nobody", "", "x" * 5000, "' OR 1=1 --"])
def test_e24_a_wrong_name_and_a_wrong_password_are_refused_alike(
    tools: Tools, people: People, username: str
) -> None:
    """The answer does not tell whether there is such an account."""
    assert _sign_in(tools, username, "wrong password") == "WF-008"


def test_e24_an_unknown_name_is_verified_like_a_known_one(
    tools: Tools, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The costly hash is computed in both cases, so that both answers take as long."""
    asked: list[str] = []

    class Counting(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
            asked.append(str(hash)[:10])
            return super().verify(hash, password)

    monkeypatch.setattr(accounts, "_hasher", Counting())
    _sign_in(tools, "nobody", "wrong password")
    _sign_in(tools, "teacher", "wrong password")

    assert asked == ["$argon2id$", "$argon2id$"]


def test_an_account_that_is_not_active_is_refused_like_a_wrong_password(tools: Tools, people: People) -> None:
    """Who has left learns nothing about the account."""
    with tools.database.writing.begin() as session:
        account = session.get_one(Account, people.teacher.id)
        accounts.change(session, people.admin, account, roles=frozenset({Role.STAFF}), active=False)

    assert _sign_in(tools, "teacher", PASSWORD) == "WF-008"


def test_p21_five_failures_start_a_growing_delay(tools: Tools, people: People, clock: Clock) -> None:
    """5, 10, 20 seconds, at most a quarter of an hour; meanwhile the right password is refused, too."""
    delays = []
    for _ in range(5):
        assert _sign_in(tools, "teacher", "wrong") == "WF-008"
    for _ in range(10):
        answer, _, seconds = _sign_in(tools, "teacher", PASSWORD).partition(" ")
        assert answer == "WF-009"
        delays.append(int(seconds))
        clock.move(seconds=delays[-1])
        assert _sign_in(tools, "teacher", "wrong") == "WF-008"

    assert delays == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]
    clock.move(seconds=900)
    assert _sign_in(tools, "teacher", PASSWORD) == "teacher老师"
    with tools.database.reading() as session:
        assert session.scalars(select(SignInFailure)).all() == []


def test_p21_spraying_one_password_over_many_names_is_slowed_by_address(tools: Tools, people: People) -> None:
    """Failures count for the address, too; another address goes on as usual."""
    for number in range(5):
        _sign_in(tools, f"name{number}", "summer2026", "10.0.0.9")

    assert _sign_in(tools, "teacher", PASSWORD, "10.0.0.9") == "WF-009 5"
    assert _sign_in(tools, "teacher", PASSWORD, "10.0.0.1") == "teacher老师"


def test_failures_are_forgotten_after_a_day(tools: Tools, people: People, clock: Clock) -> None:
    """Four slips yesterday and one today are no attack."""
    for _ in range(4):
        _sign_in(tools, "teacher", "wrong")
    clock.move(hours=25)
    _sign_in(tools, "teacher", "wrong")

    assert _sign_in(tools, "teacher", PASSWORD) == "teacher老师"


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short77", "short"),
        ("", "short"),
        ("x" * 129, "long"),
        ("PASSWORD1", "known"),
        ("88888888", "known"),
        ("my-guanli-9", "known"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(tools: Tools, password: str, why: str) -> None:
    """Too short, too long, well known, or with the name in it; rules of composition there are none."""
    with pytest.raises(WeakPassword) as refusal:
        accounts.check_password(password, "guanli")

    assert refusal.value.facts["why"] == why


@pytest.mark.parametrize("password", ["长城长城长城长城", "aaaaaaab", "x" * 128, "        8"])
def test_a_long_enough_password_of_any_letters_will_do(password: str) -> None:
    """Chinese, blanks, small letters alone: length counts (ASVS 6.2.5)."""
    accounts.check_password(password, "guanli")


def test_a_changed_password_ends_every_session_and_needs_the_old_one(tools: Tools, people: People) -> None:
    """The epoch grows, so that a session begun before is over; a wrong old password changes nothing."""
    with tools.database.writing.begin() as session:
        account = session.get_one(Account, people.teacher.id)
        epoch = account.epoch
        with pytest.raises(SignInRefused):
            accounts.change_password(session, tools, account, old="wrong", new="another good one")
        with pytest.raises(WeakPassword):
            accounts.change_password(session, tools, account, old=PASSWORD, new="short")
        assert account.epoch == epoch
        accounts.change_password(session, tools, account, old=PASSWORD, new="another good one")
        assert account.epoch == epoch + 1

    assert (_sign_in(tools, "teacher", PASSWORD), _sign_in(tools, "teacher", "another good one")) == (
        "WF-008",
        "teacher老师",
    )


def test_guessing_the_old_password_is_slowed_down(tools: Tools, people: People) -> None:
    """An unlocked screen is no place to try passwords at."""
    with tools.database.writing.begin() as session:
        account = session.get_one(Account, people.teacher.id)
        for _ in range(5):
            with pytest.raises(SignInRefused):
                accounts.change_password(session, tools, account, old="wrong", new="another good one")
        with pytest.raises(TooManyTries):
            accounts.change_password(session, tools, account, old=PASSWORD, new="another good one")


def test_e08_changed_roles_end_every_session(tools: Tools, people: People) -> None:
    """Who loses a role has lost it at the next request."""
    with tools.database.writing.begin() as session:
        account = session.get_one(Account, people.archivist.id)
        epoch = account.epoch
        accounts.change(session, people.admin, account, roles=frozenset({Role.STAFF}), active=True)

        assert (account.roles, account.epoch) == (["staff"], epoch + 1)


@pytest.mark.parametrize("who", ["teacher", "archivist"])
def test_e12_only_administrators_change_roles(tools: Tools, people: People, who: str) -> None:
    """Nobody else gives roles, not even to himself."""
    actor: Actor = getattr(people, who)
    with pytest.raises(Refused), tools.database.writing.begin() as session:
        account = session.get_one(Account, actor.id)
        accounts.change(session, actor, account, roles=frozenset({Role.ADMIN}), active=True)


def test_nobody_locks_himself_or_the_last_administrator_out(tools: Tools, people: People) -> None:
    """There is always someone who can let others in; a role at least remains."""
    with tools.database.writing.begin() as session:
        admin = session.get_one(Account, people.admin.id)
        first = session.scalars(select(Account).where(Account.username == "guanli")).one()
        staff = frozenset({Role.STAFF})
        with pytest.raises(NotAllowed) as own:
            accounts.change(session, people.admin, admin, roles=staff, active=True)
        accounts.change(session, people.admin, first, roles=staff, active=True)
        with pytest.raises(NotAllowed) as last:
            accounts.change(
                session, accounts.actor_of(admin), admin, roles=frozenset({Role.ADMIN}), active=False
            )
        elsewhere = Actor("gone", "别的管理员", frozenset({Role.ADMIN}))
        with pytest.raises(NotAllowed) as only:
            accounts.change(session, elsewhere, admin, roles=staff, active=True)
        with pytest.raises(Incomplete):
            accounts.change(session, people.admin, first, roles=frozenset(), active=True)

        told = [refusal.value.facts["state"] for refusal in (own, last, only)]
        assert told == ["self", "self", "last_admin"]


@pytest.mark.parametrize(
    ("new", "refusal"),
    [
        (NewAccount("TEACHER", "x", PASSWORD, frozenset({Role.STAFF})), Taken),
        (NewAccount("new", " ", PASSWORD, frozenset({Role.STAFF})), Incomplete),
        (NewAccount(" ", "x", PASSWORD, frozenset({Role.STAFF})), Incomplete),
        (NewAccount("new", "x", PASSWORD, frozenset()), Incomplete),
        (NewAccount("new", "x", "short", frozenset({Role.STAFF})), WeakPassword),
    ],
)
def test_an_incomplete_account_is_not_made(
    tools: Tools, people: People, new: NewAccount, refusal: type[WorkflowError]
) -> None:
    """A taken name in other letters, blanks for a name, no role, a weak password: nothing is written."""
    with pytest.raises(refusal), tools.database.writing.begin() as session:
        accounts.create(session, new)

    with tools.database.reading() as session:
        assert len(session.scalars(select(Account)).all()) == 5


@pytest.fixture
def unfounded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    """An archive that nobody has set up yet."""
    made = new_archive(tmp_path_factory.mktemp("new") / "data", empty=True)
    yield made
    close(made)


def test_the_set_up_token_works_once_and_only_the_last_one(unfounded: Tools) -> None:
    """Each start prints a new token and voids the old; after the set-up none is good any more."""
    with unfounded.database.writing.begin() as session:
        old, new = founding.new_token(session), founding.new_token(session)
    school = Founding("云溪中学", "Y001", FIRST)
    for wrong in (old, "", "0" * 16):
        with pytest.raises(SignInRefused), unfounded.database.writing.begin() as session:
            founding.set_up(session, unfounded, school, token=wrong)
    with unfounded.database.writing.begin() as session:
        assert founding.needs_setup(session) and new not in facts.get(session, facts.SETUP_TOKEN)
        founding.set_up(session, unfounded, school, token=f" {new} ")
    with pytest.raises(AlreadySetUp), unfounded.database.writing.begin() as session:
        founding.set_up(session, unfounded, school, token=new)

    with unfounded.database.reading() as session:
        assert [account.username for account in session.scalars(select(Account))] == ["guanli"]
        assert facts.get(session, facts.SCHOOL_NAME) == "云溪中学"


def test_without_a_token_nobody_sets_the_archive_up(unfounded: Tools) -> None:
    """Before a token was printed the empty one is not good, either."""
    with pytest.raises(SignInRefused), unfounded.database.writing.begin() as session:
        founding.set_up(session, unfounded, Founding("云溪中学", "Y001", FIRST), token="")


@pytest.mark.parametrize("school", [Founding(" ", "Y001", FIRST), Founding("云溪中学", "", FIRST)])
def test_a_school_without_a_name_is_not_founded(unfounded: Tools, school: Founding) -> None:
    """Nothing is left behind, and the token stays good for another try."""
    with unfounded.database.writing.begin() as session:
        token = founding.new_token(session)
    with pytest.raises(Incomplete), unfounded.database.writing.begin() as session:
        founding.set_up(session, unfounded, school, token=token)

    with unfounded.database.writing.begin() as session:
        assert founding.needs_setup(session)
        founding.set_up(session, unfounded, Founding("云溪中学", "Y001", FIRST), token=token)


def test_founding_plants_the_tree_once_and_tells_it_to_the_log(tools: Tools) -> None:
    """One fonds, a series for each category, each with its creation event; planting again changes nothing."""
    with tools.database.writing.begin() as session:
        before = len(session.scalars(select(Collection)).all())
        founding.plant(session, tools, tools.software, name="云溪中学", code="Y001")
        rows = session.scalars(select(Collection)).all()
        told = session.scalars(select(Event.object_id).where(Event.object_kind == "collection")).all()

        assert len(rows) == before == 14
        assert sorted(told) == sorted(row.id for row in rows)
        assert [row.code for row in rows if row.level == "fonds"] == ["Y001"]


def test_settings_of_the_archive_are_those_of_its_environment(tools: Tools) -> None:
    """What the tools were built with is what from_env told."""
    assert tools.settings == from_env(environment(tools.settings.data))
