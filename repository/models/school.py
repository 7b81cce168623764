"""The school itself, and small facts of this installation."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from repository.models.base import Base, utc_now


class Fact(Base):
    """One named fact of this installation, as text.

    The names in use stand in workflow/facts.py.
    """

    __tablename__ = "facts"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text, default="")
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
