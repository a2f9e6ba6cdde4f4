"""Leaving of a page the records that were traced: the others become null, each record keeps its place."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from lineage.errors import ReplayInputError

RECORDS_AT = "records-at"
"""The header in which a page says where its records stand in the body, as a dotted path."""

_GIT_MARK = b"\x1e"
_NULL = msgspec.Raw(b"null")
_RawList = list[msgspec.Raw]
_RawObject = dict[str, msgspec.Raw]
_TOTAL = "total_count"


def keep_records(body: bytes, ordinals: Collection[int], *, path: str | None = None) -> bytes:
    """Return the body with all records but these blanked; what is kept stays byte for byte.

    Args:
        body: the page's body: a JSON list, an object around one, one JSON record, or the output of git.
        ordinals: positions of the records to keep.
        path: dotted path of the list in the body, where the page says one.

    Raises:
        ReplayInputError: the body cannot be taken apart.
    """
    if body.startswith(_GIT_MARK):
        return _kept_of_git(body, ordinals)
    try:
        return _kept_of_json(body, ordinals, path)
    except msgspec.DecodeError as error:
        raise ReplayInputError(f"a page's body is neither JSON nor the output of git: {error}") from error


def _kept_of_git(body: bytes, ordinals: Collection[int]) -> bytes:
    records = body.split(_GIT_MARK)[1:]
    kept = (record if ordinal in ordinals else b"" for ordinal, record in enumerate(records))
    return b"".join(_GIT_MARK + record for record in kept)


def _kept_of_json(body: bytes, ordinals: Collection[int], path: str | None) -> bytes:
    if body.lstrip()[:1] == b"[":
        return _kept_of_list(body, ordinals)
    if body.lstrip()[:1] != b"{":
        return body if 0 in ordinals else b"null"
    if path:
        return _kept_at(body, path.split("."), ordinals)
    members = msgspec.json.decode(body, type=_RawObject)
    lists = [name for name, value in members.items() if bytes(value).lstrip()[:1] == b"["]
    if _TOTAL in members and len(lists) == 1:
        return _kept_at(body, lists, ordinals)
    return body if 0 in ordinals else b"[null]"


def _kept_at(body: bytes, keys: Sequence[str], ordinals: Collection[int]) -> bytes:
    members: Mapping[str, Any] = msgspec.json.decode(body, type=_RawObject)
    if keys[0] not in members:
        return body
    inner = bytes(members[keys[0]])
    if len(keys) > 1 and inner.lstrip()[:1] == b"{":
        kept = _kept_at(inner, keys[1:], ordinals)
    elif inner.lstrip()[:1] == b"[":
        kept = _kept_of_list(inner, ordinals)
    else:
        kept = inner if 0 in ordinals else b"null"
    return msgspec.json.encode({**members, keys[0]: msgspec.Raw(kept)})


def _kept_of_list(text: bytes, ordinals: Collection[int]) -> bytes:
    items = msgspec.json.decode(text, type=_RawList)
    return msgspec.json.encode([item if at in ordinals else _NULL for at, item in enumerate(items)])
