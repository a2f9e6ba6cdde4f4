"""Keyed commitments of one case: proof of what was said, and nothing to guess once the key is destroyed."""

import hashlib
import hmac
from collections.abc import Callable

CASE_KEY_BYTES = 32
_LABEL = b"assay case, commitment, 1\0"


def case_commitment(key: bytes, part: str, content: bytes) -> str:
    """Return `c_` and HMAC-SHA256 over a part's name and its content, in hexadecimal.

    The same content under the same name has the same commitment everywhere in one case, so that a reader of
    the log sees that two events are one person's; in another case, under another key, it has another.
    """
    return "c_" + hmac.new(key, _LABEL + part.encode() + b"\0" + content, hashlib.sha256).hexdigest()


def new_case_id(prefix: str, random_bytes: Callable[[int], bytes]) -> str:
    """Return a name such as `d-9f2c01ab73e4`; it tells nothing of the case."""
    return f"{prefix}-{random_bytes(6).hex()}"
