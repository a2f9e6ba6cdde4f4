"""`assay identity`: who is who, what may be one person, and deciding it."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from governance.identity.decisions import RecordedDecision
    from governance.identity.register import IdentityRegister, Word
    from governance.identity.suggestions import SeenAccount, Suggestion

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def identity() -> None:
    """Say whose accounts are whose. Names stay in the identity vault; these commands show them to you."""


def _word_options(*, is_dated: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options that say who decides, why, and for which time."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        options = [
            click.option("--by", "decided_by", metavar="NAME", help="Who decides; kept in the vault."),
            click.option("--reason", metavar="TEXT", help="Why; kept in the vault."),
        ]
        if is_dated:
            options += [
                click.option("--from", "valid_from", type=_DAY, help="First day on which it holds (UTC)."),
                click.option(
                    "--until", "valid_until", type=_DAY, help="First day on which it no longer does."
                ),
            ]
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@identity.command()
@click.option("--accept", "accepted", multiple=True, metavar="ID", help="These two are one person.")
@click.option(
    "--reject", "rejected", multiple=True, metavar="ID", help="They are not; never suggest it again."
)
@_word_options(is_dated=False)
@workspace_option
@json_option
def review(
    accepted: tuple[str, ...],
    rejected: tuple[str, ...],
    folder: Path | None,
    *,
    decided_by: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """List the merges that look right, with what speaks for them; confirm or reject them.

    Nothing here is merged before somebody says so. What the rules could not follow stands below.
    """
    from orchestration.deciding import identity_register
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    with identity_register(workspace, at=utc_now()) as register:
        if accepted or rejected:
            word = _word(decided_by, reason)
            decided = [(one, register.accept(one, word)) for one in accepted]
            decided += [(one, register.reject(one, word)) for one in rejected]
            _show_decided(decided, as_json=as_json)
            return
        suggestions, problems = register.suggestions(), register.problems()
    if as_json:
        document = {
            "suggestions": [_suggestion_document(one) for one in suggestions],
            "problems": [{"reason": one.reason, "accounts": list(one.accounts)} for one in problems],
        }
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for suggestion in suggestions:
        click.echo(f"{suggestion.number}  {'; '.join(suggestion.reasons)}")
        for side in (suggestion.left, suggestion.right):
            click.echo("    " + "  +  ".join(_seen(account) for account in side))
    for problem in problems:
        click.echo(f"not followed: {problem.reason} ({', '.join(problem.accounts)})")
    click.echo(f"{len(suggestions)} suggestions, {len(problems)} problems")
    if suggestions:
        click.echo("Decide with: assay identity review --accept ID --reject ID --by NAME --reason TEXT")


@identity.command()
@click.argument("person", metavar="PERSON")
@click.argument("accounts", metavar="ACCOUNT...", nargs=-1, required=True)
@_word_options(is_dated=True)
@workspace_option
@json_option
def merge(person: str, accounts: tuple[str, ...], folder: Path | None, **given: Any) -> None:
    """Say that each ACCOUNT is the person's whose account PERSON is.

    Accounts are named by key (github:7), by login (github:ada) or by address (git:ada@acme.example).
    """
    _decide(folder, given, lambda register, word: register.merge(person, accounts, word))


@identity.command()
@click.argument("accounts", metavar="ACCOUNT...", nargs=-1, required=True)
@_word_options(is_dated=True)
@workspace_option
@json_option
def split(accounts: tuple[str, ...], folder: Path | None, **given: Any) -> None:
    """Say that the ACCOUNTs are not the person's whom they were taken for; no rule joins them again."""
    _decide(folder, given, lambda register, word: register.split(accounts, word))


@identity.command()
@click.argument("number", type=int)
@_word_options(is_dated=False)
@workspace_option
@json_option
def undo(number: int, folder: Path | None, **given: Any) -> None:
    """Take decision NUMBER back: people are again what they were without it."""
    _decide(folder, given, lambda register, word: register.undo(number, word))


@identity.command()
@click.argument("account", metavar="ACCOUNT")
@workspace_option
@json_option
def show(account: str, folder: Path | None, *, as_json: bool) -> None:
    """Show all accounts of the person whose account ACCOUNT is."""
    from orchestration.deciding import identity_register
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    with identity_register(find_workspace(folder), at=utc_now()) as register:
        found = register.person_of(account)
    if as_json:
        click.echo(json.dumps([_account_document(one) for one in found], indent=2, ensure_ascii=False))
        return
    for one in found:
        click.echo(_seen(one))


@identity.command()
@workspace_option
@json_option
def decisions(folder: Path | None, *, as_json: bool) -> None:
    """List what was decided, in its order; what was undone too."""
    from governance.identity.decisions import in_force
    from orchestration.deciding import identity_register
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    with identity_register(find_workspace(folder), at=utc_now()) as register:
        found = register.decisions()
    holding = {each.number for each in in_force(found)}
    if as_json:
        documents = [_decision_document(each, holds=each.number in holding) for each in found]
        click.echo(json.dumps(documents, indent=2, ensure_ascii=False))
        return
    for each in found:
        held = "" if each.number in holding or each.decision.kind == "undo" else " (undone)"
        what = f"of {each.decision.undoes}" if each.decision.kind == "undo" else each.decision.person
        click.echo(
            f"{each.number}  {each.decision.decided_at:%Y-%m-%d}  {each.decision.kind}{held}  {what}"
            f"  by {each.decided_by or 'a name that the vault lost'}: {each.reason or 'no reason kept'}"
        )


def _decide(
    folder: Path | None, given: dict[str, Any], decide: "Callable[[IdentityRegister, Word], int]"
) -> None:
    from orchestration.deciding import identity_register
    from orchestration.sources import utc_now
    from orchestration.workspace import find_workspace

    word = _word(given["decided_by"], given["reason"], given.get("valid_from"), given.get("valid_until"))
    with identity_register(find_workspace(folder), at=utc_now()) as register:
        number = decide(register, word)
    _show_decided([("", number)], as_json=given["as_json"])


def _word(
    decided_by: str | None,
    reason: str | None,
    valid_from: datetime | None = None,
    valid_until: datetime | None = None,
) -> "Word":
    from governance.identity.register import Word
    from governance.identity.rules import ALWAYS, FOR_EVER
    from orchestration.sources import utc_now

    if not decided_by or not reason:
        raise click.UsageError("A decision needs --by NAME and --reason TEXT: somebody answers for it.")
    return Word(
        decided_by=decided_by,
        reason=reason,
        decided_at=utc_now(),
        valid_from=valid_from.replace(tzinfo=UTC) if valid_from else ALWAYS,
        valid_until=valid_until.replace(tzinfo=UTC) if valid_until else FOR_EVER,
    )


def _show_decided(decided: Sequence[tuple[str, int]], *, as_json: bool) -> None:
    if as_json:
        documents = [{"suggestion": name or None, "decision": number} for name, number in decided]
        click.echo(json.dumps(documents, indent=2))
        return
    for name, number in decided:
        click.echo(f"Decision {number}{' on ' + name if name else ''} is recorded.")
    click.echo("The next `assay run` rebuilds what it touches.")


def _seen(account: "SeenAccount") -> str:
    known = [part for part in (account.login, account.display_name, account.email) if part]
    return f"{account.account_key} ({', '.join(known)})" if known else account.account_key


def _account_document(account: "SeenAccount") -> dict[str, str | None]:
    return {
        "account": account.account_key,
        "token": account.account_token,
        "login": account.login,
        "name": account.display_name,
        "email": account.email,
    }


def _suggestion_document(suggestion: "Suggestion") -> dict[str, Any]:
    return {
        "id": suggestion.number,
        "reasons": list(suggestion.reasons),
        "people": [[_account_document(one) for one in side] for side in (suggestion.left, suggestion.right)],
    }


def _decision_document(each: "RecordedDecision", *, holds: bool) -> dict[str, Any]:
    document = each.decision.to_document()
    return {
        **{key: value for key, value in document.items() if key not in ("v", "decision")},
        "number": each.number,
        "kind": each.decision.kind,
        "holds": holds,
        "decided_by": each.decided_by,
        "reason": each.reason,
    }
