"""Where copies are kept beside the settings: places, offline media (离线介质)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from repository.models.base import Base, new_id, utc_now


class StoreCard(Base):
    """What the school says of one configured store (存储): where it is and how often it is read.

    kind is local or replica; interval_days and nightly_gb are None where the
    kind's own number holds (local 30 days, replica 90).
    """

    __tablename__ = "store_cards"

    store_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), default="local")
    place: Mapped[str] = mapped_column(String(120), default="")
    interval_days: Mapped[int | None]
    nightly_gb: Mapped[int | None]


class MediumState(StrEnum):
    """The life of a medium."""

    IN_USE = "in_use"
    LOST = "lost"
    RETIRED = "retired"


class Medium(Base):
    """A named disk that lies in a cupboard; its copies are rows of Copy with its id as store_id.

    rotation_days: it is brought and written anew at least so often; check_days:
    it is read at least so often. recipients are age public keys, one a line;
    empty: the disk holds open bags. Times are UTC.
    """

    __tablename__ = "media"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    owner: Mapped[str] = mapped_column(String(80))
    place: Mapped[str] = mapped_column(String(120))
    rotation_days: Mapped[int] = mapped_column(default=90)
    check_days: Mapped[int] = mapped_column(default=365)
    recipients: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default=MediumState.IN_USE)
    note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    written_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]


class Receipt(Base):
    """A receipt (接收回执) for one submission: its text as issued, signed, never changed.

    content is canonical JSON, digest its SHA-256, signature Ed25519 in base64;
    code is what people type to verify it later.
    """

    __tablename__ = "receipts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    submission_id: Mapped[str] = mapped_column(String(36), index=True)
    code: Mapped[str] = mapped_column(String(24), unique=True)
    issued_at: Mapped[datetime] = mapped_column(default=utc_now)
    content: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(Text)
    key_id: Mapped[str] = mapped_column(String(64))
