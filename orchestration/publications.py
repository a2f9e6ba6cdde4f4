"""Publications of a workspace by the names that people give them."""

from pathlib import Path

from orchestration.errors import UsageError
from orchestration.workspace import Workspace
from publishing.durable import BUILDING_PREFIX
from publishing.errors import ManifestError
from publishing.manifest import read_manifest

CURRENT, PREVIOUS = "current", "previous"
_NAMED = 8


def publication_folder(workspace: Workspace, name: str = CURRENT) -> Path:
    """Return the folder of a publication.

    Args:
        workspace: Whose publication.
        name: Its id, or the beginning of one id alone; `current`; or `previous`, which current replaced.

    Raises:
        UsageError: there is none of that name.
    """
    current = workspace.current
    if name in (CURRENT, PREVIOUS) and not current.exists():
        raise UsageError(f"Nothing is published in {workspace.root} yet. Make a publication with: assay run")
    if name == CURRENT:
        return current.resolve()
    wanted = _before(current) if name == PREVIOUS else name
    known = _ids(workspace)
    matching = [wanted] if wanted in known else [each for each in known if wanted and each.startswith(wanted)]
    if len(matching) != 1:
        newest = ", ".join(known[-_NAMED:]) or "none"
        problem = f"{len(matching)} publications begin with" if matching else "There is no publication"
        raise UsageError(f"{problem} {wanted!r}. Those of {workspace.published} are: {newest}")
    return workspace.published / matching[0]


def _before(current: Path) -> str:
    try:
        manifest = read_manifest(current)
    except ManifestError as error:
        raise UsageError(f"What came before the current publication is not known: {error}") from error
    if not manifest.document.get("previous"):
        raise UsageError(f"{manifest.publication_id} is the first publication; there is none before it")
    return str(manifest.document["previous"])


def _ids(workspace: Workspace) -> list[str]:
    if not workspace.published.is_dir():
        return []
    return sorted(
        path.name
        for path in workspace.published.iterdir()
        if path.is_dir() and not path.is_symlink() and not path.name.startswith(BUILDING_PREFIX)
    )
