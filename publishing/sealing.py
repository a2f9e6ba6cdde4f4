"""The last steps of a publication: announced in the ledger first, then renamed into place, then current.

A crash between two steps leaves a state from which `finish` goes on.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from governance.canonical import canonical_json
from governance.log import GOVERNANCE_LOG
from lineage.ledger import Checkpoint, Ledger, LedgerTransaction, NoteSigner, sign_note
from publishing.durable import BUILDING_PREFIX, CURRENT, switch_current, sync_folder, write_durably
from publishing.manifest import CHECKPOINT, Manifest

PAYLOAD_LOG = "payload"
_KIND = "publication"
_LEAVES_AT_ONCE = 10_000


def building_folder(root: Path, publication_id: str) -> Path:
    """Return where a publication is while it is not finished."""
    return root / f"{BUILDING_PREFIX}{publication_id}"


def payload_note(ledger: Ledger, size: int, signer: NoteSigner) -> str:
    """Sign a checkpoint of the payload log at the publication's own evidence cutoff."""
    root = ledger.root(PAYLOAD_LOG, size)
    return sign_note(Checkpoint(ledger.log_origin(PAYLOAD_LOG), size, root).text(), [signer])


def announce(transaction: LedgerTransaction, manifest: Manifest) -> int:
    """Append the publication's leaf to the governance log and return its index."""
    evidence: Mapping[str, Any] = manifest.document["evidence"]
    leaf = {
        "v": 1,
        "kind": _KIND,
        "publication_id": manifest.publication_id,
        "manifest_sha256": manifest.sha256,
        "content_sha256": manifest.content_sha256,
        "payload_log_size": evidence["payload_log_size"],
        "payload_root": evidence["payload_root"],
        "previous": manifest.document["previous"],
        "published_at": manifest.document["published_at"],
    }
    return transaction.append(GOVERNANCE_LOG, canonical_json(leaf))


def finish(root: Path, publication_id: str, *, ledger: Ledger, signer: NoteSigner, at: datetime) -> Path:
    """Sign the governance log, rename the folder into place and switch `current` to it."""
    building, folder = building_folder(root, publication_id), root / publication_id
    if building.exists():
        note = ledger.checkpoint(GOVERNANCE_LOG, signer, at=at)
        write_durably(building / CHECKPOINT, note.encode())
        sync_folder(building)
        building.rename(folder)
        sync_folder(root)
    if not is_current(root, publication_id):
        switch_current(root, publication_id)
    return folder


def is_current(root: Path, publication_id: str) -> bool:
    """Whether `current` points to this publication."""
    link = root / CURRENT
    return link.is_symlink() and link.readlink().name == publication_id


def announced(ledger: Ledger) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (leaf index, leaf) of every publication in the governance log, oldest first."""
    size = ledger.size(GOVERNANCE_LOG)
    for start in range(0, size, _LEAVES_AT_ONCE):
        for index, content in ledger.leaves(GOVERNANCE_LOG, start, min(size, start + _LEAVES_AT_ONCE)):
            leaf = json.loads(content)
            if isinstance(leaf, dict) and leaf.get("kind") == _KIND:
                yield index, leaf
