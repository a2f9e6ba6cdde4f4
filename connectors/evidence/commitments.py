"""Salted commitments: what the payload log says about a page or a window without telling anything.

A leaf holds HMAC-SHA256 of canonical metadata under a salt of its own. Once the salt is destroyed, nobody
can test a guess about what the leaf stood for.
"""

import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from connectors.evidence.errors import EvidenceInputError

SALT_BYTES = 32
PAGE_COLUMNS = (
    "source",
    "stream",
    "scope",
    "parent_key",
    "window_id",
    "sequence",
    "method",
    "url",
    "status",
    "headers",
    "fetched_at",
    "run_id",
    "body_sha256",
    "record_count",
)
WINDOW_COLUMNS = (
    "window_id",
    "source",
    "stream",
    "scope",
    "parent_key",
    "requested_from",
    "requested_until",
    "started_at",
    "closed_at",
    "run_id",
    "claimed_total",
    "record_count",
    "page_indexes",
    "is_changed",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_encode = msgspec.json.Encoder(order="sorted").encode


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 UTC.

    Raises:
        EvidenceInputError: the instant has no time zone.
    """
    if instant.tzinfo is None:
        raise EvidenceInputError(
            f"the instant {instant.isoformat()} has no time zone; evidence keeps UTC instants"
        )
    return (instant - _EPOCH) // _MICROSECOND


def instant_of(value: int) -> datetime:
    """The UTC instant of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=value)


def canonical(value: Mapping[str, Any]) -> bytes:
    """Canonical JSON of metadata (text, integers, booleans, None, lists and dictionaries).

    Raises:
        EvidenceInputError: a value is a float, or text without a UTF-8 form.
    """
    for name, item in value.items():
        if isinstance(item, float):
            raise EvidenceInputError(f"{name} is a float; evidence keeps integers of a named unit")
    try:
        return _encode(value)
    except UnicodeEncodeError as error:
        raise EvidenceInputError(f"text with a lone surrogate cannot be recorded: {error}") from error


def commit_to(metadata: Mapping[str, Any], salt: bytes) -> str:
    """The hex commitment to metadata under a salt."""
    return hmac.digest(salt, canonical(metadata), "sha256").hex()


def leaf_of(kind: str, commitment: str) -> bytes:
    """The payload log's leaf for a commitment: canonical JSON."""
    return f'{{"commitment":"{commitment}","kind":"{kind}","v":1}}'.encode()


def make_salts(count: int, random_bytes: Callable[[int], bytes]) -> list[bytes]:
    """So many fresh salts."""
    pool = random_bytes(SALT_BYTES * count)
    if len(pool) != SALT_BYTES * count:
        raise EvidenceInputError("the source of randomness gave fewer bytes than asked for")
    return [pool[at : at + SALT_BYTES] for at in range(0, len(pool), SALT_BYTES)]
