"""After a crash: a publication that the ledger announces is finished, any other leftover is removed."""

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lineage.ledger import Ledger, NoteSigner
from publishing.durable import BUILDING_PREFIX
from publishing.errors import ManifestError
from publishing.manifest import read_manifest
from publishing.sealing import announced, finish, is_current


@dataclass(frozen=True, slots=True)
class PublicationRecovery:
    """What start-up found of publications that were cut off: their ids."""

    finished: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def recover_publications(
    root: Path, *, ledger: Ledger, signer: NoteSigner, at: datetime
) -> PublicationRecovery:
    """Finish or remove what was cut off, and point `current` to the newest announced publication."""
    if not root.exists():
        return PublicationRecovery()
    known = {leaf["publication_id"]: leaf["manifest_sha256"] for _, leaf in announced(ledger)}
    finished: list[str] = []
    removed: list[str] = []
    for folder in sorted(root.glob(f"{BUILDING_PREFIX}*")):
        publication_id = folder.name.removeprefix(BUILDING_PREFIX)
        if _manifest_hash(folder) == known.get(publication_id, ""):
            finish(root, publication_id, ledger=ledger, signer=signer, at=at)
            finished.append(publication_id)
        else:
            shutil.rmtree(folder)
            removed.append(publication_id)
    newest = next((one for one in reversed(known) if (root / one).is_dir()), None)
    if newest and not is_current(root, newest):
        finish(root, newest, ledger=ledger, signer=signer, at=at)
        finished.append(newest)
    return PublicationRecovery(tuple(dict.fromkeys(finished)), tuple(removed))


def _manifest_hash(folder: Path) -> str | None:
    try:
        return read_manifest(folder).sha256
    except ManifestError:
        return None
