"""`assay definition`: what a metric means, what changed, and what was in force when, with a proof."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from lineage.definition_changes import Change
    from lineage.definition_log import InForce
    from lineage.definition_proofs import DefinitionProof
    from orchestration.metric_definitions.history import FoundDefinition

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def definition() -> None:
    """Show what metrics mean, what changed, and which definitions were in force when."""


@definition.command(name="list")
@click.argument("metric", required=False)
@workspace_option
@json_option
def list_(folder: Path | None, *, metric: str | None, as_json: bool) -> None:
    """List the definitions in force, or every definition that METRIC ever had."""
    from orchestration.metric_definitions.history import definitions_on, history_of
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    entries = history_of(workspace, metric) if metric else list(definitions_on(workspace).values())
    _print_entries(entries, as_json=as_json)


@definition.command()
@click.argument("metric")
@click.option("--on", "day", type=_DAY, help="The definition at the end of this day.")
@click.option("--hash", "prefix", help="The definition whose hash begins so (six characters or more).")
@click.option("--sql", "with_sql", is_flag=True, help="The canonical SQL of every model too.")
@workspace_option
@json_option
def show(
    folder: Path | None,
    *,
    metric: str,
    day: datetime | None,
    prefix: str | None,
    with_sql: bool,
    as_json: bool,
) -> None:
    """Show one definition: the sentence, the formula, the rules, the policy, and what lies upstream.

    Without --on and --hash it is the present one: what a signature given now would be about.
    """
    from orchestration.metric_definitions.history import PRESENT, find_definition
    from orchestration.workspace import find_workspace

    if day and prefix:
        raise click.UsageError("give --on or --hash, not both")
    which = day.date().isoformat() if day else prefix or PRESENT
    found = find_definition(find_workspace(folder), metric, which)
    if as_json:
        click.echo(json.dumps(_document(found), indent=2, ensure_ascii=False))
        return
    _print_definition(found, with_sql=with_sql)


@definition.command()
@click.argument("metric")
@click.argument("old")
@click.argument("new", default="present")
@click.option("--words", "only_words", is_flag=True, help="Without the SQL.")
@workspace_option
@json_option
def diff(folder: Path | None, *, metric: str, old: str, new: str, only_words: bool, as_json: bool) -> int:
    """Say what changed in METRIC between OLD and NEW, in words and SQL.

    OLD and NEW are days, ids of publications, first characters of definition hashes, or `present`. Exit
    code 1 where something differs.
    """
    from orchestration.metric_definitions.history import changes_between, find_definition
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    before, after = find_definition(workspace, metric, old), find_definition(workspace, metric, new)
    changes = changes_between(before, after)
    if as_json:
        click.echo(json.dumps(_comparison(before, after, changes), indent=2, ensure_ascii=False))
        return int(before.sha256 != after.sha256)
    click.echo(f"{metric}: {before.sha256[:12]} ({before.label}) and {after.sha256[:12]} ({after.label})")
    if before.sha256 == after.sha256:
        click.echo("The same definition.")
        return 0
    for change in changes:
        click.echo(f"- {change.words}")
    for change in changes if not only_words else ():
        if change.sql_diff:
            click.echo(f"\n{change.sql_diff}")
    return 1


@definition.command(name="in-force")
@click.option("--on", "day", type=_DAY, help="The end of this day; now without it.")
@click.option("--metric", "metrics", multiple=True, help="Only this metric; may be given several times.")
@click.option("--proof", "proof", type=click.Path(dir_okay=False, path_type=Path), help="Write a proof.")
@workspace_option
@json_option
def in_force(
    folder: Path | None, *, day: datetime | None, metrics: tuple[str, ...], proof: Path | None, as_json: bool
) -> None:
    """Say which definitions were in force on a day, and prove it.

    The proof holds their leaves of the governance log, those of the definitions that took their place, the
    inclusion proofs, and the signed checkpoint that covers them; `assay definition check-proof` checks it
    anywhere, offline.
    """
    from orchestration.errors import UsageError
    from orchestration.metric_definitions.history import definitions_on, proof_of
    from orchestration.workspace import find_workspace

    workspace, on = find_workspace(folder), day.date() if day else None
    found = definitions_on(workspace, on)
    unknown = sorted(set(metrics) - set(found))
    if unknown:
        raise UsageError(f"Not in force then: {', '.join(unknown)}. `assay definition list` lists what is")
    chosen = {name: entry for name, entry in found.items() if not metrics or name in metrics}
    if proof is not None:
        document = proof_of(workspace, chosen, day=on)
        proof.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        click.echo(f"{proof}: proves {len(chosen)} definitions", err=True)
    _print_entries(list(chosen.values()), as_json=as_json)


@definition.command(name="check-proof")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", "keys", multiple=True, help="A trusted key; this workspace's own without one.")
@workspace_option
@json_option
def check_proof(folder: Path | None, *, file: Path, keys: tuple[str, ...], as_json: bool) -> None:
    """Check a proof of definitions, offline: needs the file and a trusted key, and no workspace.

    It says from when until when each definition was in force, and refuses a proof whose definitions were not
    in force at the end of the day that it names.
    """
    from lineage.ledger import NoteVerifier
    from orchestration.metric_definitions.history import check_proof as checked
    from orchestration.metric_definitions.history import own_verifier
    from orchestration.workspace import find_workspace

    trusted = tuple(NoteVerifier.parse(key) for key in keys) or (own_verifier(find_workspace(folder)),)
    _print_proof(checked(file, trusted), as_json=as_json)


def _print_proof(proof: "DefinitionProof", *, as_json: bool) -> None:
    if as_json:
        shown = [
            {**_entry(one.entry), "until": one.until_at.astimezone(UTC).isoformat() if one.until_at else None}
            for one in proof.proven
        ]
        before = proof.before.isoformat() if proof.before else None
        click.echo(json.dumps({"before": before, "definitions": shown}, indent=2))
        return
    if proof.before is not None:
        click.echo(f"In force just before {_minute(proof.before)}:")
    for one in proof.proven:
        end = f"until {_minute(one.until_at)}" if one.until_at else "with no end shown"
        click.echo(f"{_entry_line(one.entry)}  {end}")
    open_ended = sum(one.until_at is None for one in proof.proven)
    if open_ended:
        click.echo(
            f"{open_ended} of {len(proof.proven)} have no end in this proof: that nothing took their place "
            "is for the whole log to show, with `assay verify` or with a newer proof"
        )


def _print_entries(entries: "list[InForce]", *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_entry(entry) for entry in entries], indent=2))
        return
    for entry in entries:
        click.echo(_entry_line(entry))


def _entry_line(entry: "InForce") -> str:
    digest = entry.sha256[:12] if entry.sha256 else "retired".ljust(12)
    return f"{digest}  from {_minute(entry.from_at)}  leaf {entry.leaf_index:>6}  {entry.metric}"


def _minute(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _entry(entry: "InForce") -> dict[str, Any]:
    return {
        "metric": entry.metric,
        "metric_version": entry.metric_version,
        "profile": entry.profile,
        "definition_sha256": entry.sha256,
        "document_sha256": entry.document_sha256,
        "from": entry.from_at.astimezone(UTC).isoformat(),
        "publication_id": entry.publication_id,
        "leaf_index": entry.leaf_index,
    }


def _document(found: "FoundDefinition") -> dict[str, Any]:
    return {
        "metric": found.metric,
        "label": found.label,
        "definition_sha256": found.sha256,
        "definition": found.document,
        "words": found.words,
        "in_force": _entry(found.entry) if found.entry else None,
    }


def _comparison(
    before: "FoundDefinition", after: "FoundDefinition", changes: "list[Change]"
) -> dict[str, Any]:
    return {
        "metric": before.metric,
        "old": before.sha256,
        "new": after.sha256,
        "changes": [
            {"part": one.part, "name": one.name, "words": one.words, "sql_diff": one.sql_diff}
            for one in changes
        ],
    }


def _print_definition(found: "FoundDefinition", *, with_sql: bool) -> None:
    from lineage.canonical_sql import pretty_sql

    click.echo(f"{found.metric}, {found.label}\n{found.sha256}\n")
    if found.sentence:
        click.echo(f"{found.sentence}\n")
    for row in found.document.get("definition", ()):
        for name, value in row.items():
            if name != "definition_json":
                click.echo(f"  {name}: {value}")
    for name in ("policy", "rules"):
        click.echo(f"\n{name}:")
        for key, value in sorted(found.document.get(name, {}).items()):
            click.echo(f"  {key}: {json.dumps(value, ensure_ascii=False)}")
    counts = {name: len(found.document.get(name, {})) for name in ("models", "sources", "steps")}
    click.echo(f"\nupstream: {counts['models']} models, {counts['sources']} sources, {counts['steps']} steps")
    for name in ("cells", "models") if with_sql else ():
        for key, digest in found.document.get(name, {}).items():
            click.echo(f"\n-- {key} {digest}\n{pretty_sql(found.part(digest))}")
