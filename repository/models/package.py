"""Packages (AIP versions), their files, and the copies in the stores."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from repository.models.base import Base, new_id, utc_now


class Package(Base):
    """One version of one item as a bag (归档信息包).

    registered_digest is the SHA-256 over the complete file list, tag files
    too. It is kept here, outside the bag, because a bag whose manifests were
    all made anew still calls itself valid (case A10).
    """

    __tablename__ = "packages"
    __table_args__ = (UniqueConstraint("item_id", "version"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id"))
    version: Mapped[int]
    prefix: Mapped[str] = mapped_column(String(120), unique=True)
    registered_digest: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int] = mapped_column(default=0)
    file_count: Mapped[int]
    byte_count: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    files: Mapped[list["PackagedFile"]] = relationship(
        back_populates="package", order_by="PackagedFile.path", cascade="all, delete-orphan"
    )
    copies: Mapped[list["Copy"]] = relationship(back_populates="package", order_by="Copy.store_id")


class PackagedFile(Base):
    """One file of a package as registered; role is object, metadata or tag.

    size in bytes. facts holds what identification and intake found out
    (width, height, pages ...) of an object.
    """

    __tablename__ = "packaged_files"
    __table_args__ = (UniqueConstraint("package_id", "path"), Index("ix_packaged_files_sha256", "sha256"))

    id: Mapped[int] = mapped_column(primary_key=True)
    package_id: Mapped[str] = mapped_column(ForeignKey("packages.id", ondelete="CASCADE"))
    path: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(10))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(default=0)
    original_name: Mapped[str] = mapped_column(Text, default="")
    original_raw: Mapped[str] = mapped_column(Text, default="")
    puid: Mapped[str] = mapped_column(String(40), default="")
    format_name: Mapped[str] = mapped_column(String(200), default="")
    mime: Mapped[str] = mapped_column(String(120), default="")
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)

    package: Mapped[Package] = relationship(back_populates="files")


class Copy(Base):
    """One stored instance of a package in one store (副本).

    state is unknown, ok, damaged, missing or unreadable: a new copy is
    unknown until it was read. findings are those of the last check.
    """

    __tablename__ = "copies"
    __table_args__ = (
        UniqueConstraint("package_id", "store_id"),
        Index("ix_copies_due", "store_id", "checked_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    package_id: Mapped[str] = mapped_column(ForeignKey("packages.id", ondelete="CASCADE"))
    store_id: Mapped[str] = mapped_column(String(40), index=True)
    state: Mapped[str] = mapped_column(String(12), default="unknown", index=True)
    outcome: Mapped[str] = mapped_column(String(10), default="not_run")
    checked_at: Mapped[datetime | None]  # the last time every byte was read
    tried_at: Mapped[datetime | None]  # the last time someone tried to
    asked_at: Mapped[datetime | None]  # an event (a restore, a moved disk) wants it read first
    run_id: Mapped[int | None] = mapped_column(index=True)  # the fixity run that waits for its verdict
    prior_state: Mapped[str] = mapped_column(String(12), default="unknown")  # before the last check: an
    prior_checked_at: Mapped[datetime | None]  # invalid run takes its good verdicts back
    findings: Mapped[list[Any]] = mapped_column(default=list)
    lost: Mapped[list[Any]] = mapped_column(default=list)  # paths with no good copy anywhere
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    package: Mapped[Package] = relationship(back_populates="copies")


class Rendition(Base):
    """A picture, page image or text made from a packaged file; may be remade.

    kind is thumbnail, access, page or text; path is relative to the
    renditions folder; a row with an empty path tells why none could be made.
    """

    __tablename__ = "renditions"
    __table_args__ = (UniqueConstraint("item_id", "position", "kind", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("items.id", ondelete="CASCADE"))
    sha256: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    number: Mapped[int] = mapped_column(default=1)
    path: Mapped[str] = mapped_column(Text, default="")
    mime: Mapped[str] = mapped_column(String(80), default="")
    width: Mapped[int] = mapped_column(default=0)
    height: Mapped[int] = mapped_column(default=0)
    trouble: Mapped[str] = mapped_column(String(40), default="")
