"""A workspace: the folder that belongs to one organisation, and where everything in it lies."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import UsageError
from orchestration.settings import Settings, read_settings

SETTINGS_FILE = "assay.yml"
WORKSPACE_VARIABLE = "ASSAY_WORKSPACE"
SIGNING_KEY = "signing.key"
TOKEN_KEY = "token.key"  # noqa: S105 - the name of a file


@dataclass(frozen=True, slots=True)
class Workspace:
    """The paths of one workspace."""

    root: Path

    @property
    def settings_file(self) -> Path:
        """The settings, `assay.yml`."""
        return self.root / SETTINGS_FILE

    @property
    def governance(self) -> Path:
        """Metric policies."""
        return self.root / "governance"

    @property
    def data(self) -> Path:
        """Everything that a run writes."""
        return self.root / "data"

    @property
    def evidence(self) -> Path:
        """Committed pages, by source and stream."""
        return self.data / "evidence"

    @property
    def ledger(self) -> Path:
        """Logs, committed files, windows and cursors: one SQLite file."""
        return self.data / "ledger" / "ledger.sqlite"

    @property
    def vault(self) -> Path:
        """The identity vault: the only file with names."""
        return self.data / "vault" / "identity.duckdb"

    @property
    def cases(self) -> Path:
        """The private store: names, texts and attachments of disputes and corrections."""
        return self.data / "private" / "cases.sqlite"

    @property
    def feedback(self) -> Path:
        """Developmental feedback: a file that no build opens."""
        return self.data / "developmental" / "feedback.duckdb"

    @property
    def assessments(self) -> Path:
        """Assessments that people write, with the feedback that they cite."""
        return self.data / "private" / "assessments"

    @property
    def warehouse(self) -> Path:
        """The file being built; only the pipeline opens it."""
        return self.data / "warehouse" / "assay.duckdb"

    @property
    def published(self) -> Path:
        """The publications, and `current`."""
        return self.data / "published"

    @property
    def deliveries(self) -> Path:
        """Who received which publication: names, for the owner's eyes alone."""
        return self.data / "private" / "deliveries.sqlite"

    @property
    def definitions(self) -> Path:
        """What every metric meant, by hash; the governance log says which was in force when."""
        return self.data / "definitions"

    @property
    def current(self) -> Path:
        """The publication that everybody reads."""
        return self.published / "current"

    @property
    def replay(self) -> Path:
        """Compiled models, settings and tokens of publications, for replays; only the owner reads them."""
        return self.data / "replay"

    @property
    def dagster(self) -> Path:
        """The instance's home: runs, events, schedules."""
        return self.data / "dagster"

    @property
    def dbt(self) -> Path:
        """The manifest, compiled SQL and logs of dbt."""
        return self.data / "dbt"

    @property
    def lock(self) -> Path:
        """Held by the one run that writes."""
        return self.data / "workspace.lock"

    @property
    def failures(self) -> Path:
        """One line of JSON for each failed run."""
        return self.data / "run_failures.ndjson"

    @property
    def last_good_run(self) -> Path:
        """The last run that reached its end."""
        return self.data / "last_good_run.json"

    @property
    def checks(self) -> Path:
        """The checks of the newest build in brief, for whoever may not open the warehouse."""
        return self.data / "checks.json"

    @property
    def alerts(self) -> Path:
        """What alerting remembers: open causes and who was told."""
        return self.data / "alerts.json"

    @property
    def openlineage(self) -> Path:
        """The events of each run, one file of JSON lines for each."""
        return self.data / "openlineage"

    def settings(self, *, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the settings; with an environment, credentials are looked up too."""
        return read_settings(self.settings_file, environment=environment)

    def key(self, name: str, settings: Settings) -> Path:
        """Return the path of a key file."""
        return self.root / settings.keys.folder / name

    def make_data_folders(self) -> None:
        """Create the folders that a run writes into."""
        for folder in (self.evidence, self.ledger.parent, self.vault.parent, self.warehouse.parent):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.published, self.dagster, self.dbt):
            folder.mkdir(parents=True, exist_ok=True)
        self.vault.parent.chmod(0o700)


def find_workspace(given: Path | None = None, *, start: Path | None = None) -> Workspace:
    """Return the workspace that was given, or the nearest one upward from `start`.

    Raises:
        UsageError: where there is none.
    """
    if given is not None:
        root = given.expanduser().resolve()
        if not (root / SETTINGS_FILE).is_file():
            raise UsageError(f"{root} has no {SETTINGS_FILE}. Make a workspace with: assay init {given}")
        return Workspace(root)
    begin = (start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        if (folder / SETTINGS_FILE).is_file():
            return Workspace(folder)
    raise UsageError(
        f"No {SETTINGS_FILE} in {begin} or above it. Go into a workspace, name one with --workspace DIR, "
        "or make one with: assay init DIR"
    )


def workspace_of_environment() -> Workspace:
    """Return the workspace that ASSAY_WORKSPACE names, else the nearest, for what Dagster starts."""
    named = os.environ.get(WORKSPACE_VARIABLE)
    return find_workspace(Path(named) if named else None)
