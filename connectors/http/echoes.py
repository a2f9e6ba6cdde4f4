"""Answers that repeat the credentials they were asked with: nothing of them may be kept or quoted."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote

_SHORTEST = 8
"""Shorter secrets cannot be told from ordinary words."""


def repeats_credentials(sent: Mapping[str, str], received: Mapping[str, str], body: bytes) -> bool:
    """Whether an answer holds a secret of the request.

    Args:
        sent: The headers that say who asks.
        received: All headers of the answer.
        body: The body of the answer.
    """
    secrets = _secrets(tuple(sent.values()))
    if not secrets:
        return False
    heads = "\n".join(received.values()).encode("latin-1", "replace")
    return any(secret in body or secret in heads for secret in secrets)


@lru_cache(maxsize=64)
def _secrets(values: tuple[str, ...]) -> tuple[bytes, ...]:
    """The secret part of each header, also as it stands in URLs, and the password of basic credentials."""
    found = [text for value in values for text in _parts(value)]
    forms = {form for text in found if len(text) >= _SHORTEST for form in (text, quote(text, safe=""))}
    return tuple(form.encode("latin-1") for form in sorted(forms))


def _parts(value: str) -> Iterable[str]:
    scheme, _, rest = value.rpartition(" ")
    secret = rest.removeprefix("token=")
    yield secret
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(secret, validate=True).decode("latin-1")
        except binascii.Error:
            return
        yield pair.partition(":")[2]
