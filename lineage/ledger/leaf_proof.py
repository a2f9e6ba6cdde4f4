"""Proofs of Assay's own leaves: what the extra data of a `tlog-proof` hold, and how each part is checked.

Nothing authenticates extra data, so each part is tied to the proven leaf: the leaf's own text by the path, an
item of a publication by a second path to the root that the leaf states, a page by opening its commitment.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lineage.ledger import merkle
from lineage.ledger.canonical import canonical_json
from lineage.ledger.checkpoint import Checkpoint
from lineage.ledger.errors import LedgerError, NoteError, ProofError
from lineage.ledger.key_text import base64_text
from lineage.ledger.note import Note, SomeVerifier
from lineage.ledger.proof import TlogProof, hashes_of

LISTS = {"cell": "cells", "file": "files"}


@dataclass(frozen=True, slots=True)
class ListedItem:
    """One cell or file of a publication, and its path to the root of their list.

    Attributes:
        kind: `cell` or `file`.
        leaf: its canonical text.
        index: its place in the list.
        path: hashes from its sibling to the list's root.
    """

    kind: str
    leaf: str
    index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a page's salted commitment commits to. The salt is in hexadecimal."""

    salt: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ProvenLeaf:
    """What a proof shows.

    Attributes:
        checkpoint: the state of the log that covers the leaf.
        index: the leaf's place in the log.
        leaf: its content.
        item: the cell or file that the leaf's list holds, if the proof is of one.
        page: the page's metadata, if the proof opens one.
    """

    checkpoint: Checkpoint
    index: int
    leaf: Mapping[str, Any]
    item: Mapping[str, Any] | None = None
    page: Mapping[str, Any] | None = None


class LeafReader(Protocol):
    """What making a proof needs of a ledger."""

    def leaf(self, log: str, index: int) -> bytes:
        """The content of a leaf."""

    def inclusion_proof(self, log: str, index: int, size: int | None = None) -> list[bytes]:
        """The path of a leaf in the log of `size` leaves."""


def prove_leaf(
    ledger: LeafReader,
    log: str,
    index: int,
    *,
    note: str,
    item: ListedItem | None = None,
    opening: Opening | None = None,
) -> TlogProof:
    """Prove a leaf against a signed checkpoint that covers it.

    Args:
        ledger: whose log.
        log: `payload` or `governance`.
        index: the leaf's.
        note: the checkpoint, with whatever cosignatures it carries.
        item: a cell or file of the publication that the leaf announces.
        opening: what the page's leaf commits to.

    Raises:
        ProofError: the checkpoint does not cover the leaf, or a part does not belong to it.
        LedgerError: there is no such leaf.
    """
    size = Checkpoint.parse(Note.parse(note).text).size
    if index >= size:
        raise ProofError(f"the checkpoint of size {size} does not cover leaf {index}; sign a newer one")
    extra: dict[str, Any] = {"v": 1, "leaf": ledger.leaf(log, index).decode()}
    if item is not None:
        steps = [base64_text(each) for each in item.path]
        extra["item"] = {"kind": item.kind, "leaf": item.leaf, "index": item.index, "path": steps}
    if opening is not None:
        extra["opening"] = {"salt": opening.salt, "metadata": dict(opening.metadata)}
    path = tuple(ledger.inclusion_proof(log, index, size))
    proof = TlogProof(index, path, note, canonical_json(extra))
    _read_parts(_extra(proof))
    return proof


def check_leaf_proof(
    proof: TlogProof, verifiers: Iterable[SomeVerifier]
) -> tuple[ProvenLeaf, tuple[SomeVerifier, ...]]:
    """What a proof shows, and who of the verifiers signed for it.

    Raises:
        ProofError: a path does not lead to its root, or a part does not belong to the leaf.
        NoteError: none of the verifiers signed the checkpoint.
    """
    extra = _extra(proof)
    checkpoint, signed_by = proof.verify(extra["leaf"].encode(), verifiers)
    leaf, item, page = _read_parts(extra)
    return ProvenLeaf(checkpoint, proof.index, leaf, item, page), signed_by


def _extra(proof: TlogProof) -> dict[str, Any]:
    try:
        extra = json.loads(proof.extra)
        is_ours = extra["v"] == 1 and isinstance(extra["leaf"], str) and canonical_json(extra) == proof.extra
    except (ValueError, KeyError, TypeError, LedgerError) as error:
        raise ProofError(f"the proof's extra data are not those of an Assay leaf: {error!r}") from error
    if not is_ours or not extra.keys() <= {"v", "leaf", "item", "opening"}:
        raise ProofError("the proof's extra data are not those of an Assay leaf")
    return dict(extra)


def _read_parts(
    extra: Mapping[str, Any],
) -> tuple[Mapping[str, Any], Mapping[str, Any] | None, Mapping[str, Any] | None]:
    try:
        leaf: Mapping[str, Any] = json.loads(extra["leaf"])
        item = _check_item(leaf, extra["item"]) if "item" in extra else None
        page = _check_opening(leaf, extra["opening"]) if "opening" in extra else None
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, NoteError):
            raise
        raise ProofError(f"a part of the proof has the wrong form: {error!r}") from error
    return leaf, item, page


def _check_item(leaf: Mapping[str, Any], item: Mapping[str, Any]) -> Mapping[str, Any]:
    kind = item["kind"]
    listed = leaf[LISTS[kind]]
    is_listed = merkle.verify_inclusion(
        merkle.leaf_hash(item["leaf"].encode()),
        int(item["index"]),
        int(listed["size"]),
        hashes_of(item["path"]),
        root=bytes.fromhex(listed["root"]),
    )
    if not is_listed:
        raise ProofError(
            f"this {kind} is not in the list of {LISTS[kind]} that the publication's leaf states"
        )
    value: Mapping[str, Any] = json.loads(item["leaf"])
    if value["kind"] != kind:
        raise ProofError(f"what is proven as a {kind} says that it is a {value['kind']}")
    return value


def _check_opening(leaf: Mapping[str, Any], opening: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata: Mapping[str, Any] = opening["metadata"]
    derived = hmac.digest(bytes.fromhex(opening["salt"]), canonical_json(metadata), "sha256").hex()
    if not hmac.compare_digest(derived, str(leaf["commitment"])):
        raise ProofError("the page's metadata and salt are not what its leaf commits to")
    return metadata
