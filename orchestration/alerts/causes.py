"""Causes: what is wrong at the end of a run, and what the run looked at.

A cause is named by things that the settings and the product name: sources, streams, checks, models. A
notice leaves the house: what an API answered, what a check found in a row and what dbt printed stay inside.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestration.run_record import RunRecord, StreamFailure
from orchestration.settings.alerts import AlertSeverity, CauseKind

if TYPE_CHECKING:
    from quality_checks.results import CheckResult

CheckName = tuple[str, str]
RUN = "run"
PUBLICATION_STEP = "publication"
_REMEDY_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Cause:
    """Something that is wrong.

    Attributes:
        kind: What kind of thing.
        subject: Which: with the kind it tells this cause from all others.
        severity: `blocking` keeps the publication back.
        what: One sentence without any value that a source delivered.
        remedy: What to do.
        command: The command that shows more, or mends it.
    """

    kind: CauseKind
    subject: str
    severity: AlertSeverity
    what: str
    remedy: str
    command: str

    @property
    def key(self) -> str:
        """The name under which the cause is remembered."""
        return f"{self.kind}:{self.subject}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a run says about causes: those that hold, and which of the others it looked at.

    Attributes:
        causes: What is wrong.
        streams: Streams that were read, as `source.stream`.
        streams_known: Streams that the settings ask for; what is gone from them cannot fail any more.
        checks: Checks that gave a result.
        checks_known: Checks that are declared.
        nodes: Models and tests that ended.
        is_built: Whether the warehouse stands complete.
        is_published: Whether a publication of the present build stands.
        is_finished: Whether the run reached its end, the publication, without a failing step.
    """

    causes: tuple[Cause, ...] = ()
    streams: frozenset[str] = frozenset()
    streams_known: frozenset[str] = frozenset()
    checks: frozenset[CheckName] = frozenset()
    checks_known: frozenset[CheckName] = frozenset()
    nodes: frozenset[str] = frozenset()
    is_built: bool = False
    is_published: bool = False
    is_finished: bool = False

    def is_over(self, kind: str, subject: str) -> bool:
        """Whether the run looked at what was wrong, or there is nothing any more that could be wrong.

        Only asked about causes that do not hold.
        """
        if kind == "source":
            stream = subject.split(" ", 1)[0]
            return stream in self.streams or stream not in self.streams_known
        if kind == "check":
            name, _, of = subject.partition(" ")
            return (name, of) in self.checks or bool(self.checks and (name, of) not in self.checks_known)
        if kind == "build":
            return self.is_finished if subject == RUN else subject in self.nodes or self.is_built
        return self.is_published if kind == "publication" else True


def observe(
    record: RunRecord,
    *,
    is_failed: bool = False,
    streams_known: Collection[str] = (),
    checks_known: Collection[CheckName] = (),
) -> Observation:
    """Gather the causes of one run.

    Args:
        record: What the run did.
        is_failed: Whether the run did not reach its end.
        streams_known: `source.stream` of everything that the settings ask for.
        checks_known: Name and subject of everything that is declared.
    """
    found = [*_sources(record), *_builds(record), *_checks(record), *_publication(record)]
    if is_failed and not any(cause.severity == "blocking" for cause in found) and not record.scope_failures:
        found.append(broken_run(", ".join(record.failed_steps) or "before its first step"))
    has_checks = bool(record.checks)
    return Observation(
        causes=tuple({cause.key: cause for cause in found}.values()),
        streams=frozenset(f"{report.source}.{report.stream}" for report in record.reports),
        streams_known=frozenset(streams_known),
        checks=frozenset((check.name, check.subject) for check in record.checks),
        checks_known=frozenset(checks_known),
        nodes=frozenset(_node(outcome.kind, outcome.name) for outcome in record.outcomes),
        is_built=has_checks and not record.failed_nodes,
        is_published=record.publication is not None,
        is_finished=not is_failed and record.publication is not None,
    )


def broken_run(where: str) -> Cause:
    """A run that failed in a way of its own.

    Args:
        where: The steps that failed.
    """
    return Cause(
        "build",
        RUN,
        "blocking",
        f"a run failed ({where})",
        "The last failure in the status says why; docs/runbooks/failed-build.md goes on from there",
        "assay status",
    )


def stale_source(source: str, hours: int) -> Cause:
    """A source from which nothing new has come for too long."""
    return Cause(
        "freshness",
        source,
        "warning",
        f"nothing new has arrived from {source} for more than {hours} hours",
        "See whether the source, the receiver or whatever delivers to it still works",
        "assay doctor",
    )


def _sources(record: RunRecord) -> Iterator[Cause]:
    for failure in record.failures:
        if failure.is_tried:
            yield _stream(failure)
    for report in record.reports:
        for left_out in report.failures:
            name = f"{report.source}.{report.stream}"
            yield Cause(
                "source",
                f"{name} {left_out.scope}",
                "warning",
                f"{name} was read without {left_out.scope}",
                _source_remedy(is_transient=left_out.is_transient),
                "assay doctor",
            )


def _stream(failure: StreamFailure) -> Cause:
    name = f"{failure.source}.{failure.stream}"
    return Cause(
        "source",
        name,
        "blocking",
        f"{name} could not be read; nothing new is published meanwhile",
        _source_remedy(is_transient=failure.is_transient),
        "assay doctor",
    )


def _source_remedy(*, is_transient: bool) -> str:
    if is_transient:
        return "It may pass: the next run goes on at the page where this one stopped"
    return "Somebody must change something first; docs/runbooks/failed-source.md lists what"


def _node(kind: str, name: str) -> str:
    return f"{kind} {name}"


def _builds(record: RunRecord) -> Iterator[Cause]:
    for outcome in record.failed_nodes:
        subject = _node(outcome.kind, outcome.name)
        yield Cause(
            "build",
            subject,
            "blocking",
            f"the {subject} failed; nothing new is published meanwhile",
            "The last failure in the status says why; docs/runbooks/failed-build.md goes on from there",
            "assay status",
        )


def _checks(record: RunRecord) -> Iterator[Cause]:
    for check in record.checks:
        if not check.is_passed:
            yield _red(check)


def _red(check: "CheckResult") -> Cause:
    count = f", {check.offender_count} items" if check.offender_count else ""
    return Cause(
        "check",
        f"{check.name} {check.subject}",
        check.severity,
        f"the check {check.name} of {check.subject} is red{count}",
        _shortened(check.remedy) or "docs/runbooks/red-check.md says how to find the cause",
        "assay repair" if check.repairs else "assay status",
    )


def _publication(record: RunRecord) -> Iterator[Cause]:
    blocking = len(record.blocking_checks)
    if not blocking and PUBLICATION_STEP not in record.failed_steps:
        return
    reason = f"{blocking} blocking checks are red" if blocking else "the gate or the warehouse refuses it"
    yield Cause(
        "publication",
        PUBLICATION_STEP,
        "blocking",
        f"nothing was published: {reason}. Readers see the publication before",
        "Mend what the run names, and run again" if blocking else "Publish by hand: the refusal says why",
        "assay run" if blocking else "assay publish",
    )


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _REMEDY_CHARACTERS else f"{line[: _REMEDY_CHARACTERS - 1]}…"
