"""The kinds of source that can be read: every package of this folder that has a module `kind`."""

import importlib
import importlib.util
import pkgutil

import connectors
from connectors.kinds import Opening, Source, SourceKind
from connectors.settings import SourceSettings

_MODULE = "kind"
_FIRST = ("github", "git")


def _found() -> dict[str, SourceKind]:
    packages = sorted(module.name for module in pkgutil.iter_modules(connectors.__path__) if module.ispkg)
    ordered = [*_FIRST, *(name for name in packages if name not in _FIRST)]
    kinds: dict[str, SourceKind] = {}
    for package in ordered:
        name = f"connectors.{package}.{_MODULE}"
        if importlib.util.find_spec(name) is not None:
            kind: SourceKind = importlib.import_module(name).KIND
            kinds[kind.name] = kind
    return kinds


SOURCE_KINDS: dict[str, SourceKind] = _found()


def open_source(settings: SourceSettings, opening: Opening) -> Source:
    """A source, ready to be read.

    Args:
        settings: What the workspace says about it.
        opening: Store, clocks, secrets.

    Raises:
        PermanentSourceError: The settings cannot work.
    """
    return SOURCE_KINDS[settings.kind].open(settings, opening)
