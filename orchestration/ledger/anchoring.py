"""Having checkpoints stamped by a timestamp authority, and reading whose stamps count."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from governance.policies import PolicyBook
from governance.witnesses import Timestamping
from lineage.ledger import Anchor, Checkpoint, Ledger, Note, NoteSigner
from lineage.ledger.anchor import read_certificates, stamp
from lineage.ledger.endorsements import keep_anchor, stamp_time
from orchestration.errors import UsageError
from orchestration.ledger.witness_network import ask_authority

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

Ask = Callable[[bytes], bytes]


def authority_roots(folder: Path, configured: Timestamping | None) -> tuple["Certificate", ...]:
    """Return the certificates that timestamps must lead to; none where no authority is configured.

    Args:
        folder: of the policies; the certificate's path is relative to it.
        configured: what the policies say.

    Raises:
        UsageError: the file is not there.
        AnchorError: it holds no certificate.
    """
    if configured is None:
        return ()
    path = folder / configured.certificate
    try:
        return read_certificates(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"timestamping.certificate names {path}, which cannot be read: {error.strerror}. Put the "
            "authority's root certificate there, as PEM"
        ) from error


def anchor_logs(
    ledger: Ledger, book: PolicyBook, folder: Path, signer: NoteSigner, *, ask: Ask | None = None
) -> list[Anchor]:
    """Have the present state of both logs stamped, and keep the stamps in the ledger.

    Args:
        ledger: the workspace's.
        book: its policies, which name the authority.
        folder: of the policies.
        signer: who signs the checkpoints that are stamped.
        ask: reaches the authority; by HTTP by default.

    Raises:
        UsageError: no authority is configured.
        WitnessRefusedError: it does not answer.
        AnchorError: its answer does not hold.
    """
    configured = book.timestamping
    if configured is None:
        raise UsageError("No timestamp authority is configured: set timestamping in governance/policies.yml")
    roots = authority_roots(folder, configured)
    made: list[Anchor] = []
    for log in ("payload", "governance"):
        note = ledger.signed(log, ledger.size(log), signer)
        token, stamped_at = stamp(note, ask or ask_authority(configured.url), roots)
        size = Checkpoint.parse(Note.parse(note).text).size
        made.append(Anchor(log, size, note, token, configured.url, stamp_time(stamped_at)))
    with ledger.transaction() as transaction:
        for anchor in made:
            keep_anchor(transaction, anchor)
    return made
