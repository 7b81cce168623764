"""The item (件): what people describe, find and see; and its history."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from repository.models.base import Base, new_id, utc_now
from repository.models.submission import StagedFile


class Item(Base):
    """One record of the school.

    state is its editorial life (workflow/states.py); where its bytes are and
    how they fare is told by Package and Copy. values is the description
    (repository/description); the columns beside it are what lists sort and
    permissions ask for. revision counts edits, generation is the catalogue's
    change number at the last edit (the index compares it).
    """

    __tablename__ = "items"
    __table_args__ = (Index("ix_items_listing", "state", "access_level", "category"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    submission_id: Mapped[str | None] = mapped_column(ForeignKey("submissions.id"), index=True)
    collection_id: Mapped[str | None] = mapped_column(ForeignKey("collections.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20), default="other")
    state: Mapped[str] = mapped_column(String(12), default="draft", index=True)
    title: Mapped[str] = mapped_column(Text, default="")
    values: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reference_code: Mapped[str | None] = mapped_column(String(160), unique=True)
    reference_sort: Mapped[str] = mapped_column(String(240), default="")
    category: Mapped[str] = mapped_column(String(12), default="")
    retention: Mapped[str] = mapped_column(String(8), default="")
    access_level: Mapped[str] = mapped_column(String(12), default="restricted")
    date_edtf: Mapped[str] = mapped_column(String(80), default="")
    date_sort: Mapped[str] = mapped_column(String(16), default="")
    first_year: Mapped[int | None]
    last_year: Mapped[int | None]
    depositor_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    depositor_name: Mapped[str] = mapped_column(String(80), default="")
    reason: Mapped[str] = mapped_column(Text, default="")  # of the last return or hold
    override: Mapped[str] = mapped_column(Text, default="")  # why kept although a check failed
    intake: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the last intake report
    version: Mapped[int] = mapped_column(default=0)  # of the newest registered package
    revision: Mapped[int] = mapped_column(default=0)
    generation: Mapped[int] = mapped_column(default=0, index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    modified_at: Mapped[datetime] = mapped_column(default=utc_now)

    staged_files: Mapped[list[StagedFile]] = relationship(
        back_populates="item", order_by=StagedFile.position, cascade="all, delete-orphan"
    )


class Revision(Base):
    """One edit: which values changed, by whom, when and why (A070)."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("item_id", "number"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"))
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    agent_name: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(Text, default="")
    changes: Mapped[list[Any]] = mapped_column(default=list)
