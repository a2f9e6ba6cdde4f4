"""`assay correction`: what a fact is in truth, signed by two people."""

import json
from pathlib import Path

import click

from orchestration.commands.options import json_option, workspace_option
from orchestration.commands.redact import person_key

_SIGNED = click.option(
    "--signed-by",
    "signed_by",
    required=True,
    metavar="PERSON=KEYFILE",
    help="Who signs, in governance/signers.yml.",
)


@click.group()
def correction() -> None:
    """Say what a fact is in truth, with evidence. Nothing is edited: what two people sign is laid over it."""


@correction.command()
@click.argument("column")
@click.argument("value")
@click.option("--fact", metavar="KIND:ID", help="deployment:ID, incident:ID or issue:ID, as published.")
@click.option("--part", help="One part of a deployment, where only that is wrong.")
@click.option("--record", "record_id", type=int, help="The record that is wrong, as a trace shows it.")
@click.option("--path", "json_path", metavar="JSON_PATH", help="Where in it, such as $.finished_at.")
@click.option(
    "--evidence", "files", multiple=True, type=click.Path(path_type=Path), help="A file that shows it."
)
@click.option("--evidence-record", "evidence_record_id", type=int, help="A record that shows it.")
@click.option("--dispute", help="The open dispute that led to it.")
@click.option("--reason", "reason_code", required=True, help="wrong_in_source, clock_error, …; see the docs.")
@click.option("--text", required=True, help="Why, in words; kept in the private store.")
@_SIGNED
@workspace_option
@json_option
def propose(
    column: str,
    value: str,
    folder: Path | None,
    *,
    fact: str | None,
    part: str | None,
    record_id: int | None,
    json_path: str | None,
    files: tuple[Path, ...],
    evidence_record_id: int | None,
    dispute: str | None,
    reason_code: str,
    text: str,
    signed_by: str,
    as_json: bool,
) -> None:
    """Say that COLUMN of a fact is VALUE in truth (`none` where there is none); a second person approves it.

    Of a deployment: outcome, environment, is_production, finished_at. Of an incident: started_at,
    resolved_at, severity. Of an issue: issue_type.
    """
    from orchestration.cases.correcting import Claim, propose_correction
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    claim = Claim(
        fact=fact,
        column=column,
        value=value,
        part=part,
        record_id=record_id,
        json_path=json_path,
        evidence_record_id=evidence_record_id,
        files=files,
        dispute=dispute,
    )
    recorded = propose_correction(
        find_workspace(folder), claim, person_key(signed_by), text=text, reason_code=reason_code, at=utc_now()
    )
    name = recorded.event.case_id
    _say(
        {"correction": name, "leaf_index": recorded.index},
        f"{name} is proposed (leaf {recorded.index} of the governance log). A second person puts it into "
        f"force with: assay correction approve {name}",
        as_json=as_json,
    )


@correction.command()
@click.argument("name")
@_SIGNED
@workspace_option
@json_option
def approve(name: str, folder: Path | None, *, signed_by: str, as_json: bool) -> None:
    """Put a correction into force as its second person, who has seen the evidence."""
    from orchestration.cases.correcting import approve_correction
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    recorded = approve_correction(find_workspace(folder), name, person_key(signed_by), at=utc_now())
    _say(
        {"correction": name, "leaf_index": recorded.index},
        f"{name} is in force (leaf {recorded.index}). Take it into the numbers with: assay run",
        as_json=as_json,
    )


@correction.command()
@click.argument("name")
@click.option("--reason", "reason_code", required=True, help="wrong_correction, source_mended or other.")
@_SIGNED
@workspace_option
@json_option
def revoke(name: str, folder: Path | None, *, reason_code: str, signed_by: str, as_json: bool) -> None:
    """Stand against a correction. The second person who does ends it; the first ends one that only waits."""
    from orchestration.cases.correcting import revoke_correction
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    key, workspace = person_key(signed_by), find_workspace(folder)
    state = revoke_correction(workspace, name, key, reason_code=reason_code, at=utc_now())
    after = {
        "revoked": "is revoked. Take it out of the numbers with: assay run",
        "revocation_waiting": "is in force still; a second person has to revoke it too",
    }[state]
    _say({"correction": name, "state": state}, f"{name} {after}", as_json=as_json)


@correction.command()
@click.argument("name")
@click.option("--reason", "reason_code", required=True, help="retention or erasure_request.")
@_SIGNED
@workspace_option
@json_option
def purge(name: str, folder: Path | None, *, reason_code: str, signed_by: str, as_json: bool) -> None:
    """Destroy the words and files of a revoked correction; what the log says of it stays verifiable."""
    from orchestration.cases.correcting import purge_correction
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    key, workspace = person_key(signed_by), find_workspace(folder)
    purge_correction(workspace, name, key, reason_code=reason_code, at=utc_now())
    _say({"correction": name, "is_purged": True}, f"The private content of {name} is gone.", as_json=as_json)


@correction.command()
@click.argument("name")
@click.option("--save", type=click.Path(path_type=Path), help="A new folder for the files.")
@_SIGNED
@workspace_option
@json_option
def show(name: str, folder: Path | None, *, save: Path | None, signed_by: str, as_json: bool) -> None:
    """Show the words and the evidence of a correction to somebody who may sign it."""
    from orchestration.cases.correcting import read_evidence
    from orchestration.cases.reading import save_files, to_text
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    contents = read_evidence(find_workspace(folder), name, person_key(signed_by), at=utc_now())
    saved = [str(path) for path in (save_files(contents, save) if save is not None else [])]
    text = to_text(contents)
    told = "\n".join([text, *(f"saved {path}" for path in saved)])
    _say({"correction": name, "words": text.splitlines(), "saved": saved}, told, as_json=as_json)


@correction.command("list")
@workspace_option
@json_option
def list_(folder: Path | None, *, as_json: bool) -> None:
    """List corrections, what they say, and whether the present publication has them."""
    from orchestration.cases.correcting import list_corrections
    from orchestration.workspace import find_workspace

    rows = list_corrections(find_workspace(folder))
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        said = f"{row['column']}: {row['was'] or 'none'} → {row['value'] or 'none'}"
        place = f"{row['fact']} {row['fact_id']}"
        click.echo(f"{row['correction']}  {row['state']}  {place}  {said}  publication {row['publication']}")
    click.echo("1 correction." if len(rows) == 1 else f"{len(rows)} corrections.")


def _say(document: dict[str, object], sentence: str, *, as_json: bool) -> None:
    click.echo(json.dumps(document, indent=2) if as_json else sentence)
