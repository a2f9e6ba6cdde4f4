"""Groups of what is joined: union and find, with members, in an order that hangs on the names alone."""

from collections.abc import Iterable, Sequence


class Components:
    """Keys in groups that grow together; which key is a group's root must not show outside."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._parent: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        for key in keys:
            self._add(key)

    def knows(self, key: str) -> bool:
        """Whether a key belongs to any group."""
        return key in self._parent

    def root(self, key: str) -> str:
        """Return the key that stands for the group; a new key is a group of its own."""
        self._add(key)
        root = key
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[key] != root:
            self._parent[key], key = root, self._parent[key]
        return root

    def members(self, key: str) -> list[str]:
        """Return the keys of the group that a key belongs to."""
        return self._members[self.root(key)]

    def join(self, keys: Sequence[str]) -> None:
        """Make one group of all the groups that the keys belong to."""
        roots = sorted({self.root(key) for key in keys}, key=lambda root: (-len(self._members[root]), root))
        if not roots:
            return
        largest, *others = roots
        for other in others:
            self._parent[other] = largest
            self._members[largest].extend(self._members.pop(other))

    def groups(self) -> list[list[str]]:
        """Return the groups, each in order, ordered by their first keys."""
        return sorted(sorted(members) for members in self._members.values())

    def _add(self, key: str) -> None:
        if key not in self._parent:
            self._parent[key] = key
            self._members[key] = [key]
