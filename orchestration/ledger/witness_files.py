"""Witnesses by file: requests that a workspace writes, and answers that a witness writes beside them."""

from collections.abc import Mapping
from pathlib import Path

from governance.policies import PolicyBook
from lineage.ledger import Ledger, Note, NoteSigner, Witness, WitnessKey, WitnessRequest
from lineage.ledger.endorsements import newest_of
from lineage.ledger.errors import MalformedRequestError
from lineage.ledger.files import write_durably
from lineage.ledger.witness import MOST_REQUEST_BYTES
from orchestration.errors import UsageError
from orchestration.ledger.witnessing import request_for

REQUEST_SUFFIX, ANSWER_SUFFIX = ".add-checkpoint", ".cosigned"


def write_requests(
    ledger: Ledger,
    book: PolicyBook,
    signer: NoteSigner,
    *,
    sizes: Mapping[str, int],
    witness: str | None,
    seen: Mapping[str, int],
    folder: Path,
) -> list[Path]:
    """Write a request per log, for a witness that is asked by file.

    Args:
        ledger: the workspace's.
        book: its policies.
        signer: its key.
        sizes: by log, what is to be cosigned.
        witness: the witness's name; needed where several have a key.
        seen: by log, what the witness says that it saw last, where that is not what was imported from it.
        folder: where the files go.

    Raises:
        UsageError: the witness is not configured, or saw more than is to be cosigned.
    """
    key = _key_of(book, witness)
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for log, size in sizes.items():
        newest = newest_of(ledger.cosignatures(log), key)
        old = seen.get(log, newest.size if newest else 0)
        if old > size:
            raise UsageError(f"{key.name} saw {old} leaves of the {log} log, and {size} are to be cosigned")
        path = folder / f"{log}-{size}{REQUEST_SUFFIX}"
        path.write_text(request_for(ledger, log, size, old=old, signer=signer).document(), encoding="utf-8")
        written.append(path)
    return written


def cosign_file(witness: Witness, path: Path) -> Path:
    """Cosign the request in a file, and write the cosigned checkpoint beside it.

    Raises:
        WitnessError: the witness refuses.
    """
    with path.open("rb") as file:
        content = file.read(MOST_REQUEST_BYTES + 1)
    if len(content) > MOST_REQUEST_BYTES:
        raise MalformedRequestError(f"{path.name} is larger than any request")
    try:
        request = WitnessRequest.parse(content.decode())
    except UnicodeDecodeError as error:
        raise MalformedRequestError(f"{path.name} is not UTF-8") from error
    line = witness.add_checkpoint(request)
    answer = path.with_suffix(ANSWER_SUFFIX)
    write_durably(answer, Note.parse(request.checkpoint).with_signatures([line]).document().encode())
    return answer


def _key_of(book: PolicyBook, name: str | None) -> WitnessKey:
    keys = {one.name: one.key for one in book.configured_witnesses if one.key}
    listed = ", ".join(keys) or "none"
    if name is None and len(keys) != 1:
        raise UsageError(f"Name the witness by --witness; configured with a key: {listed}")
    wanted = name or next(iter(keys))
    if wanted not in keys:
        raise UsageError(f"governance/policies.yml gives no key of a witness {wanted}; it has {listed}")
    return WitnessKey.parse(keys[wanted])
