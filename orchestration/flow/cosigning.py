"""Witnesses of a publication: what they have cosigned of the logs, and their word on its own announcement."""

from dataclasses import replace

from orchestration.ledger.witness_network import ask_witness
from orchestration.ledger.witnessing import Ask, cosign_newest, gather
from orchestration.session import Session
from publishing import PublicationContext
from publishing.sealing import Cosign


def with_witnesses(
    session: Session, context: PublicationContext, *, ask: Ask | None = None
) -> PublicationContext:
    """Say in a context who cosigned the evidence and the registers as they stand in the log by now.

    Args:
        session: The open workspace.
        context: The circumstances of a decision.
        ask: Reaches witnesses, and what they remark is told; without it only what they said before counts.
    """
    found = gather(
        session.ledger,
        context.policies,
        session.signer(),
        payload_size=context.payload_log_size,
        ask=ask,
    )
    for remark in found.remarks if ask else ():
        session.watcher.note(remark)
    return replace(
        context,
        cosigned_by=found.names,
        counted_witnesses=found.counted,
        cosigned_payload=found.payload_note,
        cosigned_registers=found.registers_note,
    )


def cosign_announcement(session: Session, context: PublicationContext) -> Cosign:
    """Return what has counted witnesses cosign the checkpoint that covers the publication's own leaf."""
    counted = {witness.key for witness in context.counted_witnesses}
    reachable = [one for one in context.policies.configured_witnesses if one.key in counted and one.url]

    def cosign(note: str) -> str:
        cosigned, remarks = cosign_newest(session.ledger, note, reachable, session.signer(), ask=ask_witness)
        for remark in remarks:
            session.watcher.note(remark)
        return cosigned

    return cosign
