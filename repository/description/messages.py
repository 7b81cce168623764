"""Sentences for codes, for the doors to show.

Rules and errors speak codes and facts; data/messages.json has one sentence in
Chinese and one in English for each code, with the facts as {names}.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from repository.description.fields import label
from repository.description.tables import table


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence in two languages."""

    zh: str
    en: str


MESSAGES: Mapping[str, Message] = MappingProxyType(
    {code: Message(row["zh"], row["en"]) for code, row in table("messages").items()}
)


class _Facts(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


def sentence(
    code: str, facts: Mapping[str, object], *, field: str = "", kind: str = "", lang: str = "zh"
) -> str:
    """Return the sentence of a code with its facts filled in; the code itself where there is none.

    {label} is the label of the field as it is called for this kind.
    """
    found = MESSAGES.get(code)
    if found is None:
        return code
    filled = {"label": label(field, kind, lang), **{name: str(value) for name, value in facts.items()}}
    return (found.en if lang == "en" else found.zh).format_map(_Facts(filled))
