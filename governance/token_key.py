"""The key that turns an account into a token: outside the data folder, and never changed by accident."""

import os
from collections.abc import Callable
from pathlib import Path

from governance.errors import VaultError

KEY_BYTES = 32


def create_token_key(path: Path, random_bytes: Callable[[int], bytes]) -> bytes:
    """Write a new key as hexadecimal text, readable by its owner only.

    Raises:
        VaultError: there is a key already; a second one would give everybody a second token.
    """
    key = random_bytes(KEY_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise VaultError(
            f"{path} exists; the token key is made once, and replaced only by rotation"
        ) from error
    with os.fdopen(descriptor, "w") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key


def load_token_key(path: Path) -> bytes:
    """Read the key.

    Raises:
        VaultError: there is none, or it is not 32 bytes in hexadecimal.
    """
    try:
        key = bytes.fromhex(path.read_text().strip())
    except FileNotFoundError as error:
        raise VaultError(f"no token key at {path}; `assay init` makes one, a backup restores one") from error
    except ValueError as error:
        raise VaultError(f"{path} is not a token key: expected {KEY_BYTES} bytes as hexadecimal") from error
    if len(key) != KEY_BYTES:
        raise VaultError(f"{path} holds {len(key)} bytes; a token key has {KEY_BYTES}")
    return key
