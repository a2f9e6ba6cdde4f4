"""Deriving everything anew and comparing: the logs, the evidence, the publications."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.errors import ConnectorError
from connectors.evidence import EvidenceStore
from connectors.evidence.errors import EvidenceError
from connectors.kinds import Opening
from connectors.sources import SOURCE_KINDS
from governance.log import GOVERNANCE_LOG
from governance.policies import PolicyBook
from governance.sign_off_checks import sign_off_problems
from lineage.ledger import Ledger, LedgerError, NoteVerifier, WitnessKey
from lineage.ledger.endorsements import newest_of
from orchestration.cases.desks import case_findings
from orchestration.exporting import delivery_problems
from orchestration.ledger.anchoring import authority_roots
from orchestration.lock import lock_holder
from orchestration.metric_definitions.history import definition_problems
from orchestration.numbers.replaying import stored_replay_problems
from orchestration.publications import publication_folder
from orchestration.session import load_signer, open_ledger
from orchestration.settings import Settings
from orchestration.sources import source_runtime
from orchestration.workspace import SIGNING_KEY, Workspace
from publishing import verify_publication, verify_publications

POLICIES = "policies.yml"


@dataclass(frozen=True, slots=True)
class Finding:
    """One object that is not as it was recorded.

    Attributes:
        part: The ledger, the evidence, the cases or the publications.
        object_name: Which file, leaf or page.
        problem: What is wrong with it.
        is_fatal: Whether it makes the workspace untrustworthy, or is merely unfinished.
    """

    part: str
    object_name: str
    problem: str
    is_fatal: bool


def _derived_pages(
    workspace: Workspace, settings: Settings, store: EvidenceStore
) -> Iterator[tuple[str, str]]:
    """Yield what derived pages say that the pages they come from do not give."""
    opening = Opening(store=store, runtime=source_runtime(), folder=workspace.root)
    for source in settings.sources:
        derived_again = SOURCE_KINDS[source.kind].disagreements
        if derived_again is None:
            continue
        try:
            for problem in derived_again(source, opening):
                yield source.name, problem
        except (EvidenceError, ConnectorError, OSError) as error:
            yield source.name, f"its derived pages cannot be made again: {error}"


def verify_workspace(workspace: Workspace, *, trusted: tuple[NoteVerifier, ...] = ()) -> Iterator[Finding]:
    """Yield every object that differs from what was recorded of it.

    Args:
        workspace: Whose files; nothing is written to them.
        trusted: Keys whose checkpoints count; the workspace's own where none is given and it can be read.
    """
    settings = workspace.settings()
    if lock_holder(workspace.lock) is not None:
        text = "a run is writing; what it has not finished may show as different"
        yield Finding("workspace", workspace.lock.name, text, is_fatal=False)
    if not workspace.ledger.exists():
        yield Finding(
            "ledger", workspace.ledger.name, "is missing", is_fatal=bool(list(workspace.evidence.glob("*")))
        )
        return
    trusted = trusted or own_keys(workspace, settings)
    book = PolicyBook.load(workspace.governance / POLICIES)
    roots = authority_roots(workspace.governance, book.timestamping)
    ledger = open_ledger(workspace, settings)
    store = EvidenceStore(workspace.evidence, ledger, random_bytes=secrets.token_bytes)
    try:
        for damage in ledger.verify(verifiers=trusted, roots=roots):
            yield Finding("ledger", damage.object_name, damage.problem, damage.is_fatal)
        for difference in store.verify():
            yield Finding("evidence", difference.object_name, difference.problem, difference.is_fatal)
        for name, problem in _derived_pages(workspace, settings, store):
            yield Finding("evidence", name, problem, is_fatal=True)
        yield from _stored_beside(workspace, ledger)
        for change in verify_publications(workspace.published, ledger, verifiers=trusted):
            yield Finding("publication", change.object_name, change.problem, change.is_fatal)
        for name, problem in _stale_witnesses(ledger, book):
            yield Finding("witness", name, problem, is_fatal=False)
    finally:
        store.close()
        ledger.close()


def _stored_beside(workspace: Workspace, ledger: Ledger) -> Iterator[Finding]:
    """Yield what differs of the files that leaves and manifests name by their hash."""
    for broken in case_findings(ledger, workspace):
        yield Finding("cases", broken.object_name, broken.problem, broken.is_fatal)
    for name, problem, is_fatal in sign_off_problems(
        ledger.every_leaf(GOVERNANCE_LOG), workspace.governance / "sign-offs"
    ):
        yield Finding("sign-off", name, problem, is_fatal)
    for name, problem, is_fatal in definition_problems(workspace, ledger):
        yield Finding("definition", name, problem, is_fatal)
    for name, problem, is_fatal in delivery_problems(workspace, ledger):
        yield Finding("delivery", name, problem, is_fatal)
    for name, problem in stored_replay_problems(workspace):
        yield Finding("replay", name, problem, is_fatal=True)


def verify_one_publication(
    workspace: Workspace, publication_id: str, *, trusted: tuple[NoteVerifier, ...] = ()
) -> Iterator[Finding]:
    """Yield what differs in one publication from what the ledger says of it.

    Args:
        workspace: Whose publication.
        publication_id: Its name, as for `publication_folder`.
        trusted: As for `verify_workspace`.

    Raises:
        UsageError: there is no such publication.
    """
    folder = publication_folder(workspace, publication_id)
    settings = workspace.settings()
    with open_ledger(workspace, settings) as ledger:
        for change in verify_publication(folder, ledger, verifiers=trusted or own_keys(workspace, settings)):
            yield Finding("publication", change.object_name, change.problem, change.is_fatal)


def own_keys(workspace: Workspace, settings: Settings) -> tuple[NoteVerifier, ...]:
    """Return the workspace's own public key, or nothing where its key cannot be found."""
    if not workspace.key(SIGNING_KEY, settings).exists():
        return ()
    return (load_signer(workspace, settings).verifier,)


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """Keys that are trusted, and the leaves of the governance log that lead from them to others."""

    keys: tuple[NoteVerifier, ...] = ()
    rotations: tuple[tuple[int, bytes], ...] = ()


def known_keys(workspace: Workspace) -> KnownKeys:
    """Return the workspace's key, and how it came into force."""
    settings = workspace.settings()
    with open_ledger(workspace, settings) as ledger:
        return KnownKeys(own_keys(workspace, settings), tuple(ledger.rotations()))


def _stale_witnesses(ledger: Ledger, book: PolicyBook) -> Iterator[tuple[str, str]]:
    """Yield witnesses whose newest word is about less evidence than the logs hold by now."""
    for witness in book.configured_witnesses:
        if witness.key is None:
            continue
        for log in ("payload", "governance"):
            try:
                newest = newest_of(ledger.cosignatures(log), WitnessKey.parse(witness.key))
            except LedgerError as error:
                yield witness.name, f"cannot be judged: {error}"
                break
            size = ledger.size(log)
            if newest is None:
                yield witness.name, f"has cosigned nothing of the {log} log yet"
            elif newest.size < size:
                at = newest.cosigned_at.date().isoformat()
                yield witness.name, f"saw {newest.size} of {size} leaves of the {log} log, last on {at}"
