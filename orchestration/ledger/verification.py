"""Deriving everything anew and comparing: the logs, the evidence, the publications."""

import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from connectors.errors import ConnectorError
from connectors.evidence import EvidenceStore
from connectors.evidence.errors import EvidenceError
from connectors.kinds import Opening
from connectors.sources import SOURCE_KINDS
from governance.errors import PolicyError
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


class _Difference(Protocol):
    """What the parts' own checks find."""

    @property
    def object_name(self) -> str:
        """Which object."""

    @property
    def problem(self) -> str:
        """What is wrong with it."""

    @property
    def is_fatal(self) -> bool:
        """Whether it was altered."""


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
    if not trusted:
        text = (
            "there is none, so checkpoints were checked with the keys beside them alone: name yours by --key"
        )
        yield Finding("key", SIGNING_KEY, text, is_fatal=False)
    book = PolicyBook.load(workspace.governance / POLICIES)
    roots = authority_roots(workspace.governance, book.timestamping)
    try:
        ledger = open_ledger(workspace, settings)
        store = EvidenceStore(workspace.evidence, ledger, random_bytes=secrets.token_bytes)
    except (LedgerError, EvidenceError, sqlite3.Error) as error:
        yield Finding("ledger", workspace.ledger.name, f"cannot be opened: {error}", is_fatal=True)
        return
    parts: Mapping[tuple[str, str], Callable[[], Iterable[Finding]]] = {
        ("ledger", workspace.ledger.name): lambda: _found(
            "ledger", ledger.verify(verifiers=trusted, roots=roots)
        ),
        ("evidence", workspace.evidence.name): lambda: _found("evidence", store.verify()),
        ("evidence", "derived pages"): lambda: _named(
            "evidence", ((*one, True) for one in _derived_pages(workspace, settings, store))
        ),
        **_stored_beside(workspace, ledger),
        ("publication", workspace.published.name): lambda: _found(
            "publication", verify_publications(workspace.published, ledger, verifiers=trusted)
        ),
        ("witness", POLICIES): lambda: _named(
            "witness", ((*one, False) for one in _stale_witnesses(ledger, book))
        ),
    }
    try:
        for (part, name), check in parts.items():
            yield from _to_its_end(part, name, check)
    finally:
        store.close()
        ledger.close()


def _stored_beside(
    workspace: Workspace, ledger: Ledger
) -> Mapping[tuple[str, str], Callable[[], Iterable[Finding]]]:
    """Return what compares the files that leaves and manifests name by their hash."""
    sign_offs = workspace.governance / "sign-offs"
    return {
        ("cases", workspace.cases.name): lambda: _found("cases", case_findings(ledger, workspace)),
        ("sign-off", sign_offs.name): lambda: _named(
            "sign-off", sign_off_problems(ledger.every_leaf(GOVERNANCE_LOG), sign_offs)
        ),
        ("definition", "definitions"): lambda: _named("definition", definition_problems(workspace, ledger)),
        ("delivery", "deliveries"): lambda: _named("delivery", delivery_problems(workspace, ledger)),
        ("replay", "replay"): lambda: _named(
            "replay", ((*one, True) for one in stored_replay_problems(workspace))
        ),
    }


def _to_its_end(part: str, name: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield what a check finds; damage over which the check itself stumbles is a finding, and not its end."""
    try:
        yield from check()
    except PolicyError:  # a register that is read in review, and is wrong: nothing was altered behind it
        raise
    except Exception as error:  # noqa: BLE001 - whoever alters what is read decides what its reader raises
        what = str(error) if type(error).__module__ != "builtins" else f"{type(error).__name__}: {error}"
        yield Finding(part, name, f"cannot be read to its end: {what}", is_fatal=True)


def _found(part: str, findings: Iterable[_Difference]) -> Iterator[Finding]:
    for one in findings:
        yield Finding(part, one.object_name, one.problem, one.is_fatal)


def _named(part: str, problems: Iterable[tuple[str, str, bool]]) -> Iterator[Finding]:
    for name, problem, is_fatal in problems:
        yield Finding(part, name, problem, is_fatal)


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
