"""Are the sign-offs what the governance log says of them? Every file and leaf that differs is named."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from governance.errors import SignerError
from governance.sign_off_log import RECORDED, REVOKED
from governance.sign_offs import SignOff
from governance.signers import Signature, holds

_MARKS = tuple(f'"kind":"{kind}"'.encode() for kind in (RECORDED, REVOKED))
Problem = tuple[str, str, bool]
"""Which object, what is wrong with it, and whether it was altered rather than merely unfinished."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What sound leaves say: where each sign-off was recorded, and which were taken back."""

    recorded: dict[str, tuple[int, SignOff]] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)


def sign_off_problems(leaves: Iterable[tuple[int, bytes]], folder: Path) -> Iterator[Problem]:
    """Yield each sign-off or revocation that does not hold, and each file that differs from its leaf.

    Signatures are checked with the keys that stand beside them; whose keys count is a matter of the register
    and the gate.

    Args:
        leaves: Index and content of the governance log's leaves, in their order.
        folder: Where the sign-offs lie, one file each.
    """
    said = _Said()
    for index, leaf in leaves:
        if any(mark in leaf for mark in _MARKS):
            yield from _of_leaf(index, json.loads(leaf), said)
    present: set[str] = set()
    for path in sorted(folder.glob("*.json")):
        yield from _of_file(path, said, present)
    for sha256, (index, given) in said.recorded.items():
        if sha256 not in present and sha256 not in said.revoked:
            name = f"{folder.name}: {given.metric} as {given.role}"
            yield name, f"leaf {index} records it, and its file is gone or altered: it counts no more", False


def _of_leaf(index: int, leaf: Mapping[str, Any], said: _Said) -> Iterator[Problem]:
    name = f"governance leaf {index}"
    try:
        if leaf["kind"] == RECORDED:
            given = SignOff.from_document(leaf["sign_off"])
            if given.sha256 != leaf["sign_off_sha256"]:
                yield name, "records a sign-off under the hash of another one", True
            elif not holds(given.statement(), given.signature):
                yield name, "records a sign-off whose signature does not hold", True
            else:
                said.recorded.setdefault(given.sha256, (index, given))
        elif leaf["kind"] == REVOKED:
            statement = leaf["statement"]
            is_signed = holds(statement, Signature.from_document(leaf["signature"]))
            if not is_signed or statement["sign_off_sha256"] != leaf["sign_off_sha256"]:
                yield name, "takes a sign-off back without a signature over that", True
            said.revoked.add(leaf["sign_off_sha256"])
    except (KeyError, TypeError, ValueError, SignerError) as error:
        yield name, f"is no sign-off or revocation: {error!r}", True


def _of_file(path: Path, said: _Said, present: set[str]) -> Iterator[Problem]:
    name = f"{path.parent.name}/{path.name}"
    try:
        given = SignOff.from_document(json.loads(path.read_bytes()))
    except (OSError, TypeError, ValueError, SignerError) as error:
        yield name, f"cannot be read as a sign-off: {error}", True
        return
    present.add(given.sha256)
    if not holds(given.statement(), given.signature):
        yield name, "its signature does not hold: it was altered after it was signed", True
    elif given.sha256 not in said.recorded:
        yield (
            name,
            "is in no leaf of the governance log yet, and counts from the next run on",
            False,
        )
