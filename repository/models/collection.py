"""The tree of description: fonds > series > file > item (全宗, 类, 案卷, 件)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from repository.models.base import Base, new_id, utc_now


class Level(StrEnum):
    """Levels of description (著录层级, DA/T 18-2022)."""

    FONDS = "fonds"
    SERIES = "series"
    FILE = "file"


class Collection(Base):
    """A unit above the item. A series carries the code of its category.

    copies and places are the unit's own preservation policy.
    """

    __tablename__ = "collections"
    __table_args__ = (UniqueConstraint("parent_id", "code"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("collections.id"), index=True)
    level: Mapped[str] = mapped_column(String(12))
    code: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(400))
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    copies: Mapped[int | None]  # verified copies its items need; None: as the unit above says
    places: Mapped[int | None]  # in how many different places

    parent: Mapped["Collection | None"] = relationship(remote_side="Collection.id")
