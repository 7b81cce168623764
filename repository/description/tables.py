"""Read the JSON tables in data/ once.

The only place of this room that touches a file: package data, at import.
"""

import json
from importlib import resources
from typing import Any


def table(name: str) -> Any:
    """Return the parsed data/<name>.json."""
    return json.loads(text(f"{name}.json"))


def text(name: str) -> str:
    """Return the text of one data file."""
    return resources.files("repository.description").joinpath("data", name).read_text(encoding="utf-8")
