"""What was handed in, before it is kept (提交信息包, SIP)."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from repository.models.base import Base, new_id, utc_now

if TYPE_CHECKING:
    from repository.models.item import Item


class Submission(Base):
    """One act of handing in; its items go their own ways afterwards."""

    __tablename__ = "submissions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    depositor_id: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    depositor_name: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class StagedFile(Base):
    """A computer file (电子文件) that waits in staging for its item's package.

    id is the id in staging. original_name is what people saw, original_raw
    the name's bytes in hex (D18: raw bytes are kept).
    """

    __tablename__ = "staged_files"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    original_name: Mapped[str] = mapped_column(Text)
    original_raw: Mapped[str] = mapped_column(Text, default="")
    stored_name: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    digests: Mapped[dict[str, Any]] = mapped_column(default=dict)
    received_at: Mapped[datetime] = mapped_column(default=utc_now)

    item: Mapped["Item"] = relationship(back_populates="staged_files")
