"""One state seen through the API, with what is derived from it once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from connectors.sandbox.github.accounts import Document
from connectors.sandbox.github.paging import Listing
from connectors.sandbox.github.rendering import Renderer
from connectors.sandbox.github.state import GitHubState


@dataclass(frozen=True, slots=True)
class Moved:
    """What was asked for stands elsewhere for good: a path, without host and query."""

    path: str


Answer = Listing | Document | Moved | None
T = TypeVar("T")


class GitHubView:
    """One state seen through the API; sorted lists are kept until the state moves."""

    def __init__(self, state: GitHubState) -> None:
        self.state = state
        self.render = Renderer(state)
        self._sorted: dict[tuple[str, ...], list[Any]] = {}

    def forget(self) -> None:
        """Drop everything that was derived from the state."""
        self.render.forget()
        self._sorted.clear()

    def kept(self, key: tuple[str, ...], make: Callable[[], list[T]]) -> list[T]:
        """A list that is made once for this state."""
        known = self._sorted.get(key)
        if known is None:
            known = self._sorted[key] = make()
        return known
