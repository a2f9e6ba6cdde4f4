"""YAML files that people edit, read so that an error can name the line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from governance.errors import PolicyError

_KEY_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")


@dataclass(frozen=True, slots=True)
class Document:
    """A file's value, and the line (from 1) on which each key path starts; items of lists by their index."""

    path: Path
    value: dict[str, Any]
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)

    def place(self, *keys: str) -> str:
        """Return `file:line` of a key path, or of the nearest parent that has a line."""
        for length in range(len(keys), 0, -1):
            if keys[:length] in self.lines:
                return f"{self.path}:{self.lines[keys[:length]]}"
        return str(self.path)


class StrictLoader(yaml.SafeLoader):
    """A safe loader that names the line of a value that cannot be, such as the 30th of February."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT002 - as inherited
        """Make a value; raises `yaml.MarkedYAMLError` where there is none like it."""
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            raise yaml.MarkedYAMLError(
                problem=f"{getattr(node, 'value', 'a value')!r}: {error}", problem_mark=node.start_mark
            ) from error


def value_of(node: yaml.Node) -> Any:
    """Return the plain value of a composed document.

    Raises:
        yaml.MarkedYAMLError: A value cannot be, or contains itself.
    """
    _refuse_recursion(node, [])
    return StrictLoader("").construct_document(node)


def _refuse_recursion(node: yaml.Node, above: list[yaml.Node]) -> None:
    if any(each is node for each in above):
        raise yaml.MarkedYAMLError(problem="an alias stands inside itself", problem_mark=node.start_mark)
    if isinstance(node, yaml.MappingNode):
        below = [each for pair in node.value for each in pair]
    else:
        below = node.value if isinstance(node, yaml.SequenceNode) else []
    for each in below:
        _refuse_recursion(each, [*above, node])


def read_document(path: Path) -> Document:
    """Read a YAML mapping; an empty file is an empty mapping.

    Raises:
        PolicyError: it is no YAML or not a mapping, or a key stands twice. The line is named.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=StrictLoader)
        value = None if node is None else value_of(node)
        if node is not None:
            _refuse_ambiguous_keys(node)
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path}: not text in UTF-8: {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise PolicyError(f"{path}{line}: not valid YAML: {problem}") from error
    if value is None:
        return Document(path, {})
    if not isinstance(value, dict):
        raise PolicyError(f"{path}:1: expected a mapping, found {type(value).__name__}")
    lines: dict[tuple[str, ...], int] = {}
    if node is not None:
        _collect_lines(node, (), lines)
    return Document(path, value, lines)


def _refuse_ambiguous_keys(node: yaml.Node) -> None:
    """Refuse a key that stands twice, for YAML silently takes the last, and one that is no text (`no:`)."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_ambiguous_keys(item)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.tag not in _KEY_TAGS:
            problem = f"the key {key.value!r} is read as no text; put it in quotes"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
        if key.value in seen:
            problem = f"{key.value!r} stands twice, in line {seen[key.value]} too; put both into one"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
        seen[key.value] = line
        _refuse_ambiguous_keys(value)


def _collect_lines(node: yaml.Node, keys: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> None:
    if isinstance(node, yaml.MappingNode):
        below = [(str(key.value), key, value) for key, value in node.value]
    elif isinstance(node, yaml.SequenceNode):
        below = [(str(index), item, item) for index, item in enumerate(node.value)]
    else:
        return
    for name, at, value in below:
        lines[(*keys, name)] = at.start_mark.line + 1
        _collect_lines(value, (*keys, name), lines)
