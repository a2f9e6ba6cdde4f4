"""`assay slo`: check the files of objectives, and make rules for a Prometheus of them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from orchestration.slos.resolving import SloBook


@click.command()
@click.argument("action", type=click.Choice(["check", "rules"]))
@click.option(
    "--slo", "names", metavar="NAME", multiple=True, help="Only this SLO; may be given several times."
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="With rules: write to this file."
)
@workspace_option
@json_option
def slo(
    action: str, folder: Path | None, *, names: tuple[str, ...], output: Path | None, as_json: bool
) -> int:
    """Check the OpenSLO files of a workspace, or make Prometheus rules of them.

    check  lists the objectives and every problem with file, line and remedy; exit 1 if there is one.

    rules  writes recording and alerting rules for a Prometheus, which say of each objective what the
    warehouse says of it.
    """
    from orchestration.slos.resolving import examine_slos, read_slos
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    if action == "check":
        return _check(examine_slos(workspace.root, workspace.settings()), as_json=as_json)
    return _rules(read_slos(workspace.root, workspace.settings()), names, output, as_json=as_json)


def _check(book: "SloBook", *, as_json: bool) -> int:
    if as_json:
        found = [{"file": one.file, "line": one.problem.line, "problem": one.text()} for one in book.problems]
        names = [one.objective_id for one in book.objectives]
        click.echo(json.dumps({"objectives": names, "problems": found}, indent=2))
        return 1 if book.problems else 0
    for problem in book.problems:
        click.echo(problem.text())
    for one in book.objectives:
        window = f"{one.window.kind} {one.window.duration}"
        click.echo(
            f"{one.objective_id}: {one.service_id}, {one.target.normalize():f} by {one.method}, {window}, "
            f"slices of {one.slice_seconds} s ({one.file})"
        )
    count = f"{len(book.objectives)} objectives in {book.file_count} files"
    click.echo(f"{count}, {len(book.problems)} problems.")
    return 1 if book.problems else 0


def _rules(book: "SloBook", names: tuple[str, ...], output: Path | None, *, as_json: bool) -> int:
    import yaml

    from orchestration.errors import UsageError
    from orchestration.slos.rules import is_on_prometheus, rule_document

    unknown = sorted(set(names) - {one.slo_id for one in book.objectives})
    if unknown:
        raise UsageError(f"There is no SLO {', '.join(unknown)}. `assay slo check` lists them")
    wanted = [one for one in book.objectives if not names or one.slo_id in names]
    document = rule_document(wanted)
    text = (
        json.dumps(document, indent=2) if as_json else yaml.safe_dump(document, sort_keys=False, width=1000)
    )
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
    for one in wanted:
        if not is_on_prometheus(one):
            click.echo(f"left out, for it is not read from a Prometheus: {one.objective_id}", err=True)
    return 0
