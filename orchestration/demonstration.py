"""The demonstration: a simulated organisation from its APIs to published, traced and verified numbers."""

import secrets
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from connectors.sandbox import ORGANISATION, Organisation, SandboxServer, serve
from connectors.sandbox.objective_files import OBJECTIVES_FOLDER, measuring_sources, write_objectives
from connectors.sandbox.settings import DEMO_KINDS
from connectors.sandbox.source_settings import Places
from orchestration.collection import Confirmation, write_register
from orchestration.scaffold import scaffold
from orchestration.settings import GitHubSettings
from orchestration.sources import utc_now
from orchestration.workspace import Workspace

LOOPBACK = "127.0.0.1"


@dataclass(slots=True)
class Phases:
    """How long each part of the demonstration took."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Book the block's time on a phase."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - begun


@dataclass(frozen=True, slots=True)
class Stage:
    """A simulated organisation that is being served, and its workspace."""

    organisation: Organisation
    server: SandboxServer
    workspace: Workspace
    environment: Mapping[str, str]


@contextmanager
def staged(folder: Path, organisation: Organisation, phases: Phases) -> Iterator[Stage]:
    """Write the clones and files, serve the APIs and make the workspace, as far as they are not there yet.

    The port stays the same from one demonstration to the next: what was fetched is known by its address.
    """
    folder.mkdir(parents=True, exist_ok=True)
    workspace = Workspace((folder / "workspace").resolve())
    token = secrets.token_urlsafe(24)
    clones, files = folder.resolve() / "git", folder.resolve() / "files"
    with phases.timed("simulate"):
        if not clones.exists():
            organisation.write_git(clones)
        if not files.exists():
            organisation.as_of(organisation.ends_at).write_files(files, clones=clones)
    port = _known_port(workspace)
    with ExitStack() as stack:
        with phases.timed("start the server"):
            server = stack.enter_context(serve(organisation, port=port, token=token))
        _write_workspace(workspace, organisation, server.base_url)
        sources = workspace.settings().sources
        environment = {variable: token for source in sources for variable in source.variables.values()}
        yield Stage(organisation, server, workspace, environment)


def _write_workspace(workspace: Workspace, organisation: Organisation, base_url: str) -> None:
    places = Places(base_url=base_url, git_folder="../git", files_folder="../files")
    document = organisation.settings_document(
        base_url=base_url,
        git_folder=places.git_folder,
        files_folder=places.files_folder,
        kinds=DEMO_KINDS,
    )
    document["sources"] += measuring_sources(organisation.company, places)
    write_objectives(organisation.company, workspace.root / OBJECTIVES_FOLDER)
    text = yaml.safe_dump(document, sort_keys=False)
    if workspace.settings_file.exists():
        workspace.settings_file.write_text(text, encoding="utf-8")
        write_register(workspace.governance, workspace.settings(), confirmation=simulated_people())
        return
    scaffold(
        workspace.root,
        organisation=ORGANISATION,
        random_bytes=secrets.token_bytes,
        settings=text,
        confirmation=simulated_people(),
    )


def simulated_people() -> Confirmation:
    """Return the word that made-up people may be measured."""
    return Confirmation(
        confirmed_by="assay demo",
        confirmed_on=utc_now().date(),
        purpose="Show what Assay computes, on an organisation that is simulated on this machine",
        legal_basis="None is needed: nobody in the data exists",
    )


def _known_port(workspace: Workspace) -> int:
    """Return the port of the last demonstration if it is free, else 0 for any."""
    if not workspace.settings_file.exists():
        return 0
    for source in workspace.settings().sources:
        if isinstance(source, GitHubSettings):
            port = urlsplit(source.base_url).port or 0
            return port if _is_free(port) else 0
    return 0


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
