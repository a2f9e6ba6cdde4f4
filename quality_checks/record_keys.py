"""The keys of a body's records, read with msgspec (or a byte pattern, for `git log`), never with DuckDB."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from operator import attrgetter
from typing import Any, Final

import msgspec

from quality_checks.streams import KeyPart, KeyReading, StreamContract

BETWEEN_PARTS: Final = "\x1f"
_COMMIT = re.compile(rb"\x1e([0-9a-f]{40}(?:[0-9a-f]{24})?)\x1f")
_REFERENCE = re.compile(rb"\x1e([^\x1e\x1f]+)\x1f")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_Scalar = int | float | str

KeyReader = Callable[[bytes | memoryview], list[str | None]]


def key_reader(contract: StreamContract) -> KeyReader:
    """A function from a body to the keys of its records, in their order; None where one may lack its key.

    Of a key, the parts that stand in the record are given, one after the other. The function raises
    `msgspec.DecodeError` (of which a wrong type is one) or `ValueError` where the body is not what the
    endpoint documents.
    """
    if contract.shape == "separated":
        pattern = _COMMIT if contract.stream == "commits" else _REFERENCE
        return lambda body: _separated(bytes(body), pattern)
    records_of, key_of = _records_reader(contract, _record_type(contract)), _key_getter(contract)
    return lambda body: list(map(key_of, records_of(body)))


def record_reader(contract: StreamContract) -> Callable[[bytes], list[Any]]:
    """A function from a body to its records as they are, in their order; raises as that of `key_reader`."""
    if contract.shape == "separated":
        return _separated_fields
    records_of = _records_reader(contract, Any)
    return lambda body: list(records_of(body))


def value_at(record: Any, path: tuple[str | int, ...]) -> Any:
    """What stands at a place of a record; None where there is no such place."""
    for key in path:
        is_there = isinstance(record, dict) if isinstance(key, str) else isinstance(record, list)
        try:
            record = record[key] if is_there else None
        except (KeyError, IndexError):
            return None
    return record


def written(reading: KeyReading, value: Any) -> str:
    """A part of a key as the text that staging's side has too.

    Raises:
        ValueError: It is no such value.
    """
    return _WRITERS[reading](value)


def _records_reader(contract: StreamContract, record: Any) -> Callable[[bytes | memoryview], Iterable[Any]]:
    if contract.shape == "array":
        array: Callable[[bytes | memoryview], list[Any]] = msgspec.json.Decoder(list[record]).decode
        return array
    if contract.shape == "array_or_object":
        one_or_many = msgspec.json.Decoder(list[record] | record)
        return lambda body: _listed(one_or_many.decode(body))
    wrapped: Any = list[record] | record | None
    for key in reversed(contract.envelope):
        wrapped = msgspec.defstruct("Envelope", [("inner", wrapped)], rename={"inner": key})
    page = msgspec.json.Decoder(list[record] | wrapped)
    inner = attrgetter(".".join("inner" for _ in contract.envelope))

    def unwrapped(body: bytes | memoryview) -> Iterable[Any]:
        found = page.decode(body)
        return found if isinstance(found, list) else _listed(inner(found))

    return unwrapped


def _listed(found: Any) -> list[Any]:
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def _record_type(contract: StreamContract) -> Any:
    """A structure with the parts of the key and nothing else; anything where a part stands in a list."""
    if any(isinstance(key, int) for part in contract.record_parts for key in part.path):
        return Any
    leaf: Any = _Scalar | None if contract.is_key_optional else _Scalar
    return _structure(
        [(part.path, Any if part.reading == "json" else leaf) for part in contract.record_parts]
    )


def _structure(leaves: list[tuple[tuple[str | int, ...], Any]]) -> Any:
    below: dict[str, list[tuple[tuple[str | int, ...], Any]]] = {}
    for (first, *rest), leaf in leaves:
        below.setdefault(str(first), []).append((tuple(rest), leaf))
    fields: list[Any] = []
    for place, inner in enumerate(below.values()):
        whole = [leaf for path, leaf in inner if not path]
        kind = whole[0] if whole else _structure(inner)
        has_default = kind == _Scalar | None
        fields.append((f"k{place}", kind, None) if has_default else (f"k{place}", kind))
    rename = {f"k{place}": name for place, name in enumerate(below)}
    return msgspec.defstruct("Record", fields, rename=rename)


def _key_getter(contract: StreamContract) -> Callable[[Any], str | None]:
    parts = contract.record_parts
    getters = [_getter(part, parts) for part in parts]
    writers = [_WRITERS[part.reading] for part in parts]
    if len(parts) == 1:
        get, write = getters[0], writers[0]
        return lambda record: None if (value := get(record)) is None else write(value)
    return lambda record: BETWEEN_PARTS.join(
        write(get(record)) for get, write in zip(getters, writers, strict=True)
    )


def _getter(part: KeyPart, parts: tuple[KeyPart, ...]) -> Callable[[Any], Any]:
    if any(isinstance(key, int) for each in parts for key in each.path):
        return lambda record: _walk(record, part.path)
    return attrgetter(".".join(_names(part.path, [each.path for each in parts])))


def _names(path: tuple[str | int, ...], paths: list[tuple[str | int, ...]]) -> Iterator[str]:
    """The attributes that `_structure` gave the keys of a path."""
    if path:
        first, *rest = path
        known = list(dict.fromkeys(each[0] for each in paths))
        yield f"k{known.index(first)}"
        yield from _names(tuple(rest), [each[1:] for each in paths if each[0] == first and len(each) > 1])


def _walk(record: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        try:
            record = record[key]
        except (KeyError, IndexError, TypeError) as error:
            raise ValueError(f"the record has no {path}") from error
    return record


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    if value is None or isinstance(value, dict | list):
        raise ValueError("a part of the key is no text and no number")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _date(value: Any) -> str:
    return date.fromisoformat(str(value)[:10]).isoformat()


def _whole_number(value: Any) -> str:
    if type(value) is int:
        return str(value)
    number = _decimal(value)
    if number != number.to_integral_value():
        raise ValueError(f"{value!r} is no whole number")
    return str(int(number))


def _instant(value: Any) -> str:
    read = datetime.fromisoformat(str(value))
    instant = read if read.tzinfo else read.replace(tzinfo=UTC)
    return str((instant - _EPOCH) // _MICROSECOND)


def _since_epoch(microseconds: int) -> Callable[[Any], str]:
    def write(value: Any) -> str:
        return str(int((_decimal(value) * microseconds).quantize(Decimal(1), ROUND_HALF_UP)))

    return write


def _decimal(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(f"{value!r} is no number") from error


_WRITERS: dict[KeyReading, Callable[[Any], str]] = {
    "text": _text,
    "json": _json,
    "whole_number": _whole_number,
    "date": _date,
    "instant": _instant,
    "epoch_seconds": _since_epoch(1_000_000),
    "epoch_milliseconds": _since_epoch(1_000),
}


def _separated(body: bytes, pattern: re.Pattern[bytes]) -> list[str | None]:
    if body.strip() and not body.startswith(b"\x1e"):
        raise ValueError("the page does not start with a record")
    return [found.decode("utf-8", "backslashreplace") for found in pattern.findall(body)]


def _separated_fields(body: bytes) -> list[Any]:
    records = body.decode("utf-8", "backslashreplace").split("\x1e")[1:]
    return [record.split(BETWEEN_PARTS) for record in records]
