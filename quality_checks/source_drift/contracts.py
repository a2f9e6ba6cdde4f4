"""What staging reads of one stream: paths with their types, and which of them every record must have.

A path is a tuple of keys; `[]` stands for every item of a list, `*` for a key that is data. Written out it is
`fields.status.name`, `labels[].name`, `customfield_*`; a key that is no plain word stands in double quotes.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

ITEM: Final = "[]"
ANY_KEY: Final = "*"
PAGE: Final = "@page"
FieldPath = tuple[str, ...]
FieldType = Literal[
    "varchar",
    "bigint",
    "integer",
    "double",
    "boolean",
    "date",
    "timestamptz",
    "epoch_seconds",
    "epoch_milliseconds",
    "varchar[]",
    "json",
    "object",
    "list",
    "any",
]
JsonType = Literal["string", "number", "boolean", "null", "object", "list", "absent"]

_PLAIN = re.compile(r"[A-Za-z0-9_@$*-]+")
NUMBERS: Final[tuple["FieldType", ...]] = (
    "bigint",
    "integer",
    "double",
    "epoch_seconds",
    "epoch_milliseconds",
)
NATURAL: Final[dict[FieldType, frozenset[str]]] = {
    **{number: frozenset({"number"}) for number in NUMBERS},
    "varchar": frozenset({"string"}),
    "boolean": frozenset({"boolean"}),
    "date": frozenset({"string"}),
    "timestamptz": frozenset({"string"}),
    "varchar[]": frozenset({"list"}),
    "object": frozenset({"object"}),
    "list": frozenset({"list"}),
    "json": frozenset({"string", "number", "boolean", "object", "list"}),
    "any": frozenset({"string", "number", "boolean", "object", "list"}),
}
"""JSON types in which a value of each type normally stands."""

ZONELESS: Final = "string without a time zone"
"""A text that is an instant only for whoever knows where its clock hangs."""

_SCALARS = frozenset({"string", "number", "boolean", ZONELESS})
_ORDER: dict[FieldType, int] = {"any": 0, "json": 1, "varchar": 2}
_CONTAINERS: frozenset[FieldType] = frozenset({"varchar[]", "object", "list"})


def fit(type_: FieldType, json_type: str) -> Literal["natural", "by_value", "lost"]:
    """Say what becomes of a JSON value that staging reads as a type.

    `by_value` means that it is written in another way and is kept where its text can be read as the type.
    """
    if json_type in NATURAL[type_]:
        return "natural"
    if json_type in _SCALARS and type_ not in _CONTAINERS:
        return "by_value"
    return "lost"


def written_path(path: FieldPath) -> str:
    """Write a path as people read it; the record itself is `$`."""
    text = ""
    for key in path:
        if key == ITEM:
            text += ITEM
        else:
            name = key if _PLAIN.fullmatch(key) else '"' + key.replace('"', "'") + '"'
            text += f".{name}" if text else name
    return text or "$"


@dataclass(frozen=True, slots=True)
class FieldContract:
    """One value that staging reads.

    Attributes:
        path: Where it stands in a record.
        type: How staging reads it: as a column's type, as `object` or `list` where only what stands below is
            read, or as `any` where the type does not matter.
        is_required: Whether every record has it.
        words: The values of an enumeration, in lower case; empty where it is none.
        shows_keys: Whether the keys of an object that is read whole are told, such as the columns of a file.
    """

    path: FieldPath
    type: FieldType
    is_required: bool = False
    words: frozenset[str] = frozenset()
    shows_keys: bool = False


@dataclass(frozen=True)
class SourceContract:
    """What staging reads of one stream.

    Attributes:
        kind: The kind of source.
        stream: The stream.
        fields: What is read of a record.
        envelope: The keys that lead to the list of records; empty where the body is the list.
        is_separated: Whether a page is `git log` output instead of JSON.
        least_parts: The parts that a record of such a page has at least.
        optional_envelopes: Other keys below which records may stand.
    """

    kind: str
    stream: str
    fields: tuple[FieldContract, ...] = ()
    envelope: tuple[str, ...] = ()
    is_separated: bool = False
    least_parts: int = 0
    optional_envelopes: tuple[tuple[str, ...], ...] = ()

    @property
    def relation(self) -> str:
        """The view over the stream's pages."""
        return f"raw.{self.kind}__{self.stream}"

    @cached_property
    def by_path(self) -> dict[str, FieldContract]:
        """The fields by their written paths."""
        return {written_path(each.path): each for each in self.fields}

    @cached_property
    def instants(self) -> tuple[FieldPath, ...]:
        """Where instants stand as texts, but for those in lists."""
        return tuple(
            each.path for each in self.fields if each.type == "timestamptz" and ITEM not in each.path
        )

    @cached_property
    def sha256(self) -> str:
        """A fingerprint of all that decides what is sighted."""
        lines = [
            f"{self.envelope} {self.optional_envelopes} {self.is_separated} {self.least_parts}",
            *(f"{each.path} {each.type} {sorted(each.words)} {each.shows_keys}" for each in self.fields),
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def with_parents(fields: Iterable[FieldContract]) -> tuple[FieldContract, ...]:
    """Add the objects and lists on the way to each field; the stricter of two readings stays."""
    found: dict[FieldPath, FieldContract] = {}
    for each in fields:
        _add(found, each)
        for length in range(1, len(each.path)):
            is_list = each.path[length] == ITEM
            _add(found, FieldContract(each.path[:length], "list" if is_list else "object", is_required=False))
    return tuple(found[path] for path in sorted(found))


def _add(found: dict[FieldPath, FieldContract], new: FieldContract) -> None:
    old = found.setdefault(new.path, new)
    found[new.path] = FieldContract(
        new.path,
        _stricter(old.type, new.type),
        is_required=old.is_required or new.is_required,
        words=old.words | new.words,
        shows_keys=old.shows_keys or new.shows_keys,
    )


def _stricter(one: FieldType, other: FieldType) -> FieldType:
    """Return which of two readings asks for more; a value that is read whole and in parts may be anything."""
    low, high = sorted((one, other), key=lambda each: _ORDER.get(each, 3))
    is_read_both_ways = low != high and high in _CONTAINERS and low not in ("any", "json")
    return "any" if is_read_both_ways else high
