"""The shortest way to tell dbt which nodes to build: folders and names, less folders and names.

A name that dbt selects by is the path of a node: the project, its folders, and its own name. A selector means
every node at its path or below it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Selection:
    """What dbt selects: everything at or below some paths, without what is at or below others."""

    include: tuple[str, ...]
    exclude: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """Return the arguments of dbt's command line."""
        without = ["--exclude", *self.exclude] if self.exclude else []
        return ["--select", *self.include, *without]

    def __add__(self, other: "Selection") -> "Selection":
        return Selection(self.include + other.include, self.exclude + other.exclude)

    def __len__(self) -> int:
        return len(self.include) + len(self.exclude)


@dataclass(slots=True)
class _Folder:
    """What lies at and below a path."""

    path: str
    is_chosen: bool = False
    is_other: bool = False
    below: dict[str, "_Folder"] = field(default_factory=dict)

    def add(self, parts: list[str], *, is_chosen: bool) -> None:
        """Put a node below this path, or at it."""
        if not parts:
            self.is_chosen, self.is_other = self.is_chosen or is_chosen, self.is_other or not is_chosen
            return
        first, *rest = parts
        path = f"{self.path}.{first}" if self.path else first
        self.below.setdefault(first, _Folder(path)).add(rest, is_chosen=is_chosen)

    def has_chosen(self) -> bool:
        """Whether a chosen node is at this path or below it."""
        return self.is_chosen or any(each.has_chosen() for each in self.below.values())

    def others(self) -> tuple[str, ...] | None:
        """Return the paths that leave exactly the chosen nodes; None where that cannot be said."""
        if self.is_other:
            return None if self.has_chosen() else (self.path,)
        if not self.has_chosen():
            return (self.path,)
        found: tuple[str, ...] = ()
        for each in self.below.values():
            part = each.others()
            if part is None:
                return None
            found += part
        return found


def shortest_selection(*, chosen: Iterable[str], every: Iterable[str]) -> Selection:
    """Select the chosen nodes and no others, with few selectors.

    Args:
        chosen: Paths of the nodes to select.
        every: Paths of all nodes that could be selected.
    """
    wanted = frozenset(chosen)
    root = _Folder("")
    for name in sorted(wanted.union(every)):
        root.add(name.split("."), is_chosen=name in wanted)
    return sum((_shortest(each) for each in root.below.values()), start=Selection(()))


def _shortest(folder: _Folder) -> Selection:
    """Select below a path: as a whole without the others, or part by part."""
    if not folder.has_chosen():
        return Selection(())
    whole = Selection((folder.path,), folder.others() or ())
    if folder.is_chosen:
        return whole  # its own path selects all below it anyway
    parts = sum((_shortest(each) for each in folder.below.values()), start=Selection(()))
    return whole if folder.others() is not None and len(whole) < len(parts) else parts
