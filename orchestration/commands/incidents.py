"""`assay incidents review`: incidents of unknown cause, and what people decide about them."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from governance.dispositions import Cause
    from orchestration.dispositions import QueuedIncident

_MOST_LINES = 50


@click.group()
def incidents() -> None:
    """Say what caused production incidents."""


@incidents.command()
@click.option(
    "--set",
    "decision",
    metavar="INCIDENT=DISPOSITION",
    help="Decide: caused_by:DEPLOYMENT (several with commas), not_caused, or unknown to take it back.",
)
@click.option("--by", "by", metavar="NAME", help="Who decides; the log keeps a commitment to the name.")
@click.option("--reason", help="Why, such as `postmortem 12`; it stays for ever, so name nobody.")
@click.option("--all", "is_all", is_flag=True, help="List decided and explained incidents too.")
@workspace_option
@json_option
def review(
    folder: Path | None,
    *,
    decision: str | None,
    by: str | None,
    reason: str | None,
    is_all: bool,
    as_json: bool,
) -> None:
    """List incidents of unknown cause with the deployments that the rule would blame, or decide about one.

    A decision is a leaf of the governance log. The next `assay run` takes it into facts and metrics; the
    newest decision about an incident counts.
    """
    from orchestration.dispositions import incident_queue
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    if decision is not None:
        _decide(workspace.root, decision, by, reason, as_json=as_json)
        return
    if by or reason:
        raise click.UsageError("--by and --reason belong to --set INCIDENT=DISPOSITION")
    queue = incident_queue(workspace, is_all=is_all)
    if as_json:
        click.echo(json.dumps([asdict(incident) for incident in queue], default=str, indent=2))
        return
    for incident in queue[:_MOST_LINES]:
        click.echo(_line(incident))
    if len(queue) > _MOST_LINES:
        click.echo(f"… and {len(queue) - _MOST_LINES} more; --json lists all")
    waiting = "listed" if is_all else "of unknown cause"
    click.echo(f"{len(queue)} incidents {waiting}.")


def _decide(root: Path, decision: str, by: str | None, reason: str | None, *, as_json: bool) -> None:
    from orchestration.dispositions import decide_disposition
    from orchestration.sources import utc_now
    from orchestration.workspace import Workspace

    if not by or not reason:
        raise click.UsageError("--set needs --by NAME and --reason TEXT")
    incident, cause, deployments = parse_decision(decision)
    index = decide_disposition(
        Workspace(root), incident, cause, deployments, by=by, reason=reason, at=utc_now()
    )
    if as_json:
        document = {"incident": incident, "cause": cause, "deployments": deployments, "leaf_index": index}
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(f"Recorded as leaf {index} of the governance log. Take it into the numbers with: assay run")


def parse_decision(text: str) -> tuple[str, "Cause", tuple[str, ...]]:
    """Read `INCIDENT=caused_by:A,B`, `INCIDENT=not_caused` or `INCIDENT=unknown`."""
    incident, equals, disposition = text.partition("=")
    cause, colon, named = disposition.partition(":")
    deployments = tuple(one.strip() for one in named.split(",") if one.strip())
    is_sound = bool(incident and equals) and (bool(deployments) if cause == "caused_by" else not colon)
    if is_sound and cause == "caused_by":
        return incident, "caused_by", deployments
    if is_sound and cause == "not_caused":
        return incident, "not_caused", ()
    if is_sound and cause == "unknown":
        return incident, "unknown", ()
    raise click.BadParameter(
        f"{text!r} is not INCIDENT=caused_by:DEPLOYMENT, INCIDENT=not_caused or INCIDENT=unknown",
        param_hint="--set",
    )


def _line(incident: "QueuedIncident") -> str:
    blamed = ", ".join(incident.deployment_ids) or "no deployment"
    link = {"rule": "the rule would blame", "explicit": "linked to"}.get(incident.link_strength, "linked to")
    decided = f"; decided since: {incident.decided.cause}" if incident.decided else ""
    place = (
        f"{incident.reference}  {incident.service_id or 'no service'}  {incident.severity or 'no severity'}"
    )
    said = f"{incident.disposition}; {link} {blamed}{decided}"
    return f"{incident.incident_id}  {place}  {incident.started_at}  {said}"
