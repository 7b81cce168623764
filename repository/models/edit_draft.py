"""What someone typed on an edit page and has not saved."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from repository.models.base import Base, utc_now


class EditDraft(Base):
    """Typed, not saved: one for each item and person, offered when the page is opened again.

    It is no edit: it makes no revision and no package version. seen is the
    revision of the item that the page was made from; typed goes by field name.
    """

    __tablename__ = "edit_drafts"

    item_id: Mapped[str] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    seen: Mapped[int] = mapped_column(default=0)
    typed: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(default=utc_now)
