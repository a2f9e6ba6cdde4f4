"""The `assay` command: finds the subcommand, runs it, and turns its failure into a message and an exit code.

Nothing heavy is imported here. Each subcommand lives in a module of its own that is loaded when it is used,
so that `assay --help` answers at once.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from orchestration.errors import AssayError

INTERRUPTED = 130
USAGE = 2

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("orchestration.commands.init:init", "Make a workspace: annotated assay.yml, keys and folders."),
    "doctor": (
        "orchestration.commands.doctor:doctor",
        "Check everything that a run needs, and say how to mend it.",
    ),
    "plan": ("orchestration.commands.plan:plan", "Estimate requests, hours and disk before a first run."),
    "register": (
        "orchestration.commands.register:register",
        "Show and confirm which personal data may be fetched.",
    ),
    "run": ("orchestration.commands.run:run", "Fetch what is new, build, check and publish."),
    "backfill": ("orchestration.commands.backfill:backfill", "Fetch exactly some days of a stream again."),
    "repair": (
        "orchestration.commands.repair:repair",
        "Fetch exactly what a red check names again, and see it green.",
    ),
    "reconcile": (
        "orchestration.commands.reconcile:reconcile",
        "Ask the sources now whether staging says what they say.",
    ),
    "receive": (
        "orchestration.commands.receive:receive",
        "Take webhooks and pushed reports until Ctrl-C.",
    ),
    "slo": (
        "orchestration.commands.slo:slo",
        "Check the OpenSLO files, and make Prometheus rules of them.",
    ),
    "status": (
        "orchestration.commands.status:status",
        "Show the evidence, the publication and who is at work.",
    ),
    "alert": ("orchestration.commands.alert:alert", "List open causes, and try the channels that are told."),
    "dev": ("orchestration.commands.dev:dev", "Open the Dagster UI on this workspace."),
    "publish": ("orchestration.commands.publish:publish", "Publish what the last build holds."),
    "gate": (
        "orchestration.commands.gate:gate",
        "Say what may be published, what is missing, and who must act.",
    ),
    "signoff": (
        "orchestration.commands.signoff:signoff",
        "Sign a metric's definition with one's own key; list and revoke.",
    ),
    "trace": (
        "orchestration.commands.trace:trace",
        "Show where one published number comes from, to the byte.",
    ),
    "replay": (
        "orchestration.commands.replay:replay",
        "Make one number again from its records alone, or a publication byte for byte.",
    ),
    "own": (
        "orchestration.commands.own:own",
        "Show the numbers that are one person's own, to that person.",
    ),
    "lineage": (
        "orchestration.commands.lineage:lineage",
        "Follow a column through every model: what it rests on, what rests on it.",
    ),
    "definition": (
        "orchestration.commands.definition:definition",
        "Show what a metric means, what changed, and what was in force when.",
    ),
    "diff": (
        "orchestration.commands.diff:diff",
        "Say which published values changed between two publications, and why.",
    ),
    "export": (
        "orchestration.commands.export:export",
        "Hand a publication over, on the record; list who received what.",
    ),
    "verify": (
        "orchestration.commands.verify:verify",
        "Check evidence, logs and publication against their hashes.",
    ),
    "proof": (
        "orchestration.commands.proof:proof",
        "Prove a page, a leaf, a file or a published value, for checking offline.",
    ),
    "checkpoint": (
        "orchestration.commands.checkpoint:checkpoint",
        "Show what the logs came to; have it cosigned and stamped.",
    ),
    "witness": (
        "orchestration.commands.witness:witness",
        "Cosign another team's logs, from a folder of your own.",
    ),
    "key": ("orchestration.commands.key:key", "Show the key that signs, and change it."),
    "incidents": (
        "orchestration.commands.incidents:incidents",
        "List incidents of unknown cause, and record what people decide about them.",
    ),
    "dispute": (
        "orchestration.commands.dispute:dispute",
        "Contradict a number, and handle what others contradict.",
    ),
    "correction": (
        "orchestration.commands.correction:correction",
        "Say what a fact is in truth, with evidence and four eyes.",
    ),
    "drift": (
        "orchestration.commands.drift:drift",
        "Show how the formats of sources have changed, and accept what is fine.",
    ),
    "redact": (
        "orchestration.commands.redact:redact",
        "Blank values in one page, by the recorded procedure.",
    ),
    "identity": (
        "orchestration.commands.identity:identity",
        "Say whose accounts are whose: review, merge, split.",
    ),
    "feedback": (
        "orchestration.commands.feedback:feedback",
        "Give, read and cite developmental feedback, which never feeds a metric.",
    ),
    "tracks": (
        "orchestration.commands.tracks:tracks",
        "Look for every way by which feedback could come into a metric.",
    ),
    "signer": ("orchestration.commands.redact:signer", "Make a person's own signing key."),
    "profile": (
        "orchestration.commands.profile:profile",
        "Compute another tool's metrics by its own formulas, over its own tables.",
    ),
    "try": (
        "orchestration.commands.try_clone:try_clone",
        "Measure a local git clone; needs no configuration.",
    ),
    "demo": (
        "orchestration.commands.demo:demo",
        "Run everything on a simulated organisation, against its truth.",
    ),
    "sandbox": (
        "orchestration.commands.sandbox:sandbox",
        "Serve, write or explain a simulated organisation.",
    ),
}

SECTIONS: dict[str, tuple[str, ...]] = {
    "Begin": ("init", "doctor", "plan", "register", "try", "demo", "sandbox"),
    "Fetch, build and watch": (
        *("run", "backfill", "repair", "reconcile", "receive"),
        *("status", "alert", "drift", "dev", "slo", "profile"),
    ),
    "Publish": ("gate", "signoff", "publish", "definition", "diff", "export"),
    "Trace and prove": (
        *("trace", "replay", "own", "lineage", "verify"),
        *("proof", "checkpoint", "witness", "key"),
    ),
    "Decide, contradict and correct": (
        *("incidents", "dispute", "correction", "identity"),
        *("feedback", "tracks", "redact", "signer"),
    ),
}

EXIT_CODES = """\b
Exit codes:
  0  everything is as it should be
  1  a check, a verification or a comparison found something
  2  the command line or assay.yml is wrong; nothing was started
  3  a source failed; what it had delivered is kept, run again
  4  another run holds the workspace
  5  the warehouse or the publication could not be built
  6  published, but without streams that the collection register does not allow"""


class LazyCommands(click.Group):
    """A group that knows its commands by name and loads only the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of a first acquaintance."""
        del ctx
        return [name for names in SECTIONS.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        del ctx
        width = max(map(len, COMMANDS))
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), COMMANDS[name][1]) for name in names])


def _print_version(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
    if not value or context.resilient_parsing:
        return
    from importlib.metadata import version  # noqa: PLC0415 - only this option needs it

    click.echo(f"assay {version('assay')}")
    context.exit()


@click.group(cls=LazyCommands, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of a failure.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version)
@click.pass_context
def assay(context: click.Context, *, debug: bool) -> None:
    """Engineering metrics you can audit, down to the byte."""
    context.obj = {"debug": debug}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    unreadable = next((word for word in given if _is_cut(word)), None)
    if unreadable is not None:
        click.echo(
            f"assay: {unreadable!a} is not UTF-8, and nothing was started; set the terminal to UTF-8",
            err=True,
        )
        return USAGE
    try:
        result = assay.main(args=given, prog_name="assay", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("assay: interrupted; what was committed is kept", err=True)
        return INTERRUPTED
    except Exception as error:
        if "--debug" in given:
            raise
        return _explain(error, given)
    return result if isinstance(result, int) else 0


def _is_cut(word: str) -> bool:
    """Whether a word of the command line holds bytes that are no text: no log and no database takes them."""
    return any("\udc80" <= letter <= "\udcff" for letter in word)


def _explain(error: Exception, given: Sequence[str]) -> int:
    """Print one message and return the exit code; the only place that meets every kind of error."""
    if isinstance(error, AssayError):
        click.echo(f"assay: {error}", err=True)
        return error.exit_code
    known = _library_exit_code(error)
    if known is not None:
        click.echo(f"assay: {error}", err=True)
        return known
    if isinstance(error, OSError) and _is_of_the_command_line(error, given):
        click.echo(
            f"assay: {error.filename} cannot be used: {error.strerror}. "
            "Name another path, or make its folder",
            err=True,
        )
        return USAGE
    click.echo(
        f"assay: unexpected {type(error).__name__}: {error}\nassay --debug … shows the traceback", err=True
    )
    return AssayError.exit_code


def _is_of_the_command_line(error: OSError, given: Sequence[str]) -> bool:
    """Whether the path that failed is one that the user wrote, or an end of `--option=PATH`."""
    named = str(error.filename or "")
    paths = {os.path.normpath(one.partition("=")[2] if one.startswith("-") else one) for one in given}
    return bool(named) and os.path.normpath(named) in paths


def _library_exit_code(error: Exception) -> int | None:
    """Return the exit code for an error of a library, if that library is loaded at all."""
    for module, name, code in (
        ("connectors.errors", "ConnectorError", 3),
        ("lineage.ledger.errors", "LedgerError", 1),
        ("governance.errors", "GovernanceError", 2),
        ("publishing.errors", "PublishingError", 5),
        ("lineage.errors", "LineageError", 2),
        ("connectors.evidence.errors", "EvidenceError", 1),
    ):
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(error, kind):
            return code
    return None


if __name__ == "__main__":
    sys.exit(main())
