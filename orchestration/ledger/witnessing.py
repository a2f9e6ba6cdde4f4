"""The workspace's side of witnesses: who may count, what they are asked, and what they have said."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from governance.policies import PolicyBook
from governance.witnesses import Witness
from lineage.ledger import (
    Checkpoint,
    Cosignature,
    Ledger,
    LedgerError,
    Note,
    NoteError,
    NoteSigner,
    WitnessKey,
    WitnessRequest,
    cosigned_at,
    find_cosignature,
)
from lineage.ledger.endorsements import keep_cosignature, newest_of
from orchestration.errors import UsageError, WitnessRefusedError
from publishing.context import CountedWitness

PAYLOAD, GOVERNANCE = "payload", "governance"
LOGS = (PAYLOAD, GOVERNANCE)
SIGN_OFF_MARK = (
    '"kind":"sign_off'  # every kind of leaf by which somebody signs a definition, or takes it back
)
_FAST_CLOCK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a witness answered: the status in the terms of HTTP, and the body."""

    status: int
    body: str


Ask = Callable[[str, WitnessRequest], Reply]
"""Sends a request to a witness's url. Raises `WitnessRefusedError` where nobody answers."""


@dataclass(frozen=True, slots=True)
class EligibleWitness:
    """A configured witness whose cosignature may count, and its key."""

    entry: Witness
    key: WitnessKey


@dataclass(frozen=True, slots=True)
class Cosigning:
    """What witnesses said of the state that a publication rests on.

    Attributes:
        counted: those who cosigned both logs.
        payload_note: the payload checkpoint at the evidence cutoff, with their cosignatures.
        registers_note: the checkpoint of the governance log that they cosigned.
        remarks: what is to be told: who does not count and why, who did not answer.
    """

    counted: tuple[CountedWitness, ...] = ()
    payload_note: str | None = None
    registers_note: str | None = None
    remarks: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the gate looks for."""
        return tuple(witness.name for witness in self.counted)


def eligible_witnesses(
    book: PolicyBook, own_keys: Collection[bytes]
) -> tuple[list[EligibleWitness], list[str]]:
    """Return the witnesses that may count, and why the others may not.

    Args:
        book: the workspace's policies.
        own_keys: public keys that the workspace signs or signed with.
    """
    found: list[EligibleWitness] = []
    remarks: list[str] = []
    for witness in book.configured_witnesses:
        reason = witness.reason_not_to_count(book.operated_by)
        if reason is None:
            try:
                key = WitnessKey.parse(str(witness.key))
            except NoteError as error:
                reason = f"its key cannot be read: {error}"
            else:
                if key.public_key not in own_keys:
                    found.append(EligibleWitness(witness, key))
                    continue
                reason = "its key is the workspace's own signing key"
        remarks.append(f"the witness {witness.name} does not count: {reason}")
    return found, remarks


def gather(
    ledger: Ledger,
    book: PolicyBook,
    signer: NoteSigner,
    *,
    payload_size: int,
    ask: Ask | None = None,
) -> Cosigning:
    """Return what witnesses have cosigned, after asking those that have a url.

    Args:
        ledger: the workspace's.
        book: its policies.
        signer: its key.
        payload_size: the evidence cutoff of what is to be published.
        ask: reaches witnesses; without it, only what they said before counts.
    """
    own_keys = {key.public_key for key in ledger.trust([signer.verifier]).verifiers}
    witnesses, remarks = eligible_witnesses(book, own_keys)
    if ask is not None:
        for witness in witnesses:
            remarks += _ask_for_both(ledger, witness, signer, payload_size, ask)
    found: list[tuple[EligibleWitness, Cosignature, Cosignature]] = []
    for witness in witnesses:
        payload, registers = _standing(ledger, witness, payload_size)
        if isinstance(payload, str) or isinstance(registers, str):
            remarks += [one for one in (payload, registers) if isinstance(one, str)]
        else:
            found.append((witness, payload, registers))
    return _joined(ledger, found, remarks, signer)


def obtain(
    ledger: Ledger, witness: EligibleWitness, log: str, size: int, *, signer: NoteSigner, ask: Ask
) -> None:
    """Have a witness cosign one size of one log, and keep what it says.

    Raises:
        WitnessRefusedError: it refuses or does not answer; the message says which and why.
    """
    kept = ledger.cosignatures(log)
    if any(one.witness == witness.key and one.size == size for one in kept):
        return
    newest = newest_of(kept, witness.key)
    old = newest.size if newest and newest.size <= size else 0
    reply = ask(str(witness.entry.url), request_for(ledger, log, size, old=old, signer=signer))
    seen = _seen_size(reply)
    if seen is not None and seen <= size and seen != old:
        old = seen
        reply = ask(str(witness.entry.url), request_for(ledger, log, size, old=old, signer=signer))
        seen = _seen_size(reply)
    name = witness.entry.name
    if seen is not None and seen > ledger.size(log):
        raise WitnessRefusedError(
            f"{name} saw {seen} leaves of the {log} log, and this workspace has only {ledger.size(log)}: "
            "the log was cut short or replaced. Run `assay verify`, and restore the ledger from a backup"
        )
    if seen is not None and seen > size:
        raise WitnessRefusedError(
            f"{name} saw {seen} leaves of the {log} log already and does not cosign size {size} again; "
            "build and publish the newer state"
        )
    if reply.status != 200:  # noqa: PLR2004 - HTTP
        raise WitnessRefusedError(
            f"{name} does not cosign the {log} log at size {size}: {reply.body.strip()[:300]}"
        )
    note = _cosigned(ledger.signed(log, size, signer), reply.body, name)
    with ledger.transaction() as transaction:
        keep_cosignature(transaction, log, note, witness.key)


def cosign_newest(
    ledger: Ledger, note: str, witnesses: Sequence[Witness], signer: NoteSigner, *, ask: Ask
) -> tuple[str, list[str]]:
    """Return a governance checkpoint with the cosignatures of those witnesses that answer, and remarks.

    Args:
        ledger: the workspace's.
        note: the checkpoint, just signed.
        witnesses: whom to ask; each has a key and a url.
        signer: the workspace's key.
        ask: reaches them.
    """
    given, remarks = Note.parse(note), list[str]()
    size = Checkpoint.parse(given.text).size
    for witness in witnesses:
        asked = EligibleWitness(witness, WitnessKey.parse(str(witness.key)))
        try:
            obtain(ledger, asked, GOVERNANCE, size, signer=signer, ask=ask)
        except (WitnessRefusedError, LedgerError) as error:
            remarks.append(str(error))
            continue
        said = [
            one for one in ledger.cosignatures(GOVERNANCE) if one.size == size and one.witness == asked.key
        ]
        given = given.with_signatures(one.signature for one in said)
    return given.document(), remarks


def request_for(ledger: Ledger, log: str, size: int, *, old: int, signer: NoteSigner) -> WitnessRequest:
    """Return the request to cosign a log's first `size` leaves, for a witness that saw `old` of them."""
    path = tuple(ledger.consistency_proof(log, old, size)) if old else ()
    return WitnessRequest(old, path, ledger.signed(log, size, signer))


def import_cosigned(ledger: Ledger, document: str, book: PolicyBook, *, at: datetime) -> list[Cosignature]:
    """Keep what witnesses say in a cosigned checkpoint that came as a file.

    Args:
        ledger: the workspace's.
        document: the checkpoint with its cosignatures.
        book: the policies, which name the witnesses and their keys.
        at: the present instant: a cosignature from the future is refused.

    Raises:
        UsageError: it is of another log, does not fit this one, or no configured witness signed it.
    """
    try:
        note = Note.parse(document)
        stated = Checkpoint.parse(note.text)
    except NoteError as error:
        raise UsageError(f"This is no cosigned checkpoint: {error}") from error
    log = next((one for one in LOGS if ledger.log_origin(one) == stated.origin), None)
    if log is None:
        raise UsageError(f"This checkpoint is of the log {stated.origin}, which is not one of this workspace")
    if stated.size > ledger.size(log) or ledger.root(log, stated.size) != stated.root:
        raise UsageError(
            f"This checkpoint does not fit the {log} log of this workspace at size {stated.size}: one of "
            "the two was rewritten. Run: assay verify"
        )
    keys = [WitnessKey.parse(one.key) for one in book.configured_witnesses if one.key]
    signed = [key for key in keys if _found(note, key)]
    if not signed:
        listed = ", ".join(key.name for key in keys) or "none has a key in governance/policies.yml"
        raise UsageError(f"No configured witness has cosigned this checkpoint; configured: {listed}")
    _refuse_future(note, signed, at)
    with ledger.transaction() as transaction:
        return [keep_cosignature(transaction, log, note, key) for key in signed]


def registers_size(ledger: Ledger) -> int:
    """Return how many leaves a governance checkpoint must have to cover every sign-off in the log."""
    reader = ledger.reader()
    try:
        row = reader.execute(
            "SELECT max(leaf_index) FROM governance_leaves WHERE instr(leaf, ?)", (SIGN_OFF_MARK.encode(),)
        ).fetchone()
    finally:
        reader.close()
    return 1 if row[0] is None else int(row[0]) + 1


def _ask_for_both(
    ledger: Ledger, witness: EligibleWitness, signer: NoteSigner, payload_size: int, ask: Ask
) -> list[str]:
    if witness.entry.url is None:
        return []
    remarks: list[str] = []
    for log, size in ((PAYLOAD, payload_size), (GOVERNANCE, ledger.size(GOVERNANCE))):
        try:
            obtain(ledger, witness, log, size, signer=signer, ask=ask)
        except (WitnessRefusedError, LedgerError) as error:
            remarks.append(str(error))
    return remarks


def _standing(
    ledger: Ledger, witness: EligibleWitness, payload_size: int
) -> tuple[Cosignature | str, Cosignature | str]:
    """The two cosignatures that make a witness count, or what to say of those that are missing."""
    payloads = [one for one in ledger.cosignatures(PAYLOAD) if one.witness == witness.key]
    payload = next((one for one in payloads if one.size == payload_size and _fits(ledger, one)), None)
    name, newest = witness.entry.name, newest_of(payloads, witness.key)
    last = f"its last cosignature is of size {newest.size}" if newest else "it has cosigned nothing yet"
    needed = registers_size(ledger)
    registers = next(
        (
            one
            for one in ledger.cosignatures(GOVERNANCE)
            if one.witness == witness.key and one.size >= needed and _fits(ledger, one)
        ),
        None,
    )
    return (
        payload or f"the witness {name} has not cosigned the evidence cutoff {payload_size}: {last}",
        registers or f"the witness {name} has not cosigned a governance log that covers {needed} leaves",
    )


def _joined(
    ledger: Ledger,
    found: Sequence[tuple[EligibleWitness, Cosignature, Cosignature]],
    remarks: list[str],
    signer: NoteSigner,
) -> Cosigning:
    """One checkpoint of each log with the lines of everybody who cosigned just these."""
    if not found:
        return Cosigning(remarks=tuple(remarks))
    sizes = [registers.size for _, _, registers in found]
    size = max(sizes, key=lambda one: (sizes.count(one), one))
    together = [one for one in found if one[2].size == size]
    payload = Note.parse(ledger.signed(PAYLOAD, together[0][1].size, signer))
    registers = Note.parse(ledger.signed(GOVERNANCE, size, signer))
    counted = tuple(
        CountedWitness(
            witness.entry.name, witness.key.text(), str(witness.entry.team), first.cosigned_at.isoformat()
        )
        for witness, first, _ in together
    )
    return Cosigning(
        counted,
        payload.with_signatures(first.signature for _, first, _ in together).document(),
        registers.with_signatures(second.signature for _, _, second in together).document(),
        tuple(remarks),
    )


def _fits(ledger: Ledger, cosignature: Cosignature) -> bool:
    stated = Checkpoint(ledger.log_origin(cosignature.log), cosignature.size, cosignature.root)
    return (
        cosignature.size <= ledger.size(cosignature.log)
        and ledger.root(cosignature.log, cosignature.size) == cosignature.root
        and cosignature.witness.holds(stated.text().encode(), cosignature.signature.signature)
    )


def _seen_size(reply: Reply) -> int | None:
    """The size that a witness says it saw last: the whole answer of a conflict."""
    text = reply.body.strip()
    is_size = reply.status == 409 and text.isascii() and text.isdigit()  # noqa: PLR2004 - HTTP
    return int(text) if is_size else None


def _cosigned(checkpoint: str, lines: str, name: str) -> Note:
    try:
        return Note.parse(checkpoint + lines)
    except NoteError as error:
        raise WitnessRefusedError(f"{name} answered something that is no cosignature: {error}") from error


def _found(note: Note, key: WitnessKey) -> bool:
    try:
        return find_cosignature(note, key) is not None
    except NoteError as error:
        raise UsageError(f"This checkpoint was changed after it was cosigned: {error}") from error


def _refuse_future(note: Note, keys: Sequence[WitnessKey], at: datetime) -> None:
    for key in keys:
        line = find_cosignature(note, key)
        if line is not None and cosigned_at(line) > at + _FAST_CLOCK:
            raise UsageError(
                f"{key.name} says that it cosigned at {cosigned_at(line).isoformat()}, which is yet to come. "
                "One of the two clocks is wrong; mend it and have the checkpoint cosigned again"
            )
