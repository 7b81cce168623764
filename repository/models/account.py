"""Who may sign in, and how often someone tried in vain."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from repository.models.base import Base, new_id, utc_now


class Account(Base):
    """A real person's way in (账号). Roles are words of permissions.Role.

    epoch grows whenever the password or the roles change: a session that was
    begun under an older epoch is over.
    """

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("username = lower(username)", name="username_lower"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    full_name: Mapped[str] = mapped_column(String(80))
    staff_number: Mapped[str] = mapped_column(String(40), default="")
    password_hash: Mapped[str] = mapped_column(String(200))
    roles: Mapped[list[Any]] = mapped_column(default=list)
    active: Mapped[bool] = mapped_column(default=True)
    epoch: Mapped[int] = mapped_column(default=1)
    must_change_password: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_sign_in: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(String(16), default="")


class SignInFailure(Base):
    """Failed sign-ins of one subject: an account name or an address (P21)."""

    __tablename__ = "sign_in_failures"

    subject: Mapped[str] = mapped_column(String(160), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(default=utc_now)
