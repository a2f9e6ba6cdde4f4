"""Making a workspace: settings, keys, folders. Nothing that exists is ever overwritten."""

import os
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from governance.collection import REGISTER_FILE
from governance.token_key import create_token_key
from lineage.ledger.note import NoteSigner
from orchestration.collection import Confirmation, write_register
from orchestration.errors import UsageError
from orchestration.settings import examine
from orchestration.workspace import SIGNING_KEY, TOKEN_KEY, Workspace

_IGNORED = """# the pipeline's files and the keys do not belong into version control
data/
keys/
"""
_GOVERNANCE = """# Metric policies of this workspace: may only tighten what the metrics' definitions demand.
witnesses: []
metrics: {}
"""


def scaffold(
    folder: Path,
    *,
    organisation: str,
    random_bytes: Callable[[int], bytes],
    settings: str | None = None,
    confirmation: Confirmation | None = None,
) -> Workspace:
    """Make a workspace in a folder that is none yet.

    Args:
        folder: Made where it does not exist.
        organisation: The name that enters the log's origin and the annotated settings.
        random_bytes: The source of the keys' randomness.
        settings: The text of `assay.yml`; the annotated example by default.
        confirmation: Whose word it is that the streams of the settings may be fetched; by default the
            collection register is written to be confirmed.

    Raises:
        UsageError: a file that would be written exists.
    """
    if organisation != organisation_name(organisation):
        raise UsageError(
            f"'{organisation}' is no login: letters, digits, dots, dashes and underscores make one"
        )
    workspace = Workspace(folder.expanduser().resolve())
    keys = workspace.root / "keys"
    targets = (workspace.settings_file, keys / SIGNING_KEY, keys / TOKEN_KEY)
    taken = [str(path) for path in targets if path.exists()]
    if taken:
        raise UsageError(f"kept as it is, for it exists already: {', '.join(taken)}. Choose another folder")
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    signer = NoteSigner.generate(f"assay/{organisation}", random_bytes=random_bytes)
    write_secret(keys / SIGNING_KEY, signer.text() + "\n")
    create_token_key(keys / TOKEN_KEY, random_bytes)
    workspace.make_data_folders()
    (workspace.root / "slos").mkdir(exist_ok=True)
    workspace.governance.mkdir(exist_ok=True)
    _write_if_new(workspace.governance / "policies.yml", _GOVERNANCE)
    _write_if_new(workspace.root / ".gitignore", _IGNORED)
    text = settings or annotated_settings(organisation)
    workspace.settings_file.write_text(text, encoding="utf-8")
    if not (workspace.governance / REGISTER_FILE).exists():
        asked_for, _ = examine(text, folder=workspace.root)
        write_register(workspace.governance, asked_for, confirmation=confirmation)
    return workspace


def annotated_settings(organisation: str) -> str:
    """Return the example `assay.yml`, with every key explained."""
    text = resources.files("orchestration.settings").joinpath("template.yml").read_text(encoding="utf-8")
    return text.replace("${organisation}", organisation)


def organisation_name(text: str) -> str:
    """Make a name that the settings accept from a folder's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._") or "organisation"


def write_secret(path: Path, text: str) -> None:
    """Write a new file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _write_if_new(path: Path, text: str) -> None:
    if not path.exists():
        path.write_text(text, encoding="utf-8")
