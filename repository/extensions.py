"""The Flask extensions, unbound: ground that imports nothing of ours."""

from collections.abc import Callable
from typing import Any, Protocol

from flask import Flask, current_app, g, request
from flask_babel import Babel
from flask_login import LoginManager
from flask_wtf import CSRFProtect
from sqlalchemy.orm import Session


class _Sessions(Protocol):
    """What the catalogue's database offers (models/database.py)."""

    @property
    def reading(self) -> Callable[[], Session]: ...
    @property
    def writing(self) -> Callable[[], Session]: ...


class Catalogue:
    """One session per request: for reading on GET and HEAD, for writing else.

    A session for writing takes the write lock with its first statement, so
    two requests that write wait for each other and never fail half-way.
    """

    def init_app(self, app: Flask, sessions: _Sessions) -> None:
        """Bind to the app; the session of a request is closed when it ends."""
        app.extensions["catalogue"] = sessions
        app.teardown_request(self._close)

    @property
    def session(self) -> Session:
        """Return this request's session."""
        from_app = g.get("catalogue_session")
        if from_app is None:
            sessions = self._sessions()
            make = sessions.reading if request.method in ("GET", "HEAD", "OPTIONS") else sessions.writing
            from_app = g.catalogue_session = make()
        session: Session = from_app
        return session

    def release(self) -> None:
        """End this request's transaction now: nothing is held while a stream is read."""
        self._close(None)

    def _sessions(self) -> _Sessions:
        found: _Sessions = current_app.extensions["catalogue"]
        return found

    def _close(self, error: BaseException | None) -> Any:
        session = g.pop("catalogue_session", None)
        if session is not None:
            session.close()


db = Catalogue()
login = LoginManager()
csrf = CSRFProtect()
babel = Babel()
