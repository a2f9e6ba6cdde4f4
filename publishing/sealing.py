"""The last steps of a publication: announced in the ledger first, then renamed into place, then current.

A crash between two steps leaves a state from which `finish` goes on.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from governance.canonical import canonical_json
from governance.log import GOVERNANCE_LOG
from lineage.ledger import Ledger, LedgerTransaction, Note, NoteSigner
from lineage.ledger.leaf_proof import prove_leaf
from publishing.durable import BUILDING_PREFIX, CURRENT, switch_current, sync_folder, write_durably
from publishing.errors import PublicationInputError
from publishing.manifest import CHECKPOINT, PROOF, Manifest

PAYLOAD_LOG = "payload"
_KIND = "publication"


def building_folder(root: Path, publication_id: str) -> Path:
    """Return where a publication is while it is not finished."""
    return root / f"{BUILDING_PREFIX}{publication_id}"


Cosign = Callable[[str], str]
"""Asks witnesses about a signed checkpoint, and returns it with what cosignatures they gave."""


def payload_note(ledger: Ledger, size: int, signer: NoteSigner, *, cosigned: str | None = None) -> str:
    """Sign a checkpoint of the payload log at the publication's own evidence cutoff.

    Args:
        ledger: whose log.
        size: the cutoff.
        signer: whose signature stands first.
        cosigned: the same checkpoint with cosignatures, which are taken over.

    Raises:
        PublicationInputError: what was cosigned is another checkpoint.
    """
    note = Note.parse(ledger.signed(PAYLOAD_LOG, size, signer))
    if cosigned is None:
        return note.document()
    given = Note.parse(cosigned)
    if given.text != note.text:
        raise PublicationInputError(
            f"what the witnesses cosigned is not the payload log at the evidence cutoff {size}"
        )
    return note.with_signatures(given.signatures).document()


def announce(transaction: LedgerTransaction, manifest: Manifest) -> int:
    """Append the publication's leaf to the governance log and return its index."""
    return transaction.append(GOVERNANCE_LOG, canonical_json(leaf_of(manifest)))


def leaf_of(manifest: Manifest) -> dict[str, Any]:
    """Return the leaf that announces a publication with this manifest."""
    evidence: Mapping[str, Any] = manifest.document["evidence"]
    return {
        "v": 1,
        "kind": _KIND,
        "publication_id": manifest.publication_id,
        "manifest_sha256": manifest.sha256,
        "content_sha256": manifest.content_sha256,
        "payload_log_size": evidence["payload_log_size"],
        "payload_root": evidence["payload_root"],
        "cells": _listed(manifest, "cells"),
        "files": _listed(manifest, "files"),
        "previous": manifest.document["previous"],
        "published_at": manifest.document["published_at"],
    }


def finish(
    root: Path,
    publication_id: str,
    *,
    ledger: Ledger,
    signer: NoteSigner,
    at: datetime,
    cosign: Cosign | None = None,
) -> Path:
    """Sign the governance log, prove the leaf, rename the folder into place and switch `current` to it.

    Args:
        root: the folder of publications.
        publication_id: what the ledger announces.
        ledger: whose governance log.
        signer: who signs its checkpoint.
        at: when.
        cosign: asks witnesses; a publication is finished whether or not they answer.
    """
    building, folder = building_folder(root, publication_id), root / publication_id
    if building.exists():
        note = ledger.checkpoint(GOVERNANCE_LOG, signer, at=at)
        if cosign is not None:
            note = cosign(note)
        index = announced_at(ledger, publication_id)
        proof = prove_leaf(ledger, GOVERNANCE_LOG, index, note=note)
        write_durably(building / CHECKPOINT, note.encode())
        write_durably(building / PROOF, proof.document().encode())
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
    for index, content in ledger.every_leaf(GOVERNANCE_LOG):
        leaf = json.loads(content)
        if isinstance(leaf, dict) and leaf.get("kind") == _KIND:
            yield index, leaf


def announced_at(ledger: Ledger, publication_id: str) -> int:
    """Return the index of the leaf that announces a publication.

    Raises:
        PublicationInputError: no leaf does.
    """
    for index, leaf in announced(ledger):
        if leaf["publication_id"] == publication_id:
            return index
    raise PublicationInputError(f"the governance log announces no publication {publication_id}")


def _listed(manifest: Manifest, name: str) -> dict[str, Any]:
    listed = manifest.document["sealed"][name]
    return {"size": listed["size"], "root": listed["root"]}
