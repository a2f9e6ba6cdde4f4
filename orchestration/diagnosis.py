"""Everything that a run needs, checked one by one: what is wrong, and how to mend it."""

import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from connectors.errors import ConnectorError
from connectors.evidence import EvidenceStore
from connectors.reports import Diagnosis
from governance.errors import GovernanceError
from governance.token_key import load_token_key
from lineage.ledger import LedgerError
from orchestration.collection import load_register, uncollected_lines, uncollected_streams
from orchestration.coverage import coverage
from orchestration.errors import AssayError, SettingsError
from orchestration.lock import lock_holder
from orchestration.session import load_signer, open_ledger
from orchestration.settings import GitSettings, Settings, SourceSettings, examine
from orchestration.settings.reading import read_settings, read_text
from orchestration.settings.references import presence_faults
from orchestration.sources import open_configured_source, utc_now
from orchestration.workspace import SIGNING_KEY, TOKEN_KEY, Workspace

_LEAST_FREE_BYTES = 1_000_000_000
_LEAST_GIT = (2, 20)
_OTHERS = 0o077
_OF_A_SOURCE = len(("sources", 0, "a key"))


def diagnose(workspace: Workspace, *, environment: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Yield one diagnosis per thing that was checked, the cheap ones first."""
    yield from _software()
    yield _disk(workspace)
    yield _lock(workspace)
    try:
        settings = read_settings(workspace.settings_file)
    except SettingsError:
        yield from _settings_problems(workspace, environment)
        return
    yield from _settings_problems(workspace, environment)
    yield from _collection(workspace, settings)
    yield from _keys(workspace, settings)
    yield from _channels(settings, environment)
    if any(isinstance(source, GitSettings) for source in settings.sources):
        yield _git()
    yield from _sources(workspace, settings, environment)


def _software() -> Iterator[Diagnosis]:
    """Compare what is installed with what this version of Assay was tested with."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    yield Diagnosis("python", sys.version_info >= (3, 11), f"Python {found}", "Install Python 3.11 or newer")
    for requirement in requires("assay") or []:
        if "extra ==" in requirement:
            continue
        name, bounds = _parted(requirement)
        try:
            installed = version(name)
        except PackageNotFoundError:
            yield Diagnosis(
                name, is_ok=False, message="is not installed", remedy="Run make env, or install assay again"
            )
            continue
        if not _is_within(installed, bounds):
            remedy = f"Install {name}{bounds}, for example with make env"
            yield Diagnosis(name, is_ok=False, message=f"{installed} is not {bounds}", remedy=remedy)


def _parted(requirement: str) -> tuple[str, str]:
    match = re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*([^;]*)", requirement)
    return (match[1], match[2].strip()) if match else (requirement, "")


def _is_within(installed: str, bounds: str) -> bool:
    from packaging.specifiers import SpecifierSet  # noqa: PLC0415 - needed here only

    return SpecifierSet(bounds).contains(installed, prereleases=True)


def _disk(workspace: Workspace) -> Diagnosis:
    free = shutil.disk_usage(workspace.root).free
    return Diagnosis(
        "disk",
        free >= _LEAST_FREE_BYTES,
        f"{free / 1e9:.1f} GB free at {workspace.root}",
        "Free at least 1 GB; assay plan says how much a first run needs",
    )


def _lock(workspace: Workspace) -> Diagnosis:
    holder = lock_holder(workspace.lock)
    if holder is None:
        return Diagnosis("lock", is_ok=True, message="no run is going on")
    return Diagnosis("lock", is_ok=False, message=f"held by {holder}", remedy="Wait until that run has ended")


def _settings_problems(workspace: Workspace, environment: Mapping[str, str]) -> Iterator[Diagnosis]:
    try:
        text = read_text(workspace.settings_file)
    except SettingsError as error:
        yield Diagnosis("settings", is_ok=False, message=str(error), remedy="Mend the file")
        return
    _, problems = examine(text, folder=workspace.root, environment=environment)
    for problem in problems:
        where = problem.place(str(workspace.settings_file))
        yield Diagnosis("settings", is_ok=False, message=f"{where}: {problem.message}", remedy=problem.remedy)
    if not problems:
        yield Diagnosis("settings", is_ok=True, message=f"{workspace.settings_file} is in order")


def _channels(settings: Settings, environment: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Say whether the addresses of the channels are there; `assay alert test` tries them."""
    for channel in settings.alerts.channels:
        is_set = bool(environment.get(channel.url_env))
        yield Diagnosis(
            f"alerts {channel.name}",
            is_ok=is_set,
            message=f"{channel.url_env} is {'set' if is_set else 'not set: nobody is told there'}",
            remedy=f"Set it to the channel's address (export {channel.url_env}=…), then: assay alert test",
        )


def _collection(workspace: Workspace, settings: Settings) -> Iterator[Diagnosis]:
    """Say which streams the collection register keeps out."""
    try:
        register = load_register(workspace.governance)
    except GovernanceError as error:
        yield Diagnosis("collection", is_ok=False, message=str(error), remedy="Mend that line")
        return
    left_out = uncollected_streams(settings, register, on=utc_now().date())
    covered = coverage(settings, workspace.governance, on=utc_now().date())
    remedy = "Write what is missing with assay register --add, confirm with assay register --confirm NAME"
    if any(each.has_lapsed for each in covered):
        remedy = f"Renew what has lapsed: a later valid_until, or a new entry. {remedy}"
    for line in uncollected_lines(left_out):
        yield Diagnosis("collection", is_ok=False, message=line, remedy=remedy)
    if not left_out:
        yield Diagnosis("collection", is_ok=True, message=f"{register.path} allows every stream")


def _keys(workspace: Workspace, settings: Settings) -> Iterator[Diagnosis]:
    for name in (SIGNING_KEY, TOKEN_KEY):
        path = workspace.key(name, settings)
        yield _key(name, path, workspace, settings)


def _key(name: str, path: Path, workspace: Workspace, settings: Settings) -> Diagnosis:
    try:
        if name == SIGNING_KEY:
            load_signer(workspace, settings)
        else:
            load_token_key(path)
    except (AssayError, GovernanceError, LedgerError, OSError) as error:
        remedy = f"Restore {path} from your backup; a new one cannot continue the old seals and tokens"
        return Diagnosis(name, is_ok=False, message=str(error), remedy=remedy)
    if path.stat().st_mode & _OTHERS:
        return Diagnosis(name, is_ok=False, message=f"others may read {path}", remedy=f"chmod 600 {path}")
    return Diagnosis(name, is_ok=True, message=f"{path} is in order")


def _git() -> Diagnosis:
    remedy = f"Install git {'.'.join(map(str, _LEAST_GIT))} or newer"
    try:
        shown = subprocess.run(
            ["git", "--version"], capture_output=True, text=True, check=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError) as error:
        return Diagnosis("git", is_ok=False, message=f"git cannot be run: {error}", remedy=remedy)
    match = re.search(r"(\d+)\.(\d+)", shown)
    is_new_enough = match is not None and (int(match[1]), int(match[2])) >= _LEAST_GIT
    return Diagnosis("git", is_new_enough, shown, remedy)


def _sources(workspace: Workspace, settings: Settings, environment: Mapping[str, str]) -> Iterator[Diagnosis]:
    lacking = [fault.path for fault in presence_faults(settings, environment, workspace.root)]
    with open_ledger(workspace, settings) as ledger:
        store = EvidenceStore(workspace.evidence, ledger, random_bytes=secrets.token_bytes)
        try:
            for index, source in enumerate(settings.sources):
                if any(path[:2] == ("sources", index) and len(path) == _OF_A_SOURCE for path in lacking):
                    continue  # the settings' own diagnosis names it
                try:
                    opened = open_configured_source(
                        source, workspace=workspace, store=store, environment=environment
                    )
                    absent = _absent_clones(source, workspace)
                    yield from (
                        _named(source.name, each) for each in opened.check() if each.name not in absent
                    )
                except ConnectorError as error:
                    remedy = "Mend what the message names"
                    yield Diagnosis(source.name, is_ok=False, message=str(error), remedy=remedy)
        finally:
            store.close()


def _absent_clones(source: SourceSettings, workspace: Workspace) -> set[str]:
    """Return the checks of clones that are not there, which the settings' own diagnosis names."""
    clones = source.repositories if isinstance(source, GitSettings) else ()
    return {f"clone of {clone.name}" for clone in clones if not (workspace.root / clone.path).is_dir()}


def _named(source: str, diagnosis: Diagnosis) -> Diagnosis:
    """Say whose diagnosis it is: every source has credentials and a clock."""
    if source in diagnosis.name:
        return diagnosis
    return replace(diagnosis, name=f"{source}: {diagnosis.name}")
