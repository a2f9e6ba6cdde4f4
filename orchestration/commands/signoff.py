"""`assay signoff`: signing a metric's definition with one's own key, listing and revoking signatures."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from orchestration.signing import Signing, SigningSheet


class GivesByDefault(click.Group):
    """`assay signoff METRIC` is `assay signoff give METRIC`: signing is what the command is for."""

    usual = "give"

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take what is no subcommand for a metric."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = [self.usual, *args]
        return super().resolve_command(ctx, args)


def _who_options(function: "Callable[..., Any]") -> "Callable[..., Any]":
    for option in (
        click.option("--scope", default="*", show_default=True, help="*, team:NAME or jurisdiction:NAME."),
        click.option(
            "--key", type=click.Path(path_type=Path), required=True, help="The person's private key."
        ),
        click.option("--as", "person", required=True, help="Who signs, as in governance/signers.yml."),
        click.option("--role", required=True, help="In which role, such as works_council."),
    ):
        function = option(function)
    return function


@click.group(cls=GivesByDefault)
def signoff() -> None:
    """Sign a metric's definition: `assay signoff METRIC --role R --as PERSON --key FILE`."""


@signoff.command()
@click.argument("metric")
@_who_options
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="First day without it; default: in a year.")
@click.option("--yes", is_flag=True, help="Sign without being asked, for scripts that have shown it.")
@workspace_option
def give(
    metric: str,
    folder: Path | None,
    *,
    role: str,
    person: str,
    key: Path,
    scope: str,
    until: datetime | None,
    yes: bool,
) -> None:
    """Show METRIC's definition, ask, and sign it with the person's own key.

    The sign-off is written to governance/sign-offs/ and recorded in the governance log; it counts from then
    on, for this very definition. A changed definition needs a new signature; formatting does not change it.
    """
    from orchestration.signing import prepare, sign
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    signing = _signing(metric, role, person, key, scope=scope, until=until)
    sheet = prepare(workspace, signing)
    for line in _lines(sheet, signing):
        click.echo(line)
    if sheet.conflict is None and not yes:
        click.confirm("\nSign this?", abort=True)
    path, given = sign(workspace, signing, sheet)
    click.echo(f"\nSigned and recorded, valid until {given.valid_until}: {path}")


@signoff.command(name="list")
@workspace_option
@json_option
def list_(folder: Path | None, *, as_json: bool) -> None:
    """List every sign-off and whether it is in force."""
    from orchestration.signing import list_sign_offs
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    found, now = list_sign_offs(find_workspace(folder)), utc_now()
    if as_json:
        documents = [
            {
                **one.sign_off.to_document(),
                "sha256": one.sign_off.sha256,
                "person": person,
                "recorded_at": one.recorded_at.isoformat() if one.recorded_at else None,
                "revoked_at": one.revoked_at.isoformat() if one.revoked_at else None,
                "is_in_force": one.is_in_force(now),
            }
            for one, person in found
        ]
        click.echo(json.dumps(documents, indent=2))
        return
    for one, person in found:
        what = one.sign_off
        click.echo(
            f"{what.metric}  {what.definition_hash[:12]}  {what.role}  {what.scope}  "
            f"{person or f'unregistered key {what.signature.key_id}'}  {one.state(now)}"
        )
    click.echo(f"{len(found)} sign-offs.")


@signoff.command()
@click.argument("metric")
@_who_options
@click.option("--reason", required=True, help="Why; it stays for ever, so name nobody.")
@workspace_option
def revoke(
    metric: str, folder: Path | None, *, role: str, person: str, key: Path, scope: str, reason: str
) -> None:
    """Take back the sign-offs of METRIC in a role and scope, by a signed leaf of the governance log.

    Whoever gave it may revoke it, and everybody else who holds the role.
    """
    from orchestration.signing import revoke_sign_off
    from orchestration.workspace import find_workspace

    signing = _signing(metric, role, person, key, scope=scope)
    leaves = revoke_sign_off(find_workspace(folder), signing, reason=reason)
    click.echo(f"Revoked: {len(leaves)}, as leaf {', '.join(map(str, leaves))} of the governance log.")


def _signing(
    metric: str, role: str, person: str, key: Path, *, scope: str, until: datetime | None = None
) -> "Signing":
    from governance.signers import Signer
    from orchestration.signing import Signing

    signer = Signer.load(person, key.expanduser())
    return Signing(metric, role, signer, scope, until.date() if until else None)


def _lines(sheet: "SigningSheet", signing: "Signing") -> "Iterator[str]":
    words = {name: " ".join(text.split()) for name, text in sheet.words.items()}
    yield f"{words['title']} ({sheet.metric}, {sheet.tier}, in {words['unit']})"
    yield f"  {words['sentence']}"
    yield f"  {words['description']}"
    yield f"  counted over {words['fact_relation']} where {words['filter_sql']}"
    yield f"  as {words['value_sql']}"
    yield f"  shown from n {sheet.minimum_n} and {sheet.minimum_team_size} people on"
    yield f"  beside {', '.join(sheet.counter_metrics) or 'no counter-metric'}"
    for purpose in sheet.purposes:
        yield f"  may be used for: {purpose.title} ({purpose.name}, answered for by {purpose.owner})"
        yield from (f"    forbidden: {use}" for use in purpose.forbidden_uses)
    yield f"definition {sheet.definition_hash}"
    if sheet.is_signed_already:
        yield f"This very definition is signed as {signing.role} for {signing.scope} already."
    elif sheet.last_signed is not None:
        old = sheet.last_signed.definition_hash
        yield f"The definition last signed as {signing.role} was {old}, of {sheet.last_signed.valid_from}."
        yield f"What changed since: assay definition diff {old[:12]} {sheet.definition_hash[:12]}"
    else:
        yield f"No definition of this metric was signed as {signing.role} before."
    yield f"{signing.signer.person} signs as {signing.role} for {signing.scope}."
