"""The top-level records of a body, in their order."""

import json
from typing import Any, Final

import msgspec

_RECORD_MARK = b"\x1e"
_TOTAL = "total_count"
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


RECORDS_AT = "records-at"
"""The header in which a page says where its records stand in the body, as a dotted path."""


def records_of(body: bytes, *, path: str | None = None) -> list[Any]:
    """The records of a page: items of an array, of a list at a path or beside `total_count`, or the one.

    Args:
        body: The page's body.
        path: Dotted path of the list (or of the one record), where the page says one.

    A body that starts with the record separator (`git log` pages) is split at it; its records are text, in
    which bytes that are not UTF-8 are escaped. Any other body is one record of text.
    """
    if body.startswith(_RECORD_MARK):
        return [each.decode(errors="backslashreplace") for each in body.split(_RECORD_MARK)[1:]]
    try:
        value = json.loads(body)
    except ValueError:
        return [body.decode(errors="backslashreplace")] if body else []
    if isinstance(value, dict) and path:
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        return [] if value is None else value if isinstance(value, list) else [value]
    if isinstance(value, dict) and _TOTAL in value:
        lists = [item for item in value.values() if isinstance(item, list)]
        if len(lists) == 1:
            return lists[0]
    return value if isinstance(value, list) else [value]


class PageRecords:
    """The records of a page, as `records_of` lists them; only those that are asked for are decoded.

    A page of several hundred kilobytes is split into its records some fifteen times as fast as it is decoded.
    """

    def __init__(self, body: bytes, *, path: str | None = None) -> None:
        spans = _spans(body, path)
        self._is_encoded = spans is not None
        self._records: list[Any] = records_of(body, path=path) if spans is None else spans

    def __len__(self) -> int:
        """How many records the page has."""
        return len(self._records)

    def __getitem__(self, ordinal: int) -> Any:
        """The record at a place, from 0."""
        record = self._records[ordinal]
        return json.loads(bytes(record).decode()) if self._is_encoded else record


def _spans(body: bytes, path: str | None) -> list[msgspec.Raw] | None:
    """Where the records stand in a body of JSON; None where only decoding all of it can tell."""
    try:
        body.decode()  # what is stepped over is not looked at so closely
        if body.lstrip()[:1] == b"[":
            return _LIST.decode(body)
        return _spans_of_object(_OBJECT.decode(body), body, path)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _spans_of_object(
    found: dict[str, msgspec.Raw], body: bytes, path: str | None
) -> list[msgspec.Raw] | None:
    if path:
        value = msgspec.Raw(body)
        for key in path.split("."):
            inner = _OBJECT.decode(value).get(key) if _begins(value, b"{") else None
            if inner is None:
                return []
            value = inner
        return [] if _begins(value, b"n") else _LIST.decode(value) if _begins(value, b"[") else [value]
    lists = [value for value in found.values() if _begins(value, b"[")] if _TOTAL in found else []
    return _LIST.decode(lists[0]) if len(lists) == 1 else [msgspec.Raw(body)]


def _begins(value: msgspec.Raw, sign: bytes) -> bool:
    return bytes(memoryview(value)).lstrip()[:1] == sign
