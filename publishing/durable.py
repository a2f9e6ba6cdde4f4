"""Making files last: what was published survives a power cut, and readers see all of it or none."""

import hashlib
import os
from pathlib import Path

CURRENT = "current"
BUILDING_PREFIX = ".building-"
_CHUNK_BYTES = 1 << 20


def sync_tree(folder: Path) -> None:
    """Flush every file below a folder, and every folder, to the disk."""
    for parent, _, names in os.walk(folder):
        for name in names:
            _sync(Path(parent, name))
        _sync(Path(parent))


def sync_folder(folder: Path) -> None:
    """Flush a folder's own entries (created, renamed, removed names)."""
    _sync(folder)


def write_durably(path: Path, content: bytes) -> None:
    """Write a file and flush it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def switch_current(root: Path, publication_id: str) -> None:
    """Point `current` to a publication in one step: a reader sees the old one or the new one."""
    link = root / f".{CURRENT}-{publication_id}"
    link.unlink(missing_ok=True)
    link.symlink_to(publication_id, target_is_directory=True)
    link.replace(root / CURRENT)
    sync_folder(root)


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
