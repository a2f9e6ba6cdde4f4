"""Identifiers as Datadog makes them: UUIDs, hexadecimal digests and whole numbers."""

import hashlib
import uuid

_SPACE = uuid.UUID("5d2f2a5e-6f0c-4f7e-9a55-0d1d3c5a7b11")
_FIRST_MONITOR = 10_000_000


def user_id(login: str) -> str:
    """A person's."""
    return str(uuid.uuid5(_SPACE, f"user/{login}"))


def incident_id(number: int) -> str:
    """An incident's."""
    return str(uuid.uuid5(_SPACE, f"incident/{number}"))


def slo_id(service: str, kind: str) -> str:
    """An objective's."""
    return hashlib.md5(f"{service}/{kind}".encode(), usedforsecurity=False).hexdigest()


def monitor_id(service: str) -> int:
    """A monitor's, spread like real ones: not in the order of names."""
    digest = hashlib.sha256(service.encode()).digest()
    return _FIRST_MONITOR + int.from_bytes(digest[:3])
