"""The one prober of an app: which stores answer, whether the data folder takes writes."""

from collections.abc import Callable
from functools import partial

from flask import current_app

from repository.web.guards import current_tools
from repository.workflow import folders
from repository.workflow.probing import Prober
from repository.workflow.tools import Tools

_NAME = "jingui_prober"


def prober() -> Prober:
    """Return it; it looks aside and keeps its answers for a minute."""
    found: Prober | None = current_app.extensions.get(_NAME)
    if found is None:
        found = current_app.extensions[_NAME] = Prober(_probes(current_tools()))
    return found


def data_is_writable() -> bool:
    """Return whether the data folder took a write a moment ago."""
    return prober().answers()[folders.DATA]


def _probes(tools: Tools) -> dict[str, Callable[[], None]]:
    told = {store_id: store.probe for store_id, store in tools.stores.items()}
    return {**told, folders.DATA: partial(folders.refuse_unwritable, tools.settings.data)}
