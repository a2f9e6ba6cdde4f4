"""The shapes of records: their keys and types, counted without keeping a value.

Read are the fields of every record and of every object inside it that staging reads into; what stands inside
other objects and lists is counted as an object or a list.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from quality_checks.source_drift.contracts import (
    ITEM,
    NUMBERS,
    PAGE,
    ZONELESS,
    FieldContract,
    FieldPath,
    SourceContract,
    fit,
)

ORDINAL_BITS: Final = 23
UNREADABLE: Final = "unreadable"
NO_RECORDS: Final = "no_records"
TOO_FEW_PARTS: Final = "too_few_parts"
_SHORT: Final = 10  # fits every type of number
_ALIKE_HELD: Final = 500
_ALIKE_BYTES: Final = 65_536
ITSELF: Final = ("\0",)
_ZONELESS_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?")
_Raw = msgspec.Raw
_Value = str | int | float | bool | None | list[_Raw] | dict[str, _Raw]
_Record = dict[str, _Value] | str | int | float | bool | None | list[_Raw]
_TYPES: Final[Mapping[type, str]] = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
    list: "list",
    dict: "object",
}
_FIRST_BYTES: Final[Mapping[int, str]] = {
    ord('"'): "string",
    ord("{"): "object",
    ord("["): "list",
    ord("t"): "boolean",
    ord("f"): "boolean",
    ord("n"): "null",
}
_BY_FIRST_BYTE: Final = tuple(_FIRST_BYTES.get(byte, "number") for byte in range(256))
_typed_records = msgspec.json.Decoder(list[_Record]).decode
_typed_object = msgspec.json.Decoder(dict[str, _Value]).decode
_raw_list = msgspec.json.Decoder(list[_Raw]).decode
_raw_object = msgspec.json.Decoder(dict[str, _Raw]).decode
_anything = msgspec.json.Decoder().decode


@dataclass(slots=True)
class Node:
    """A place that staging reads, with those below it.

    Attributes:
        path: The place.
        contract: How staging reads it; None where only what stands below it is read.
        children: The places below.
    """

    path: FieldPath
    contract: FieldContract | None = None
    children: dict[str, "Node"] = field(default_factory=dict)

    @property
    def is_entered(self) -> bool:
        """Whether anything inside the value is read."""
        return bool(self.children) or (self.contract is not None and self.contract.shows_keys)


def contract_tree(contract: SourceContract) -> Node:
    """Put the fields of a contract into a tree."""
    root = Node(())
    for each in contract.fields:
        at = root
        for length, key in enumerate(each.path, start=1):
            at = at.children.setdefault(key, Node(each.path[:length]))
        at.contract = each
    return root


@dataclass(slots=True)
class Seen:
    """How often one shape was seen, and where first and last."""

    first_log_index: int
    first_record_id: int
    last_log_index: int
    record_count: int = 0
    types: Mapping[str, str] = field(default_factory=dict)
    watched: tuple[tuple[str, Node], ...] = ()
    entered: tuple[tuple[str, Node], ...] = ()


Shape = tuple[FieldPath, tuple[str, ...], tuple[Any, ...]]


@dataclass(slots=True)
class ShapeBook:
    """The shapes of the objects of some pages.

    Attributes:
        contract: What staging reads.
        shapes: Each shape: the object's path, its keys and their types; of something else than an object,
            where one is looked for, `ITSELF` and its type.
        values: Texts and words that only their value tells right from wrong: by path, JSON type and text.
        alike: Shapes of inner objects that stand in many records as they are, such as a repository.
        page_signs: What pages themselves showed, by sign: `unreadable`, `no_records`, a key beside the list.
    """

    contract: SourceContract
    root: Node
    shapes: dict[Shape, Seen] = field(default_factory=dict)
    values: dict[tuple[FieldPath, str, str], Seen] = field(default_factory=dict)
    page_signs: dict[tuple[FieldPath, str], Seen] = field(default_factory=dict)
    alike: dict[tuple[FieldPath, bytes], Seen] = field(default_factory=dict)
    log_index: int = 0
    record_id: int = 0

    def nodes(self) -> dict[FieldPath, Node]:
        """Return every place that staging reads."""
        return {node.path: node for node in walk(self.root)}

    def read(self, log_index: int, body: bytes) -> None:
        """Count the records of one page."""
        self.log_index, self.record_id = log_index, log_index << ORDINAL_BITS
        if self.contract.is_separated:
            self._read_separated(body)
            return
        try:
            self._read_json(body)
        except (ValueError, RecursionError):  # of which msgspec's own and those of UTF-8 are ones
            self.sign((PAGE,), UNREADABLE)

    def sign(self, path: FieldPath, sign: str) -> None:
        """Count something that a page shows."""
        self._see(self.page_signs, (path, sign))

    def _see(self, seen: dict[Any, Seen], key: Any) -> Seen:
        found = seen.get(key)
        if found is None:
            found = seen[key] = Seen(self.log_index, self.record_id, self.log_index)
        found.record_count += 1
        found.last_log_index = self.log_index
        return found

    def _read_separated(self, body: bytes) -> None:
        if body.strip() and not body.startswith(b"\x1e"):
            self.sign((PAGE,), UNREADABLE)
            return
        for ordinal, record in enumerate(body.split(b"\x1e")[1:]):
            self.record_id = (self.log_index << ORDINAL_BITS) | ordinal
            parts = record.count(b"\x1f") + 1
            is_whole = parts >= self.contract.least_parts
            self.sign((PAGE, "parts"), "whole" if is_whole else TOO_FEW_PARTS)

    def _read_json(self, body: bytes) -> None:
        if not body.strip():
            return
        for ordinal, record in enumerate(self._records(body)):
            self.record_id = (self.log_index << ORDINAL_BITS) | ordinal
            if type(record) is dict:
                self._object(self.root, record)
                if not ordinal:
                    self._instants(record)
            else:
                self._see(self.shapes, ((), ITSELF, (_TYPES[type(record)],)))

    def _instants(self, record: Mapping[str, Any]) -> None:
        """Look at the instants of a page's first record: who leaves zones out does so everywhere."""
        for path in self.contract.instants:
            value: Any = record
            for key in path:
                value = value.get(key) if isinstance(value, dict) else None
                value = _anything(value) if type(value) is _Raw else value
            if isinstance(value, str) and _ZONELESS_INSTANT.fullmatch(value):
                self.sign(path, ZONELESS)

    def _records(self, body: bytes) -> Sequence[Any]:
        text: bytes | msgspec.Raw = body
        if body.lstrip()[:1] == b"{" and self.contract.envelope:
            found = self._unwrapped(body)
            if found is None:
                return ()
            text = found
        elif body.lstrip()[:1] not in (b"[", b"{"):
            _anything(body)  # of a page that is no JSON at all, this says so
            self.sign((PAGE,), NO_RECORDS)
            return ()
        is_list = json_type_of(text) == "list"
        try:
            return _typed_records(text if is_list else b"[" + bytes(text) + b"]")
        except msgspec.ValidationError:  # numbers beyond those of Python's types
            return [_anything_or_raw(each) for each in (_raw_list(text) if is_list else [msgspec.Raw(text)])]

    def _unwrapped(self, body: bytes) -> msgspec.Raw | None:
        """Return what the envelope holds; None where it holds nothing."""
        ways = (self.contract.envelope, *self.contract.optional_envelopes)
        page = _raw_object(body)
        way = next((each for each in ways if each[0] in page), None)
        if way is None:
            self.sign((PAGE,), NO_RECORDS)
            return None
        for key in page:
            if key != way[0]:
                self.sign((PAGE, key), json_type_of(page[key]))
        inner = page[way[0]]
        for key in way[1:]:
            at = _raw_object(inner) if json_type_of(inner) == "object" else {}
            if key not in at:
                self.sign((PAGE,), NO_RECORDS)
                return None
            inner = at[key]
        kind = json_type_of(inner)
        if kind not in ("list", "object", "null"):
            self.sign((PAGE,), NO_RECORDS)
        return inner if kind in ("list", "object") else None

    def _object(self, node: Node, found: Mapping[str, Any]) -> Seen:
        names = tuple(found)
        kinds: tuple[Any, ...] = tuple(map(type, found.values()))
        if kinds[:1] == (_Raw,):  # nothing of it was parsed
            kinds = tuple([_BY_FIRST_BYTE[memoryview(each)[0]] for each in found.values()])
        key = (node.path, names, kinds)
        seen = self.shapes.get(key)
        if seen is None:
            seen = self.shapes[key] = Seen(self.log_index, self.record_id, self.log_index)
            seen.types = {name: _TYPES.get(kind, kind) for name, kind in zip(names, kinds, strict=True)}
            seen.watched, seen.entered = _attention(node, seen.types)
        seen.record_count += 1
        seen.last_log_index = self.log_index
        for name, child in seen.watched:
            self._value(child, found[name])
        for name, child in seen.entered:
            self._enter(child, found[name])
        return seen

    def _enter(self, node: Node, value: Any) -> None:
        if type(value) is _Raw and json_type_of(value) == "object":
            self._inner_object(node, value)
            return
        if type(value) is _Raw:
            value = _raw_list(value)
        if type(value) is dict:
            self._object(node, value)
            return
        item = node.children[ITEM]
        for each in value:
            kind = json_type_of(each)
            if kind == "object" and item.is_entered and ITEM not in item.children:
                self._object(item, _opened(each))
            elif kind == "list" and ITEM in item.children:
                self._enter(item, each)
            else:
                self._see(self.shapes, (item.path, ITSELF, (kind,)))

    def _inner_object(self, node: Node, raw: msgspec.Raw) -> None:
        """Count an object that was not parsed; the same bytes have the same shape."""
        key = (node.path, bytes(raw))
        seen = self.alike.get(key)
        if seen is not None:
            seen.record_count += 1
            seen.last_log_index = self.log_index
            return
        seen = self._object(node, _opened(raw))
        is_small = len(key[1]) <= _ALIKE_BYTES and len(self.alike) < _ALIKE_HELD
        if is_small and not (seen.watched or seen.entered):
            self.alike[key] = seen

    def _value(self, node: Node, value: Any) -> None:
        if type(value) is msgspec.Raw:
            kind, text = json_type_of(value), bytes(value).decode().strip()
            text = str(_anything(value)) if kind == "string" else text
        else:
            kind = _TYPES[type(value)]
            text = str(value).lower() if kind == "boolean" else str(value)
        contract = node.contract
        if contract is not None and contract.words:
            is_fine = text.lower() in contract.words
        else:
            is_fine = kind == "string" and len(text) < _SHORT and text.isascii() and text.isdigit()
            is_fine = is_fine and contract is not None and contract.type in NUMBERS
        if not is_fine and text.strip():
            self._see(self.values, (node.path, kind, text))


def json_type_of(raw: bytes | msgspec.Raw) -> str:
    """Return the JSON type of a value that was not parsed."""
    first = memoryview(raw)[0]
    return _BY_FIRST_BYTE[bytes(raw).lstrip()[0] if first in b" \t\r\n" else first]


def _opened(raw: msgspec.Raw) -> Mapping[str, Any]:
    """Return the fields of an object; unparsed where a number is beyond those of Python's types."""
    try:
        return _typed_object(raw)
    except msgspec.ValidationError:
        return _raw_object(raw)


def _anything_or_raw(raw: msgspec.Raw) -> Any:
    """Return a record of which a number is out of range: its fields stay unparsed."""
    kind = json_type_of(raw)
    return _raw_object(raw) if kind == "object" else _raw_list(raw) if kind == "list" else _anything(raw)


def _attention(
    node: Node, types: Mapping[str, str]
) -> tuple[tuple[tuple[str, Node], ...], tuple[tuple[str, Node], ...]]:
    """Say which values of a shape must be looked at, and which must be entered."""
    present = [(name, child) for name, child in node.children.items() if name in types]
    watched = tuple((name, child) for name, child in present if _is_watched(child, types[name]))
    entered = tuple(
        (name, child)
        for name, child in present
        if child.is_entered and types[name] == ("list" if ITEM in child.children else "object")
    )
    return watched, entered


def _is_watched(node: Node, json_type: str) -> bool:
    if node.contract is None or json_type in ("null", "object", "list"):
        return False
    has_words = bool(node.contract.words) and json_type == "string"
    is_kept_by_value = fit(node.contract.type, json_type) == "by_value" and node.contract.type != "varchar"
    return has_words or is_kept_by_value


def fields_of(book: ShapeBook) -> Iterator[tuple[FieldPath, str, Seen]]:
    """Take shapes apart into fields: path, JSON type (`absent` where a read field is missing), and where."""
    nodes = book.nodes()
    for (path, names, kinds), seen in book.shapes.items():
        if names == ITSELF:
            yield path, kinds[0], seen
            continue
        if not path or path[-1] == ITEM:
            yield path, "object", seen
        for name, json_type in seen.types.items():
            yield (*path, name), json_type, seen
        for name in nodes[path].children.keys() - set(names):
            if name != ITEM:
                yield (*path, name), "absent", seen
    for (path, sign), seen in book.page_signs.items():
        yield path, sign, seen


def walk(node: Node) -> Iterator[Node]:
    """Give a place and all below it."""
    yield node
    for child in node.children.values():
        yield from walk(child)
