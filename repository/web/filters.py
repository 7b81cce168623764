"""Template filters, and what every page knows: school, actor, language.

Times are kept in UTC and shown in the school's time.
"""

from datetime import UTC, datetime, timedelta, timezone

from flask import Flask
from flask_babel import get_locale
from sqlalchemy.exc import SQLAlchemyError

from repository.description.date_labels import humanise
from repository.extensions import db
from repository.web import exchange_words, findings, texts, words
from repository.web.guards import current_actor
from repository.workflow import facts

#: Chinese standard time has had one offset since 1991; a server left on UTC is taken to mean it.
CHINA = timezone(timedelta(hours=8))
_STEPS = (("GB", 1 << 30, 2), ("MB", 1 << 20, 1), ("KB", 1 << 10, 0))


def to_local(at: datetime) -> datetime:
    """Return a time in the zone of the server, or in Chinese time where the server keeps UTC."""
    local = at.astimezone()
    return local if local.utcoffset() else at.astimezone(CHINA)


def local_time(at: datetime | str | None) -> str:
    """Return a UTC time (or its ISO text) as local "YYYY-MM-DD HH:MM", "—" for none."""
    if not at:
        return "—"
    told = datetime.fromisoformat(at) if isinstance(at, str) else at
    return to_local(told if told.tzinfo else told.replace(tzinfo=UTC)).strftime("%Y-%m-%d %H:%M")


def filesize(size: int) -> str:
    """Return a number of bytes as people read it: 1.5 MB."""
    for unit, step, digits in _STEPS:
        if size >= step:
            return f"{size / step:.{digits}f} {unit}"
    return f"{size} B"


def number(value: int) -> str:
    """Return 1234 as 1,234."""
    return f"{value:,}"


def date_text(edtf: str | None) -> str:
    """Return an EDTF date in plain words."""
    return humanise(edtf or "", texts.lang())


_FILTERS = (
    *(local_time, filesize, number, date_text, findings.finding, texts.sentence, texts.field_word),
    *(words.outcome_word, words.state_word, words.copy_state_word, words.event_word, words.check_word),
    *(words.job_word, words.job_state_word, words.role_word, words.act_word),
    *(words.kind_word, words.category_word, words.unit_title, words.retention_word, words.access_word),
    words.decade_word,
    words.listed,
    exchange_words.left_out_words,
    exchange_words.item_now_words,
    exchange_words.received_words,
    exchange_words.import_refused_words,
)


def school_name() -> str:
    """Return the school's name, "" before the first set-up or while the catalogue cannot be read."""
    try:
        return facts.get(db.session, facts.SCHOOL_NAME)
    except SQLAlchemyError:
        return ""


def page_facts() -> dict[str, object]:
    """Return what every template knows."""
    locale = get_locale()
    english = locale is not None and locale.language == "en"
    return {"actor": current_actor(), "school_name": school_name(), "lang": "en" if english else "zh-CN"}


def init_app(app: Flask) -> None:
    """Register filters and page facts."""
    for function in _FILTERS:
        app.add_template_filter(function)
    app.context_processor(page_facts)
