"""YAML that remembers where each value stands, so that a message can name the line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from governance.yaml_documents import value_of

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the settings: where, what, and how to mend it."""

    line: int
    key: str
    message: str
    remedy: str

    def text(self, file: str) -> str:
        """Return the problem as one line of a report."""
        return f"{self.place(file)}: {self.message}. {self.remedy}"

    def place(self, file: str) -> str:
        """Return the line, and the key where the problem is one of a key."""
        return f"{file}:{self.line}: {self.key}" if self.key else f"{file}:{self.line}"


@dataclass(frozen=True, slots=True)
class LocatedDocument:
    """A YAML document as plain values, with the line of every key and item."""

    values: Any
    lines: dict[KeyPath, int]
    duplicates: tuple[KeyPath, ...]

    def line(self, path: KeyPath) -> int:
        """Return the line of a path, or of its nearest ancestor that exists (1 for the document)."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return self.lines.get((), 1)


def read_located(text: str) -> LocatedDocument:
    """Parse YAML text; raises `yaml.YAMLError` where it is not YAML, or holds a value that cannot be."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        return LocatedDocument(values={}, lines={}, duplicates=())
    return _of_node(node)


def read_located_documents(text: str) -> list[LocatedDocument]:
    """Parse YAML text of any number of documents, whose lines are those of the whole text.

    Raises:
        yaml.YAMLError: It is not YAML.
    """
    nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    return [_of_node(node) for node in nodes if not _is_empty(node)]


def _is_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _of_node(node: yaml.Node) -> LocatedDocument:
    values = value_of(node)
    lines: dict[KeyPath, int] = {(): node.start_mark.line + 1}
    duplicates: list[KeyPath] = []
    for path, line in _walk(node, ()):
        if path in lines and not any(path[: len(other)] == other for other in duplicates):
            duplicates.append(path)
        lines[path] = line
    return LocatedDocument(values=values, lines=lines, duplicates=tuple(duplicates))


def _walk(node: yaml.Node, path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            yield below, key.start_mark.line + 1
            yield from _walk(value, below)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            below = (*path, index)
            yield below, item.start_mark.line + 1
            yield from _walk(item, below)


def key_text(path: KeyPath) -> str:
    """Write a path as people do: `services[3].owners[0].team`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text
