"""`assay redact` and `assay signer`: blanking values of a page, by the order of two people."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from orchestration.redacting import PersonKey


@click.command()
@click.argument("page", type=int)
@click.argument("json_paths", metavar="JSON_PATH...", nargs=-1, required=True)
@click.option("--policy", required=True, help="Why it may be: erasure, retention or secret.")
@click.option(
    "--reason", required=True, help="The case, such as `ticket 4711`; it stays for ever, so name nobody."
)
@click.option(
    "--signed-by",
    "signed_by",
    multiple=True,
    metavar="PERSON=KEYFILE",
    help="Who signs; two people at least.",
)
@workspace_option
@json_option
def redact(
    page: int,
    json_paths: tuple[str, ...],
    folder: Path | None,
    *,
    policy: str,
    reason: str,
    signed_by: tuple[str, ...],
    as_json: bool,
) -> None:
    """Blank values in PAGE (its log index, as a trace shows it), for example '$[3].user.email'.

    Two people who stand in governance/signers.yml with the role `redaction` sign the order with their own
    keys. The page's salt is destroyed; the log keeps what was blanked, by which policy and by whose order.
    """
    from governance.redaction import RedactionStatement
    from orchestration.redacting import redact_page
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    workspace, now = find_workspace(folder), utc_now()
    statement = RedactionStatement(page, json_paths, policy, reason, now)
    redaction = redact_page(workspace, statement, [person_key(one) for one in signed_by], at=now)
    if as_json:
        click.echo(json.dumps(asdict(redaction), default=str, indent=2))
        return
    click.echo(f"Blanked {', '.join(redaction.json_paths)} of page {redaction.log_index}.")
    for copy in redaction.copies:
        click.echo(f"Page {copy} held the same body: it may need the same.")
    click.echo("Rebuild what was made of it with: assay run --full-refresh")


@click.command()
@click.argument("person")
@click.option("--key", type=click.Path(path_type=Path), required=True, help="Where the private key goes.")
@click.option(
    "--role", "roles", multiple=True, required=True, help="What the person signs, such as redaction."
)
@click.option(
    "--team", "teams", multiple=True, help="A team that the person belongs to: nobody signs an own metric."
)
def signer(person: str, *, key: Path, roles: tuple[str, ...], teams: tuple[str, ...]) -> None:
    """Make PERSON's own signing key, and print the entry for governance/signers.yml.

    The private key belongs to the person and to nobody else; the entry is public and goes through review.
    """
    import secrets

    import yaml

    from governance.signers import Signer
    from orchestration.errors import UsageError

    if not all(name.strip() for name in (person, *roles, *teams)):
        raise UsageError("A person, a role or a team is empty; name each of them. No key was made")
    made = Signer.create(person, key, random_bytes=secrets.token_bytes)
    entry = {"person": person, "public_key": made.public_key.hex(), "roles": list(roles)}
    if teams:
        entry["teams"] = list(teams)
    click.echo(yaml.safe_dump({"signers": [entry]}, sort_keys=False).strip())


def person_key(text: str) -> "PersonKey":
    """Read `PERSON=KEYFILE`."""
    from orchestration.redacting import PersonKey

    person, separator, path = text.partition("=")
    if not (person and separator and path):
        raise click.BadParameter(f"{text!r} is not PERSON=KEYFILE", param_hint="--signed-by")
    return PersonKey(person, Path(path).expanduser())
