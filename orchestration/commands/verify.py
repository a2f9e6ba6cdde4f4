"""`assay verify`: is everything still what it was?"""

import json
from dataclasses import asdict
from pathlib import Path

import click

from orchestration.commands.options import json_option, workspace_option


@click.command()
@workspace_option
@json_option
@click.option(
    "--key", "keys", multiple=True, help="A verifier key to trust, as one line. Default: the workspace's."
)
def verify(folder: Path | None, *, as_json: bool, keys: tuple[str, ...]) -> int:
    """Check evidence, logs and publications against their hashes; name each object that differs."""
    from lineage.ledger import NoteVerifier
    from orchestration.verification import verify_workspace
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    findings = []
    for finding in verify_workspace(workspace, trusted=tuple(NoteVerifier.parse(key) for key in keys)):
        findings.append(finding)
        if not as_json:
            label = "DIFFERS" if finding.is_fatal else "note   "
            click.echo(f"{label} {finding.part}: {finding.object_name}: {finding.problem}")
    fatal = sum(finding.is_fatal for finding in findings)
    if as_json:
        click.echo(
            json.dumps({"differs": fatal, "findings": [asdict(finding) for finding in findings]}, indent=2)
        )
    elif fatal:
        objects = "1 object is" if fatal == 1 else f"{fatal} objects are"
        click.echo(
            f"{objects} not what was recorded. Keep the workspace as it is, and restore each from a backup;"
        )
        click.echo("docs/runbooks/damaged-evidence.md says how, and what can be fetched or built again.")
    else:
        click.echo("Everything is what it was: the logs, the evidence and the publications.")
    return 1 if fatal else 0
