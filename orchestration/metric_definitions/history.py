"""Looking definitions up: as they are now, on a day, in a publication or by hash; comparing two."""

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from governance.log import GOVERNANCE_LOG
from governance.policies import PolicyBook
from lineage.definition_changes import Change, Part, compare_definitions
from lineage.definition_log import InForce, in_force, read_history
from lineage.definition_proofs import DefinitionProof, prove, verify_proof
from lineage.definition_store import DefinitionStore
from lineage.definitions import MetricDefinition
from lineage.errors import DefinitionError
from lineage.ledger import Ledger, NoteVerifier
from orchestration.errors import UsageError
from orchestration.publications import CURRENT, PREVIOUS, publication_folder
from orchestration.session import load_signer, open_ledger
from orchestration.settings.models import midnight
from orchestration.workspace import SIGNING_KEY, Workspace
from publishing.manifest import read_manifest

PRESENT = "present"
_LEAST_HASH = 6


@dataclass(frozen=True, slots=True)
class FoundDefinition:
    """One definition that somebody asked for.

    Attributes:
        metric: The metric, or the relation of a mart.
        label: What was found, for people: `in force on 2026-05-01`.
        sha256: The definition hash.
        document: What was hashed.
        words: Title, sentence and the like, by version and profile.
        part: Reads the parts that the document names by hash.
        entry: Its leaf; None for what is not in force yet.
    """

    metric: str
    label: str
    sha256: str
    document: Mapping[str, Any]
    words: Mapping[str, Any]
    part: Part
    entry: InForce | None = None

    @property
    def sentence(self) -> str:
        """What the metric says, in the newest version's words."""
        return next((str(words.get("sentence", "")) for words in reversed(list(self.words.values()))), "")


def definitions_on(workspace: Workspace, day: date | None = None) -> dict[str, InForce]:
    """Return what was in force at the end of a day of the reporting time zone; now, where none is given.

    Raises:
        UsageError: nothing was published yet.
    """
    history = _history(workspace)
    found = in_force(history, before=_end_of(workspace, day) if day else datetime.max.replace(tzinfo=UTC))
    if not found:
        when = f"on {day.isoformat()}" if day else "yet"
        first = min((entry.from_at for entries in history.values() for entry in entries), default=None)
        hint = f"The first came into force at {first.isoformat()}" if first else "Publish with: assay run"
        raise UsageError(f"No definition was in force {when}. {hint}")
    return found


def history_of(workspace: Workspace, metric: str) -> list[InForce]:
    """Return every definition that a metric ever had, the first one first.

    Raises:
        UsageError: it never had one.
    """
    history = _history(workspace)
    if metric not in history:
        raise UsageError(f"No definition of {metric} was ever in force{_near(metric, history)}")
    return history[metric]


def find_definition(workspace: Workspace, metric: str, which: str) -> FoundDefinition:
    """Find one definition of a metric.

    Args:
        workspace: Whose.
        metric: Its name, or a mart such as `marts.mart_team_scorecard`.
        which: `present` (what the models and policies say now), a day, a publication's id, or the first six
            or more characters of a definition hash.

    Raises:
        UsageError: there is no such metric, or no such definition of it.
        DefinitionError: a stored definition was altered.
    """
    if which == PRESENT:
        return _present(workspace, metric)
    entry = _entry_of(workspace, history_of(workspace, metric), which)
    if entry.sha256 is None or entry.document_sha256 is None:
        raise UsageError(f"{metric} was retired at {entry.from_at.isoformat()}")
    store = DefinitionStore(workspace.definitions)
    stored = store.read(entry.document_sha256)
    if stored.sha256 != entry.sha256:
        raise DefinitionError(f"the stored definition of {metric} hashes to {stored.sha256}, not as recorded")
    label = f"in force from {entry.from_at:%Y-%m-%d %H:%M} UTC"
    return FoundDefinition(metric, label, entry.sha256, stored.document, stored.words, store.part, entry)


def changes_between(old: FoundDefinition, new: FoundDefinition) -> list[Change]:
    """Say what changed between two definitions."""
    return compare_definitions(old.document, new.document, old_part=old.part, new_part=new.part)


def proof_of(workspace: Workspace, entries: Mapping[str, InForce], *, day: date | None) -> dict[str, Any]:
    """Return a document that proves offline that these definitions were in force at the end of a day, or now.

    Raises:
        DefinitionError: no checkpoint covers them yet.
    """
    with open_ledger(workspace, workspace.settings()) as ledger:
        history = read_history(ledger.every_leaf(GOVERNANCE_LOG))
        return prove(
            ledger, entries.values(), history, before=_end_of(workspace, day) if day is not None else None
        )


def check_proof(path: Path, verifiers: tuple[NoteVerifier, ...]) -> DefinitionProof:
    """Check a proof file with nothing but the keys.

    Raises:
        UsageError: the file cannot be read.
        DefinitionError: it proves nothing.
    """
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as a proof: {error}") from error
    if not isinstance(document, dict):
        raise DefinitionError(f"{path} holds no proof of definitions")
    return verify_proof(document, verifiers)


def own_verifier(workspace: Workspace) -> NoteVerifier:
    """Return the workspace's own key, for whoever checks a proof where it was made."""
    settings = workspace.settings()
    if not workspace.key(SIGNING_KEY, settings).exists():
        raise UsageError("There is no signing key here; name the key that is trusted with --key")
    return load_signer(workspace, settings).verifier


def definition_problems(workspace: Workspace, ledger: Ledger) -> Iterator[tuple[str, str, bool]]:
    """Yield (object, problem, is fatal) of stored definitions that are not as the governance log says."""
    try:
        history = read_history(ledger.every_leaf(GOVERNANCE_LOG))
    except DefinitionError as error:
        yield "governance log", str(error), True
        return
    expected = [
        (entry.sha256, entry.document_sha256)
        for entries in history.values()
        for entry in entries
        if entry.sha256 and entry.document_sha256
    ]
    yield from DefinitionStore(workspace.definitions).problems(expected)


def _history(workspace: Workspace) -> dict[str, list[InForce]]:
    with open_ledger(workspace, workspace.settings()) as ledger:
        return read_history(ledger.every_leaf(GOVERNANCE_LOG))


def _end_of(workspace: Workspace, day: date) -> datetime:
    """Return the instant at which a day of the reporting time zone is over."""
    return midnight(day + timedelta(days=1), workspace.settings().reporting.time_zone)


def _entry_of(workspace: Workspace, entries: list[InForce], which: str) -> InForce:
    day = _as_day(which)
    if day is not None:
        end = _end_of(workspace, day)
        return _newest([entry for entry in entries if entry.from_at < end], f"on {which}", entries)
    if which in (CURRENT, PREVIOUS) or (which and (workspace.published / which).is_dir()):
        manifest = read_manifest(publication_folder(workspace, which))
        at = datetime.fromisoformat(str(manifest.document["published_at"]))
        return _newest([entry for entry in entries if entry.from_at <= at], f"in {which}", entries)
    matching = [entry for entry in entries if entry.sha256 and entry.sha256.startswith(which.lower())]
    if len(which) < _LEAST_HASH or not matching:
        raise UsageError(
            f"{which!r} is no day (2026-05-01), no publication, not `{PRESENT}`, and no hash of a "
            f"definition of {entries[0].metric}. `assay definition list {entries[0].metric}` lists them"
        )
    if len({entry.sha256 for entry in matching}) > 1:
        raise UsageError(
            f"several definitions of {entries[0].metric} begin with {which}; give more of the hash"
        )
    return matching[-1]


def _newest(entries: list[InForce], when: str, known: list[InForce]) -> InForce:
    if not entries:
        raise UsageError(
            f"{known[0].metric} had no definition {when}; the first came into force at "
            f"{known[0].from_at.isoformat()}"
        )
    return entries[-1]


def _as_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _present(workspace: Workspace, metric: str) -> FoundDefinition:
    defined = present_everywhere(workspace)
    if metric not in defined:
        raise UsageError(f"There is no metric or mart {metric}{_near(metric, defined)}")
    found = defined[metric]
    return FoundDefinition(
        metric,
        "as it is at present",
        found.sha256,
        found.document,
        found.words,
        lambda digest: found.texts[digest],
    )


def present_everywhere(workspace: Workspace) -> dict[str, MetricDefinition]:
    """Define every metric and mart of the last build under the present models and policies.

    Raises:
        UsageError: nothing was built yet.
    """
    from orchestration.dbt_runner import DbtProject  # noqa: PLC0415 - only this needs dbt's manifest
    from orchestration.flow.warehouse import read_between_runs  # noqa: PLC0415
    from orchestration.metric_definitions.defining import present_definitions, present_marts  # noqa: PLC0415

    if not workspace.warehouse.exists():
        raise UsageError(f"Nothing was built in {workspace.root} yet. Begin with: assay run")
    compiled = DbtProject(workspace).compiled_manifest()
    policies = PolicyBook.load(workspace.governance / "policies.yml")
    with read_between_runs(workspace, command="assay definition") as con:
        return present_definitions(con, compiled, policies=policies) | present_marts(con, compiled)


def _near(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {near[0]}?" if near else ". `assay definition list` lists them"
