"""A small simulated company with a workspace, served at an instant that a test may move."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import yaml

from connectors.sandbox import ORGANISATION, Organisation, SandboxServer, serve, simulate
from connectors.sandbox.settings import CODE_KINDS
from orchestration.demonstration import simulated_people
from orchestration.errors import AssayError
from orchestration.run_record import NobodyWatches, RunRecord
from orchestration.running import RunOptions, run_workspace
from orchestration.scaffold import scaffold
from orchestration.workspace import Workspace
from tests.parsed import copy_parsed

TOKEN = "ghp_simulated"
END = datetime(2026, 7, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Company:
    """A served company and its workspace."""

    organisation: Organisation
    server: SandboxServer
    workspace: Workspace
    clones: Path

    @property
    def environment(self) -> Mapping[str, str]:
        sources = self.workspace.settings().sources
        return {variable: TOKEN for source in sources for variable in source.variables.values()}

    @property
    def files(self) -> Path:
        return self.clones.with_name("files")

    def run(self, *, is_full_refresh: bool = False) -> RunRecord:
        record, error = self.try_run(is_full_refresh=is_full_refresh)
        if error is not None:
            raise error
        return record

    def try_run(self, *, is_full_refresh: bool = False) -> tuple[RunRecord, AssayError | None]:
        return run_workspace(
            self.workspace,
            watcher=NobodyWatches(),
            environment=self.environment,
            options=RunOptions(is_full_refresh=is_full_refresh, first_wait_seconds=0.0),
        )

    def move_to(self, instant: datetime) -> None:
        self.server.move_to(instant)
        shutil.rmtree(self.clones)
        write_folders(self.organisation, instant, self.clones, self.files if self.files.exists() else None)


def write_folders(organisation: Organisation, instant: datetime, clones: Path, files: Path | None) -> None:
    """Write the clones as they are at an instant, and what sources of files read beside them."""
    organisation.as_of(instant).write_git(clones)
    if files is not None:
        organisation.as_of(instant).write_files(files, clones=clones)


@contextmanager
def company(
    folder: Path,
    *,
    at: datetime = END,
    services: int = 3,
    seed: int = 7,
    kinds: Sequence[str] = CODE_KINDS,
    months: int = 2,
) -> Iterator[Company]:
    """Serve two months or more of a company with a few services, as they stand at an instant."""
    organisation = simulate(seed=seed, months=months, services=services, until=date(2026, 7, 1))
    clones = folder / "git"
    write_folders(organisation, at, clones, folder / "files" if set(kinds) - set(CODE_KINDS) else None)
    with serve(organisation, token=TOKEN, at=at) as server:
        settings = organisation.settings_document(
            base_url=server.base_url, git_folder="../git", files_folder="../files", kinds=kinds
        )
        workspace = scaffold(
            folder / "workspace",
            organisation=ORGANISATION,
            random_bytes=bytes,  # the same keys everywhere: a person has one token in all of a test
            settings=yaml.safe_dump(settings, sort_keys=False),
            confirmation=simulated_people(),
        )
        copy_parsed(workspace)
        yield Company(organisation, server, workspace, clones)
