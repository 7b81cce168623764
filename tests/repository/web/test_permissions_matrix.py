"""Every route × every role, generated from the app's own map (architecture, section 10).

A route that somebody adds is in here by itself: without a declared act it
fails, and its answers must agree with permissions.may.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, IntegerConverter, Rule, UUIDConverter

from repository.permissions import VISITOR, Act, Actor, Role, may
from repository.web.guards import act_of
from tests.repository.web.conftest import Archive

SignIn = Callable[[str], FlaskClient]
NOBODY = "00000000-0000-4000-8000-000000000000"
ACTORS = {
    "visitor": VISITOR,
    "staff": Actor("-", "", frozenset({Role.STAFF})),
    "archivist": Actor("-", "", frozenset({Role.ARCHIVIST})),
    "admin": Actor("-", "", frozenset({Role.ADMIN})),
}
ALLOWED = {200, 302, 304, 404, 405}


@dataclass(frozen=True, slots=True)
class Door:
    """One address with one method."""

    endpoint: str
    method: str
    address: str
    act: Act | None


def dummy(rule: Rule, name: str) -> object:
    """Return a value for one part of an address that names nothing real."""
    converter = rule._converters[name]
    if isinstance(converter, UUIDConverter):
        return NOBODY
    if isinstance(converter, IntegerConverter):
        return 999_999
    if isinstance(converter, AnyConverter):
        return sorted(converter.items)[0]
    return "nothing"


def doors(app: Flask) -> Iterator[Door]:
    """Yield every address of the app with every method that it answers."""
    addresses = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        values = {name: dummy(rule, name) for name in rule.arguments}
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            address = addresses.build(rule.endpoint, values, method)
            yield Door(rule.endpoint, method, address, act_of(app, rule.endpoint))


def test_every_route_declares_an_act(archive: Archive) -> None:
    """No view was left without the act it stands for."""
    found = list(doors(archive.app))

    assert [door.endpoint for door in found if door.act is None] == []
    assert len(found) > 40


@pytest.mark.parametrize("role", ACTORS)
def test_each_door_agrees_with_may(archive: Archive, signed_in: SignIn, role: str) -> None:
    """Who may pass gets an answer, who may not is sent to sign in, or refused, and never learns more."""
    browser = archive.app.test_client() if role == "visitor" else signed_in(role)
    wrong = []
    for door in doors(archive.app):
        allowed = door.act is not None and may(ACTORS[role], door.act)
        if allowed and door.method != "GET":
            continue  # what it does is tested where it belongs
        answer = browser.open(door.address, method=door.method)
        if not fits(answer.status_code, answer.headers.get("Location", ""), allowed, role, door.method):
            wrong.append((door.endpoint, door.method, answer.status_code))

    assert wrong == []


def fits(status: int, location: str, allowed: bool, role: str, method: str) -> bool:
    """Return whether an answer is the one that the permission asks for."""
    if allowed:
        return status in ALLOWED and not location.startswith("/login")
    if role != "visitor":
        return status == 403
    return status == 302 and location.startswith("/login") if method == "GET" else status == 401


def test_a_route_without_act_would_be_found(archive: Archive) -> None:
    """The matrix sees a view that declares nothing, and that nobody passes it."""
    archive.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")

    assert [door.endpoint for door in doors(archive.app) if door.act is None] == ["forgotten"]
    assert fits(200, "", False, "admin", "GET") is False
