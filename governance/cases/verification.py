"""Does the private store hold what the log commits to? Every difference is named, and nobody."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from governance.cases.commitments import case_commitment
from governance.cases.corrections import APPROVED, PROPOSED, Correction
from governance.cases.docket import ACTOR, SIGNATURE
from governance.cases.events import CaseEvent, Recorded
from governance.cases.private_store import PrivateStore
from governance.errors import SignerError
from governance.signers import Signature, SignerRegister, holds

PURGED = "purged"


@dataclass(frozen=True, slots=True)
class CaseFinding:
    """One thing that is not as the log says.

    Attributes:
        object_name: The case and the event.
        problem: What is wrong with it.
        is_fatal: Whether something was altered or lost, or is merely unfinished.
    """

    object_name: str
    problem: str
    is_fatal: bool = True


def unattributed(corrections: Iterable[Correction], register: SignerRegister) -> Iterator[CaseFinding]:
    """Yield corrections in force behind which the register does not see two people.

    A name may leave the register, so a key that nobody is known by is a note; one person's two keys are not.
    """
    for one in corrections:
        signatures = [each.event.signature for each in one.events if each.event.event in (PROPOSED, APPROVED)]
        keys = sorted({signature.key_id for signature in signatures if signature is not None})
        known = [entry for entry in map(register.find, keys) if entry is not None]
        strangers = sorted({*keys} - {entry.key_id for entry in known})
        if strangers:
            problem = (
                f"is in force by keys that governance/signers.yml gives to nobody ({', '.join(strangers)}): "
                "revoke it unless you know whose they were"
            )
            yield CaseFinding(one.case_id, problem, is_fatal=False)
        elif len({entry.identity for entry in known}) == 1:
            yield CaseFinding(one.case_id, "is in force by two keys of one person; it takes two people")


def compare_cases(cases: Mapping[str, tuple[Recorded, ...]], store: PrivateStore) -> Iterator[CaseFinding]:
    """Yield every case whose private content is not what the log commits to.

    Args:
        cases: Every case of the log, of all kinds.
        store: The private store.

    Raises:
        CaseError: the store cannot be read.
    """
    kept = store.case_ids()
    for case_id, events in cases.items():
        if any(each.event.event == PURGED for each in events):
            if case_id in kept:
                problem = "was purged, and its content is still there; purge it again"
                yield CaseFinding(case_id, problem, is_fatal=False)
            continue
        key = store.key(case_id)
        if key is None:
            yield CaseFinding(case_id, "the private store has no key of it")
            continue
        for each in events:
            yield from _of_event(each.event, key, store.contents(case_id, each.event.number))
    for case_id in sorted(kept - set(cases)):
        problem = "stands in the private store and in no leaf: a command was cut off before it was recorded"
        yield CaseFinding(case_id, problem, is_fatal=False)


def _of_event(event: CaseEvent, key: bytes, kept: Mapping[str, bytes]) -> Iterator[CaseFinding]:
    name = f"{event.case_id}, event {event.number} ({event.event})"
    committed = {**event.contents, ACTOR: event.actor}
    for part, commitment in sorted(committed.items()):
        if part not in kept:
            yield CaseFinding(name, f"its part {part} is missing in the private store")
        elif case_commitment(key, part, kept[part]) != commitment:
            yield CaseFinding(name, f"its part {part} is not what was committed to")
    for part in sorted(set(kept) - set(committed) - {SIGNATURE}):
        yield CaseFinding(name, f"the private store has a part {part} that nobody committed to")
    if SIGNATURE in kept and not _is_signed(event, kept[SIGNATURE]):
        yield CaseFinding(name, "its private signature is not over this event")


def _is_signed(event: CaseEvent, kept: bytes) -> bool:
    try:
        return holds(event.statement(), Signature.from_document(json.loads(kept)))
    except (ValueError, SignerError):
        return False
