"""How a record is read: the structure that DuckDB's JSON reader is given, and where each value then stands.

Leaves are text, so that a value of another type than expected arrives and its failed cast can be counted.
What a structure cannot say (two keys that differ in case only, a value that is read whole and in parts)
stays JSON text and is taken apart where it is used.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from orchestration.staging_models.paths import Path

Structure = str | dict[str, "Structure"] | list["Structure"]

_TEXT, _JSON = "VARCHAR", "JSON"
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(slots=True)
class _Node:
    children: dict[str | int, "_Node"] = field(default_factory=dict)
    is_text: bool = False
    is_json: bool = False

    @property
    def is_struct(self) -> bool:
        """Whether a structure can say what is read of the value."""
        names = [each for each in self.children if isinstance(each, str)]
        is_distinct = len({name.lower() for name in names}) == len(names) == len(self.children)
        return bool(names) and is_distinct and not self.is_json and not self.is_text

    @property
    def is_tuple(self) -> bool:
        """Whether places of a list are read, each as a text."""
        return (
            bool(self.children)
            and not self.is_json
            and not self.is_text
            and all(isinstance(each, int) for each in self.children)
            and all(not each.children and not each.is_json for each in self.children.values())
        )

    def structure(self) -> Structure:
        if self.is_struct:
            return {str(name): child.structure() for name, child in self.children.items()}
        if self.is_tuple:
            return [_TEXT]
        return _JSON if self.children or self.is_json else _TEXT


@dataclass(frozen=True, slots=True)
class RecordShape:
    """What is read of a record, and the SQL that reads it."""

    root: _Node

    @property
    def structure(self) -> Structure:
        """The structure, as `records_in` takes it."""
        return self.root.structure()

    def text(self, path: Path) -> str:
        """The value as text; an object or a list as its JSON."""
        return self._value(path, is_json=False)

    def json(self, path: Path) -> str:
        """The value as JSON text; null where it is null or absent."""
        return self._value(path, is_json=True)

    def exists(self, path: Path) -> str:
        """Whether something stands there that is not null."""
        return f"{self._value(path, is_json=True)} is not null"

    def _value(self, path: Path, *, is_json: bool) -> str:
        if path.page is not None:
            return path.page
        at, expression = self.root, "record"
        for place, key in enumerate(path.keys):
            if at.is_struct:
                expression += f".{quoted(str(key))}"
            elif at.is_tuple:
                expression += f"[{int(key) + 1}]"
            else:
                return _inside(expression, path.keys[place:], is_json=is_json)
            at = at.children[key]
        if not is_json and at.structure() == _JSON:
            return f"({expression} ->> '$')"
        return expression


def record_shape(texts: Iterable[Path], *, whole: Iterable[Path] = ()) -> RecordShape:
    """The shape of records of which these values are read.

    Args:
        texts: Values that are read as text; of a path with `[*]`, the list is read whole.
        whole: Values that are read as JSON text.
    """
    root = _Node()
    for path in texts:
        node = _node(root, path)
        node.is_json |= path.is_list
        node.is_text |= not path.is_list
    for path in whole:
        _node(root, path).is_json = True
    if not root.children:
        root.is_json = True
    return RecordShape(root)


def quoted(name: str) -> str:
    """A key as an identifier."""
    return name if _PLAIN.fullmatch(name) else f'"{name}"'


def json_path(keys: Iterable[str | int]) -> str:
    """Keys as DuckDB writes a path: `$."fields"[0]."name"`."""
    return "$" + "".join(f"[{key}]" if isinstance(key, int) else f'."{key}"' for key in keys)


def _node(root: _Node, path: Path) -> _Node:
    at = root
    for key in path.keys:
        at = at.children.setdefault(key, _Node())
    return at


def _inside(expression: str, keys: tuple[str | int, ...], *, is_json: bool) -> str:
    if is_json:
        return f"nullif(({expression} -> '{json_path(keys)}')::varchar, 'null')"
    return f"({expression} ->> '{json_path(keys)}')"
