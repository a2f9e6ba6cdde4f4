"""`assay dispute`: contradict a number, and handle what others contradict."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import json_option, workspace_option
from orchestration.commands.redact import person_key

if TYPE_CHECKING:
    from governance.cases.events import Recorded

_FILE = click.Path(path_type=Path)
_SIGNED = click.option(
    "--signed-by",
    "signed_by",
    required=True,
    metavar="PERSON=KEYFILE",
    help="Who acts, in governance/signers.yml.",
)
_ACCOUNT = click.option(
    "--as",
    "account",
    required=True,
    metavar="ACCOUNT",
    help="Your account, such as github:ada; kept private.",
)
_KEY = click.option("--key", type=_FILE, help="Your own signing key, if governance/signers.yml has it.")
_RECEIPT = click.option("--receipt", help="The receipt that you were given when you opened it.")
_TEXT = click.option("--text", default="", help="In words; kept in the private store.")
_WHY = "Why, as a code; docs/disputes.md lists them."


@click.group()
def dispute() -> None:
    """Contradict a number. Names and words stay in a private store; the log tells steps and reasons only."""


@dispute.command("open")
@click.argument("metric")
@click.option(
    "--scope", required=True, help="team:payments, service:checkout, organisation:acme or person:me."
)
@click.option("--period", required=True, help="2026-05, 2026-W21, 2026-Q2 or 2026-05-03.")
@click.option("--normalisation", default="", help="For a rate of the scorecard, such as per_100_fte_days.")
@click.option("--reason", "reason_code", required=True, help=_WHY)
@click.option("--text", required=True, help="What is wrong, in words; kept in the private store.")
@click.option("--follows", metavar="DISPUTE", help="A closed dispute that this one goes on from.")
@_ACCOUNT
@_KEY
@workspace_option
@json_option
def open_(
    metric: str,
    folder: Path | None,
    *,
    scope: str,
    period: str,
    normalisation: str,
    reason_code: str,
    text: str,
    follows: str | None,
    account: str,
    key: Path | None,
    as_json: bool,
) -> None:
    """Contradict a published number, or one of your own (--scope person:me)."""
    from orchestration.cases.disputing import CellAddress, open_dispute
    from orchestration.cases.people import Asker
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    opened = open_dispute(
        find_workspace(folder),
        CellAddress(metric, scope, period, normalisation),
        Asker(account, key),
        text=text,
        reason_code=reason_code,
        at=utc_now(),
        follows=follows,
    )
    due = opened.due_at.isoformat() if opened.due_at else None
    if as_json:
        document = {"dispute": opened.case_id, "leaf_index": opened.leaf_index, "receipt": opened.receipt}
        click.echo(json.dumps(document | {"due_at": due}, indent=2))
        return
    click.echo(
        f"{opened.case_id} is open (leaf {opened.leaf_index} of the governance log); answer due by {due}."
    )
    click.echo(f"Your receipt, shown only now: {opened.receipt}")
    click.echo("It proves later that you are who opened it: to read the answer, to withdraw, to escalate.")


@dispute.command()
@click.argument("name")
@click.option("--reason", "reason_code", required=True, help=_WHY)
@_ACCOUNT
@_RECEIPT
@_KEY
@workspace_option
@json_option
def withdraw(
    name: str,
    folder: Path | None,
    *,
    reason_code: str,
    account: str,
    receipt: str | None,
    key: Path | None,
    as_json: bool,
) -> None:
    """Withdraw the dispute that you opened."""
    from orchestration.cases.disputing import step_of_complainant
    from orchestration.cases.people import Asker
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    asker, workspace = Asker(account, key, receipt), find_workspace(folder)
    recorded = step_of_complainant(workspace, name, "withdrawn", asker, reason_code=reason_code, at=utc_now())
    _say(recorded, as_json=as_json)


@dispute.command()
@click.argument("name")
@click.option("--reason", "reason_code", required=True, help=_WHY)
@click.option("--as", "account", metavar="ACCOUNT", help="Your account, if you opened it.")
@_RECEIPT
@_KEY
@click.option("--signed-by", "signed_by", metavar="PERSON=KEYFILE", help="A reviewer who hands it on.")
@workspace_option
@json_option
def escalate(
    name: str,
    folder: Path | None,
    *,
    reason_code: str,
    account: str | None,
    receipt: str | None,
    key: Path | None,
    signed_by: str | None,
    as_json: bool,
) -> None:
    """Take an open dispute from its reviewer to the escalation role; whoever opened it may, and reviewers."""
    from orchestration.cases.disputing import Decided, step_of_complainant, step_of_handler
    from orchestration.cases.people import Asker
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    if (account is None) == (signed_by is None):
        raise click.UsageError(
            "either --as ACCOUNT (who opened it), or --signed-by PERSON=KEYFILE (a reviewer)"
        )
    workspace, now = find_workspace(folder), utc_now()
    if account is not None:
        asker = Asker(account, key, receipt)
        recorded = step_of_complainant(workspace, name, "escalated", asker, reason_code=reason_code, at=now)
    else:
        step = Decided("escalated", reason_code)
        recorded = step_of_handler(workspace, name, step, person_key(str(signed_by)), at=now)
    _say(recorded, as_json=as_json)


@dispute.command()
@click.argument("name")
@click.option("--reason", "reason_code", default="in_scope", show_default=True, help=_WHY)
@_TEXT
@_SIGNED
@workspace_option
@json_option
def triage(
    name: str, folder: Path | None, *, reason_code: str, text: str, signed_by: str, as_json: bool
) -> None:
    """Take a dispute on as its reviewer, and say what it needs."""
    _handle(folder, name, "triaged", reason_code, text, (), None, signed_by, as_json=as_json)


@dispute.command("send-evidence")
@click.argument("name")
@click.option(
    "--file", "files", multiple=True, type=_FILE, required=True, help="A trace, written by `assay trace`."
)
@click.option("--reason", "reason_code", default="trace_attached", show_default=True, help=_WHY)
@_TEXT
@_SIGNED
@workspace_option
@json_option
def send_evidence(
    name: str,
    folder: Path | None,
    *,
    files: tuple[Path, ...],
    reason_code: str,
    text: str,
    signed_by: str,
    as_json: bool,
) -> None:
    """Give the complainant the evidence: the file stays private, the log gets a commitment to it."""
    _handle(folder, name, "evidence_sent", reason_code, text, files, None, signed_by, as_json=as_json)


@dispute.command()
@click.argument("name")
@click.argument("outcome", type=click.Choice(["upheld", "corrected"]))
@click.option("--reason", "reason_code", required=True, help=_WHY)
@click.option("--correction", "correction_id", help="The correction in force that makes the facts right.")
@_TEXT
@_SIGNED
@workspace_option
@json_option
def decide(
    name: str,
    outcome: str,
    folder: Path | None,
    *,
    reason_code: str,
    correction_id: str | None,
    text: str,
    signed_by: str,
    as_json: bool,
) -> None:
    """Decide: the number is `upheld` as it is, or was wrong and is `corrected`."""
    _handle(folder, name, outcome, reason_code, text, (), correction_id, signed_by, as_json=as_json)


@dispute.command()
@click.argument("name")
@click.option("--reason", "reason_code", required=True, help="retention or erasure_request.")
@_SIGNED
@workspace_option
@json_option
def purge(name: str, folder: Path | None, *, reason_code: str, signed_by: str, as_json: bool) -> None:
    """Destroy the names, words and files of a closed dispute; its steps stay verifiable."""
    from orchestration.cases.disputing import purge_dispute
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    key, workspace = person_key(signed_by), find_workspace(folder)
    purge_dispute(workspace, name, key, reason_code=reason_code, at=utc_now())
    sentence = f"The private content of {name} is gone."
    click.echo(json.dumps({"dispute": name, "is_purged": True}, indent=2) if as_json else sentence)


@dispute.command("list")
@click.option("--all", "is_all", is_flag=True, help="Closed ones too.")
@workspace_option
@json_option
def list_(folder: Path | None, *, is_all: bool, as_json: bool) -> None:
    """List open disputes, the most urgent first. An overdue one stays open, and is one to escalate."""
    from orchestration.cases.reading import list_disputes
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    rows = list_disputes(find_workspace(folder), at=utc_now(), is_all=is_all)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        due = f"due {row['due_at']}" if row["due_at"] else "closed"
        late = "  OVERDUE: escalate it" if row["is_overdue"] else ""
        waits = f"waits for {row['waits_for']}, " if row["waits_for"] else ""
        click.echo(f"{row['dispute']}  {row['state']}  {row['about']}  {waits}{due}{late}")
    click.echo("1 dispute." if len(rows) == 1 else f"{len(rows)} disputes.")


@dispute.command()
@click.argument("name")
@click.option(
    "--as", "account", metavar="ACCOUNT", help="Your account, if you opened it: shows the words too."
)
@_RECEIPT
@_KEY
@click.option(
    "--signed-by", "signed_by", metavar="PERSON=KEYFILE", help="Who handles it: shows the words too."
)
@click.option("--save", type=_FILE, help="A new folder for the files.")
@workspace_option
@json_option
def show(
    name: str,
    folder: Path | None,
    *,
    account: str | None,
    receipt: str | None,
    key: Path | None,
    signed_by: str | None,
    save: Path | None,
    as_json: bool,
) -> None:
    """Show a dispute's steps; to whoever opened it, and to who handles it, the words and files too."""
    from orchestration.cases.people import Asker
    from orchestration.cases.reading import read_contents, save_files, show_dispute, to_text
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    workspace, now = find_workspace(folder), utc_now()
    found = show_dispute(workspace, name, at=now)
    reader: Asker | None = Asker(account, key, receipt) if account else None
    contents = []
    if reader is not None or signed_by is not None:
        contents = read_contents(workspace, name, reader or person_key(str(signed_by)), at=now)
    elif save is not None:
        raise click.UsageError("--save needs --as ACCOUNT with --receipt, or --signed-by")
    saved = save_files(contents, save) if save is not None else []
    if as_json:
        click.echo(json.dumps(found | {"words": to_text(contents).splitlines()}, indent=2))
        return
    click.echo(f"{found['dispute']}  {found['state']}  {found['about']}")
    for event in found["events"]:
        click.echo(f"  {event['at']}  {event['event']} by the {event['role']}: {event['reason']}")
    if contents:
        click.echo(to_text(contents))
    for path in saved:
        click.echo(f"saved {path}")


def _handle(  # noqa: PLR0917 - the commands pass what click gave them
    folder: Path | None,
    name: str,
    event: str,
    reason_code: str,
    text: str,
    files: tuple[Path, ...],
    correction_id: str | None,
    signed_by: str,
    *,
    as_json: bool,
) -> None:
    from orchestration.cases.disputing import Decided, step_of_handler
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    step = Decided(event, reason_code, text, files, correction_id)
    recorded = step_of_handler(find_workspace(folder), name, step, person_key(signed_by), at=utc_now())
    _say(recorded, as_json=as_json)


def _say(recorded: "Recorded", *, as_json: bool) -> None:
    document = {
        "dispute": recorded.event.case_id,
        "event": recorded.event.event,
        "leaf_index": recorded.index,
    }
    sentence = (
        f"{document['dispute']}: {document['event']} (leaf {document['leaf_index']} of the governance log)."
    )
    click.echo(json.dumps(document, indent=2) if as_json else sentence)
