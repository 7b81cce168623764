"""Every act and every fact of the audit log that the code writes has a Chinese word."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import repository
from repository.web import audit_words, texts

ROOT = Path(repository.__file__).parent
ACT = re.compile(r"[a-z]+\.[a-z]+")
#: The functions that write an entry, as the code calls them: what is handed on is the act.
WRITERS = frozenset({"audit.record", "note", "accounts.note", "_note", "_asked", "_note_refusal", "record"})
TECHNICAL = frozenset({"verb"})


def _calls() -> Iterator[ast.Call]:
    """Yield every call of a function that writes an entry."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in WRITERS:
                yield node


def _acts(call: ast.Call) -> set[str]:
    """Return the acts that a call names, also where it chooses between two."""
    texts_ = {one.value for arg in call.args for one in ast.walk(arg) if isinstance(one, ast.Constant)}
    return {text for text in texts_ if isinstance(text, str) and ACT.fullmatch(text)}


def test_every_act_that_the_code_writes_down_has_a_word() -> None:
    """No page of the audit log shows a raw act, and no word stands for an act that nobody writes."""
    written = {act for call in _calls() for act in _acts(call)} | {"catalogue.rebuilt"}

    assert len(written) > 20
    assert written == set(audit_words.ACTS)


def test_every_fact_told_by_name_has_a_word() -> None:
    """What an entry tells in its call, by keyword or in facts={...}, has a Chinese name."""
    named = set()
    for call in _calls():
        if _acts(call):
            named |= {one.arg for one in call.keywords if one.arg is not None}
            for one in call.keywords:
                if one.arg == "facts" and isinstance(one.value, ast.Dict):
                    named |= {key.value for key in one.value.keys if isinstance(key, ast.Constant)}
    named -= {"actor", "at", "about", "outcome", "facts", "typed"}

    assert {"items", "number", "address"} <= named
    assert [name for name in sorted(named - TECHNICAL) if audit_words.fact_word(name) == name] == []


def test_the_reason_of_a_failed_job_is_a_sentence_before_it_is_a_code() -> None:
    """A known code is told in words with its store; an unknown reason stays as it was told."""
    away = "ST-005 StoreUnavailable: store='second', root='/x', reason='no marker'"

    assert texts.trouble(away).startswith("存储 second：存储暂时联系不上。") and away in texts.trouble(away)
    assert texts.trouble("KeyError: 'x'") == "KeyError: 'x'" and texts.trouble("") == ""
