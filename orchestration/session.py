"""One run's open workspace: the lock, the ledger, the evidence and the keys, all let go of at its end."""

import os
import secrets
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.evidence import EvidenceStore
from connectors.kinds import Source
from governance.collection import CollectionRegister
from governance.token_key import load_token_key
from governance.vault import BotRules, Vault
from lineage.ledger import Ledger, NoteSigner
from orchestration.collection import load_register, record_register, uncollected_streams
from orchestration.errors import UsageError
from orchestration.identity_settings import identity_rules
from orchestration.ledger.key_rotation import finish_rotation
from orchestration.lock import workspace_lock
from orchestration.run_record import NobodyWatches, RunRecord, Watcher
from orchestration.settings import Settings, SourceSettings
from orchestration.slos.resolving import read_slos
from orchestration.sources import open_configured_source, utc_now
from orchestration.workspace import SIGNING_KEY, TOKEN_KEY, Workspace

if TYPE_CHECKING:
    from orchestration.openlineage.emission import RunEvents
    from orchestration.repair.repairing import RepairPlan, RepairStep


@dataclass(slots=True)
class Session:
    """What the steps of a run share.

    Attributes:
        out_of_order: By source that failed before: what is wrong with it, None where it answers again.
        awaited: By source that could not be reached: the stream that tries again, for which the others wait.
        repair: What alone is read, where this is a repair.
        repaired: What of it was read already.
        events: Who is told of models and tests as they end, for the standard's events.
    """

    workspace: Workspace
    settings: Settings
    environment: Mapping[str, str] = field(repr=False)
    ledger: Ledger
    store: EvidenceStore
    record: RunRecord
    watcher: Watcher
    register: CollectionRegister
    uncollected: Mapping[tuple[str, str], str] = field(default_factory=dict)
    out_of_order: dict[str, str | None] = field(default_factory=dict)
    awaited: dict[str, str] = field(default_factory=dict)
    repair: "RepairPlan | None" = None
    repaired: "set[RepairStep]" = field(default_factory=set)
    events: "RunEvents | None" = None
    _stage: tuple[str, float] | None = None
    _open_sources: dict[str, Source] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """The run's name in evidence and publications."""
        return self.record.run_id

    def enter(self, stage: str) -> None:
        """Begin a stage of the run; the time until the next one is booked on it."""
        self.leave()
        self._stage = (stage, time.monotonic())
        self.watcher.stage(stage)

    def leave(self) -> None:
        """End the stage that the run is in."""
        if self._stage is not None:
            name, begun = self._stage
            self.record.seconds[name] = self.record.seconds.get(name, 0.0) + time.monotonic() - begun
            self._stage = None

    def source(self, name: str) -> Source:
        """Return a source, opened on first use."""
        if name not in self._open_sources:
            self._open_sources[name] = open_configured_source(
                self.source_settings(name),
                workspace=self.workspace,
                store=self.store,
                environment=self.environment,
                without={stream for source, stream in self.uncollected if source == name},
            )
        return self._open_sources[name]

    def source_settings(self, name: str) -> SourceSettings:
        """Return the settings of a source."""
        return next(source for source in self.settings.sources if source.name == name)

    def signer(self) -> NoteSigner:
        """Load the key that signs checkpoints."""
        return load_signer(self.workspace, self.settings)

    def vault(self) -> Vault:
        """Open the identity vault with this workspace's key and bot rules."""
        key = load_token_key(self.workspace.key(TOKEN_KEY, self.settings))
        bots = self.settings.rules.bots
        return Vault(
            self.workspace.vault,
            key,
            bots=BotRules(pattern=bots.pattern, logins=bots.logins),
            identity=identity_rules(self.settings),
        )


@contextmanager
def open_session(
    workspace: Workspace,
    *,
    command: str,
    environment: Mapping[str, str] | None = None,
    run_id: str | None = None,
    watcher: Watcher | None = None,
    needs_sources: bool = True,
) -> Iterator[Session]:
    """Take the workspace for a run: check the settings, lock it, mend what a crash left, close it at the end.

    Args:
        workspace: Where.
        command: What the lock's holder is called when another run is refused.
        environment: Where credentials are; the process's own by default.
        run_id: Dagster's id of the run; a new one by default.
        watcher: Who is shown the progress.
        needs_sources: Whether the credentials must be there.

    Raises:
        SettingsError: the settings or the objectives are wrong, or a variable is missing.
        RegisterError: the collection register is wrong.
        WorkspaceLockedError: another run works here.
    """
    given = os.environ if environment is None else environment
    settings = workspace.settings(environment=given if needs_sources else None)
    read_slos(workspace.root, settings)
    workspace.make_data_folders()
    with ExitStack() as stack:
        stack.enter_context(workspace_lock(workspace.lock, command=command, at=utc_now()))
        ledger = stack.enter_context(open_ledger(workspace, settings))
        store = EvidenceStore(workspace.evidence, ledger, random_bytes=secrets.token_bytes)
        register = load_register(workspace.governance)
        left_out = uncollected_streams(settings, register, on=utc_now().date())
        stack.callback(store.close)
        session = Session(
            workspace=workspace,
            settings=settings,
            environment=given,
            ledger=ledger,
            store=store,
            record=RunRecord(run_id or str(uuid.uuid4())),
            watcher=watcher or NobodyWatches(),
            register=register,
            uncollected={(each.source, each.stream): each.reason for each in left_out},
        )
        if needs_sources:
            record_register(ledger, register)
        if finish_rotation(workspace.key(SIGNING_KEY, settings), ledger):
            session.watcher.note("a change of the signing key was cut off, and is finished now")
        mended = store.recover()
        if mended.finished or mended.discarded:
            session.watcher.note(
                f"the last run was cut off: {len(mended.finished)} files of evidence moved into place, "
                f"{len(mended.discarded)} uncommitted ones deleted"
            )
        yield session


def open_ledger(workspace: Workspace, settings: Settings) -> Ledger:
    """Open the workspace's ledger under the organisation's name."""
    return Ledger(workspace.ledger, origin=f"assay/{settings.organisation}")


def load_signer(workspace: Workspace, settings: Settings) -> NoteSigner:
    """Read the signing key.

    Raises:
        UsageError: it is missing.
    """
    path = workspace.key(SIGNING_KEY, settings)
    try:
        return NoteSigner.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"There is no signing key at {path}. Restore it from your backup of the keys"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} cannot be read as a signing key: {error}. Restore it from your backup of the keys"
        ) from error
