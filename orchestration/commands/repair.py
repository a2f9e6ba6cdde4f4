"""`assay repair`: fetch exactly what a red check names, build, and look whether the check is green."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.commands.options import json_option, workspace_option

if TYPE_CHECKING:
    from orchestration.repair.repairing import RedCheck, RepairPlan
    from orchestration.workspace import Workspace
    from quality_checks.results import CheckResult

_OFFENDERS_SHOWN = 3
_COMMANDS_SHOWN = 10


@click.command()
@click.argument("target", metavar="[SOURCE.STREAM]", required=False)
@click.option("--scope", help="The repository, project or site. Default: every one that is read.")
@click.option("--parent", "parent_key", help="The parent whose own list is read again.")
@click.option("--from", "first", metavar="INSTANT", help="Start of the window of time: a day, or an instant.")
@click.option("--until", metavar="INSTANT", help="Its end, which does not belong to it.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--yes", "is_agreed", is_flag=True, help="Carry out what red checks name without a question.")
@workspace_option
@json_option
def repair(
    target: str | None,
    folder: Path | None,
    *,
    scope: str | None,
    parent_key: str | None,
    first: str | None,
    until: str | None,
    dry_run: bool,
    is_agreed: bool,
    as_json: bool,
) -> None:
    """Fetch exactly the window or list that a red check names again, then build, check and publish.

    Without SOURCE.STREAM: list every red check with the commands that mend it, and carry them out after a
    question. Nothing is deleted: what is fetched covers what was there. Exit code 1: something is still red.
    """
    from orchestration.errors import UsageError
    from orchestration.repair.outcome import about, last_results
    from orchestration.repair.repairing import plan_of_checks, plan_of_steps
    from orchestration.workspace import find_workspace

    workspace = find_workspace(folder)
    given = {"--scope": scope, "--parent": parent_key, "--from": first, "--until": until}
    if target is None:
        if any(value is not None for value in given.values()):
            names = ", ".join(name for name, value in given.items() if value is not None)
            raise UsageError(f"Name the stream that {names} is about: assay repair SOURCE.STREAM {names} ...")
        red = [result for result in last_results(workspace) if not result.is_passed]
        plan = plan_of_checks(workspace.settings(), red)
        listed = _listed(workspace, red)
        if not as_json:
            _show(listed)
        if _may_go_on(plan, listed, is_dry=dry_run, is_agreed=is_agreed, as_json=as_json):
            _carry_out(workspace, plan, red, as_json=as_json)
        return
    step = _step(workspace, target, scope, parent_key, first, until)
    plan = plan_of_steps(workspace.settings(), [step])
    if dry_run:
        _show_plan(workspace, plan, as_json=as_json)
        return
    results = last_results(workspace) if workspace.warehouse.exists() else []
    _carry_out(workspace, plan, about(plan, results), as_json=as_json)


def _step(workspace: "Workspace", target: str, *place: str | None) -> Any:
    from orchestration.repair.outcome import with_evidence
    from orchestration.repair.targets import step_for
    from orchestration.sources import utc_now

    scope, parent_key, first, until = place
    return with_evidence(
        workspace,
        lambda store: step_for(
            workspace.settings(),
            store,
            target,
            scope=scope,
            parent_key=parent_key,
            first=first,
            until=until,
            now=utc_now(),
        ),
    )


def _listed(workspace: "Workspace", red: "list[CheckResult]") -> "list[RedCheck]":
    from orchestration.repair.outcome import with_evidence
    from orchestration.repair.repairing import red_checks

    return with_evidence(workspace, lambda store: red_checks(red, store.windows())) if red else []


def _about(requests: int) -> str:
    return "about 1 request" if requests == 1 else f"about {requests:,} requests"


def _show(listed: "list[RedCheck]") -> None:
    if not listed:
        click.echo("No check is red: there is nothing to repair.")
    for check in listed:
        click.echo(f"{check.name} ({check.subject}), {check.severity}")
        click.echo(f"  {check.message}")
        for offender in check.offenders[:_OFFENDERS_SHOWN]:
            click.echo(f"  - {offender}")
        for each in check.repairs[:_COMMANDS_SHOWN]:
            cost = f"  ({_about(each.requests)})" if each.requests is not None else ""
            click.echo(f"  $ {each.command}{cost}")
        if len(check.repairs) > _COMMANDS_SHOWN:
            click.echo(f"  and {len(check.repairs) - _COMMANDS_SHOWN} more")
        if not check.repairs or check.repairs[0].action == "restore":
            click.echo(f"  by hand: {check.remedy}")


def _show_plan(workspace: "Workspace", plan: "RepairPlan", *, as_json: bool) -> None:
    from orchestration.repair.outcome import with_evidence
    from orchestration.repair.repairing import requests_of

    (step,) = plan.steps
    count = with_evidence(workspace, lambda store: requests_of(step, store.windows()))
    followers = [f"{each.source}.{each.stream}" for each in plan.followers]
    if as_json:
        document = {"command": step.command, "requests": count, "followers": followers}
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(f"$ {step.command}  ({_about(count)})")
    if followers:
        click.echo(f"then, for records that it brings to light: {', '.join(followers)}")


def _may_go_on(
    plan: "RepairPlan", listed: "list[RedCheck]", *, is_dry: bool, is_agreed: bool, as_json: bool
) -> bool:
    """Whether the repairs are to be carried out.

    Raises:
        FindingsError: something is red, and nothing is done about it.
    """
    from orchestration.errors import FindingsError

    does_something = bool(plan.steps) or plan.is_run or plan.is_full_refresh
    if not listed or is_dry or (as_json and not is_agreed):
        if as_json:
            click.echo(json.dumps({"checks": [each.to_document() for each in listed]}, indent=2))
        if not listed or is_dry:
            return False
    if not does_something:
        raise FindingsError(
            f"{len(listed)} checks are red, and none is mended by fetching a place or building again: see "
            "what stands with each"
        )
    if is_agreed or (sys.stdin.isatty() and not as_json and click.confirm("Carry these out?")):
        return True
    raise FindingsError(f"{len(listed)} checks are red. Carry out what they name with assay repair --yes")


def _carry_out(
    workspace: "Workspace", plan: "RepairPlan", before: "list[CheckResult]", *, as_json: bool
) -> None:
    from orchestration.errors import FindingsError
    from orchestration.repair.outcome import outcome_of
    from orchestration.running import RunOptions
    from orchestration.screens.console import run_with_console

    options = RunOptions(repair=plan, is_full_refresh=plan.is_full_refresh)
    record, error = run_with_console(workspace, options=options, is_silent=as_json)
    outcome = outcome_of(before, record.checks)
    if error is None or isinstance(error, FindingsError):
        error = outcome.error(plan) or error
    if as_json:
        fate = {
            "commands": [step.command for step in plan.steps],
            "green": list(outcome.green),
            "red": [check.as_row() for check in outcome.red],
            "run": record.to_document(),
            "error": str(error) if error else None,
        }
        click.echo(json.dumps(fate, indent=2))
    else:
        for line in outcome.lines():
            click.echo(line)
    if error is not None:
        raise error
