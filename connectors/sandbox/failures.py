"""Rollouts that break their service: how it is noticed, what is done, which trace it leaves in the data.

Every failure has one cause, the rollout that broke the service. Most leave an explicit reference: an
incident that names the deployment, a commit, a pull request or a version; a rollback; a hotfix that names
the incident or the change; a revert. A share leaves none, and only its times and its service tell.
"""

import random
from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal

from connectors.sandbox.catalogue import Service
from connectors.sandbox.chronicle import Change, Evidence, Failure, Incident, Remedy, Rollout
from connectors.sandbox.drawing import draw, happens
from connectors.sandbox.incidents import (
    line_for_commit,
    line_for_deployment,
    line_for_pull_request,
    line_for_version,
    open_incident,
    resolve,
)
from connectors.sandbox.remedies import fix_forward, hotfix, revert
from connectors.sandbox.rollouts import again, back_from, next_rollout, roll_out
from connectors.sandbox.story import Story
from connectors.sandbox.working_time import DAY, HOUR, MINUTE, is_working

SETTLED_DAYS = 20
"""No failure so near to a reorganisation: its owner is the same from the rollout to the restoration."""

APART = 7 * HOUR
TOLD_TWICE_SHARE = 0.15
LEFT_OPEN_BEFORE_END = 25 * DAY
LEFT_OPEN_SHARE = 0.3
"""Of the last incidents some are still open when the story ends."""

SOON_BACK_SHARE = 0.7
SOON = 4 * HOUR
REVERT_AFTER_ROLLBACK_SHARE = 0.25
NOTICED_AFTER = (
    ((3 * MINUTE, 40 * MINUTE), 0.6),
    ((HOUR, 6 * HOUR), 0.29),
    ((8 * HOUR, 20 * HOUR), 0.08),
    ((26 * HOUR, 40 * HOUR), 0.03),
)
NOTICED_LATER = (
    ((3 * MINUTE, 40 * MINUTE), 0.35),
    ((2 * HOUR, 6 * HOUR), 0.35),
    ((8 * HOUR, 20 * HOUR), 0.15),
    ((26 * HOUR, 40 * HOUR), 0.15),
)
"""What leaves no reference is often noticed late, when nobody thinks of the rollout any more."""


Names = Literal["deployment", "commit", "pull_request"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What follows a failure.

    Attributes:
        remedy: What mends it.
        has_incident: Whether somebody opens an incident.
        incident_names: What the incident names, if anything.
        fix_names: What the fixing pull request names, if anything.
    """

    remedy: Remedy
    has_incident: bool = True
    incident_names: Names | None = None
    fix_names: Literal["incident", "change"] | None = None

    @property
    def is_direct(self) -> bool:
        """Whether the remedy must replace the broken rollout itself, with no other between."""
        return self.remedy == "rollback" or (self.fix_names == "incident" and self.incident_names is None)

    @property
    def needs_culprit(self) -> bool:
        """Whether a change must be named."""
        return self.incident_names in ("commit", "pull_request") or self.fix_names == "change"


TRACED = (
    (Scenario("rollback", has_incident=False), 0.10),
    (Scenario("rollback", incident_names="deployment"), 0.20),
    (Scenario("rollback"), 0.08),
    (Scenario("hotfix", incident_names="deployment"), 0.10),
    (Scenario("hotfix", incident_names="commit"), 0.10),
    (Scenario("hotfix", incident_names="pull_request", fix_names="incident"), 0.08),
    (Scenario("hotfix", fix_names="incident"), 0.14),
    (Scenario("hotfix", has_incident=False, fix_names="change"), 0.06),
    (Scenario("hotfix", fix_names="change"), 0.03),
    (Scenario("revert", has_incident=False, fix_names="change"), 0.05),
    (Scenario("revert", incident_names="commit", fix_names="change"), 0.03),
    (Scenario("forward_fix", incident_names="pull_request"), 0.06),
    (Scenario("configuration", incident_names="deployment"), 0.03),
)
UNTRACED = ((Scenario("forward_fix"), 0.7), (Scenario("configuration"), 0.3))


@dataclass(slots=True)
class Trouble:
    """A failure while it lasts."""

    story: Story
    rollout: Rollout
    failure: Failure
    scenario: Scenario
    culprit: Change | None
    incident: Incident | None = None

    @property
    def service(self) -> Service:
        """The service that is broken."""
        return self.rollout.service

    @property
    def chance(self) -> random.Random:
        """The repository's own generator."""
        return self.story.codebases[self.service.repository].chance


def may_break(story: Story, rollout: Rollout) -> bool:
    """Whether the story lets this rollout break its service."""
    return (
        rollout.replaces is not None
        and bool(rollout.changes)
        and story.company.is_ownership_settled(rollout.service.name, story.now, margin_days=SETTLED_DAYS)
    )


def suffer(story: Story, rollout: Rollout) -> Generator[int, None, Rollout | None]:
    """Break the service and live through it; returns the rollout that brought a fix, if one did."""
    chance = story.codebases[rollout.service.repository].chance
    named = [row for row in rollout.changes if row.touches_one_service]
    requested = [row for row in named if row.pull_request is not None]
    culprit = chance.choice(requested or named) if named else None
    scenario = drawn(story, rollout, culprit)
    failure = Failure(rollout, scenario.remedy)
    rollout.failure = failure
    story.chronicle.failures.append(failure)
    trouble = Trouble(story, rollout, failure, scenario, culprit)
    yield from noticed(trouble)
    fixed = yield from REMEDIES[scenario.remedy](trouble)
    is_late = story.parameters.ends_at - story.now < LEFT_OPEN_BEFORE_END and happens(chance, LEFT_OPEN_SHARE)
    if trouble.incident is not None and not is_late:
        yield story.now + chance.randrange(3 * MINUTE, 90 * MINUTE)
        resolve(story, trouble.incident, rollout.service, "Back to normal.")
    return fixed


def drawn(story: Story, rollout: Rollout, culprit: Change | None) -> Scenario:
    """Draw a scenario that this rollout can play; a fixed share of all failures leaves no trace."""
    chance = story.codebases[rollout.service.repository].chance
    share, number = story.parameters.unreferenced_share, len(story.chronicle.failures)
    table = UNTRACED if int((number + 1) * share) > int(number * share) else TRACED
    while True:
        scenario = draw(chance, table)
        if scenario.needs_culprit and culprit is None:
            continue
        if scenario.remedy == "revert" and (culprit is None or culprit.pull_request is None):
            continue
        if scenario.remedy == "rollback" and not can_go_back(rollout):
            continue
        prefers_rollback = table is TRACED and can_go_back(rollout) and is_fresh(story, rollout)
        if prefers_rollback and scenario.remedy != "rollback" and happens(chance, SOON_BACK_SHARE):
            continue
        return scenario


def is_fresh(story: Story, rollout: Rollout) -> bool:
    """Whether what ran before is so new that going back to it comes to mind first."""
    return rollout.replaces is not None and story.now - rollout.replaces.finished_at < SOON


def can_go_back(rollout: Rollout) -> bool:
    """Whether an older commit ran before, and was not broken itself."""
    before = rollout.replaces
    return before is not None and before.position < rollout.position and before.failure is None


def noticed(trouble: Trouble) -> Generator[int, None, None]:
    """Time passes until somebody notices; another rollout may come between; then an incident is opened."""
    story, chance = trouble.story, trouble.chance
    is_traced = trouble.scenario in dict(TRACED)
    delay = chance.randrange(*draw(chance, NOTICED_AFTER if is_traced else NOTICED_LATER))
    noticed_at = story.now + delay
    if not trouble.scenario.is_direct and delay > 2 * HOUR and happens(chance, 0.6):
        yield story.now + chance.randrange(30 * MINUTE, 90 * MINUTE)
        if story.waiting[trouble.service.name] and is_working(story.now):
            yield from roll_out(story, next_rollout(story, trouble.service), is_certain=True)
    yield noticed_at
    if trouble.scenario.has_incident:
        describe(trouble)


def describe(trouble: Trouble) -> None:
    """Open the incident, with the reference that the scenario wants."""
    story, rollout, failure = trouble.story, trouble.rollout, trouble.failure
    also = also_at_fault(trouble) if trouble.scenario.incident_names == "deployment" else None
    blamed = (rollout, also) if also is not None else (rollout,)
    lines = [reference(trouble)] if trouble.scenario.incident_names else []
    if also is not None:
        lines.append(line_for_deployment(trouble.chance, also))
    trouble.incident = open_incident(
        story,
        tuple(row.service for row in blamed),
        causes=blamed,
        names=blamed if lines else (),
        references=tuple(lines),
    )
    failure.incident = trouble.incident
    if lines:
        failure.evidence.append(Evidence("incident", story.now))
    if also is not None:
        also.failure = Failure(also, "none", trouble.incident, [Evidence("incident", story.now)])
        story.chronicle.failures.append(also.failure)


def reference(trouble: Trouble) -> str:
    """The line of the incident that names what broke the service."""
    names, rollout, culprit = trouble.scenario.incident_names, trouble.rollout, trouble.culprit
    if names == "pull_request" and culprit is not None and culprit.pull_request is not None:
        return line_for_pull_request(culprit)
    if names == "deployment" and rollout.service.mechanism == "deployments":
        return line_for_deployment(trouble.chance, rollout)
    if rollout.version is not None:
        return line_for_version(rollout)
    return line_for_commit(trouble.chance, culprit or rollout.changes[0])


def also_at_fault(trouble: Trouble) -> Rollout | None:
    """Another service's rollout of the last day that shares the fault, once in a while."""
    story = trouble.story
    if trouble.rollout.service.mechanism != "deployments" or not happens(trouble.chance, TOLD_TWICE_SHARE):
        return None
    for name, running in story.running.items():
        if (
            name != trouble.service.name
            and name not in story.busy
            and running.service.mechanism == "deployments"
            and running.failure is None
            and may_break(story, running)
            and 0 < story.now - running.finished_at < DAY
        ):
            return running
    return None


def roll_back(trouble: Trouble) -> Generator[int, None, Rollout | None]:
    """Go back to what ran before; sometimes the change is reverted afterwards."""
    story, failure, culprit = trouble.story, trouble.failure, trouble.culprit
    yield story.now + trouble.chance.randrange(3 * MINUTE, 30 * MINUTE)
    back = back_from(trouble.rollout)
    failure.remedies.append(back)
    failure.repairs.append(back)
    failure.evidence.append(Evidence("rollback", by=back))
    yield from roll_out(story, back, is_certain=True)
    if (
        culprit is None
        or culprit.pull_request is None
        or not happens(trouble.chance, REVERT_AFTER_ROLLBACK_SHARE)
    ):
        return None
    if trouble.incident is not None:
        yield story.now + trouble.chance.randrange(3 * MINUTE, 60 * MINUTE)
        resolve(story, trouble.incident, trouble.service, "Rolled back.")
        trouble.incident = None
    return (yield from bring(trouble, names_change=True))


def bring_hotfix(trouble: Trouble) -> Generator[int, None, Rollout | None]:
    """Merge a hotfix and roll it out."""
    names = trouble.scenario.fix_names
    incident = trouble.incident if names == "incident" else None
    named = trouble.culprit if names == "change" else None
    yield from hotfix(trouble.story, trouble.service, incident=incident, culprit=named)
    brought = next_rollout(trouble.story, trouble.service)
    trouble.failure.remedies.append(brought)
    trouble.failure.repairs.append(brought)
    if incident is not None:
        trouble.failure.evidence.append(Evidence("incident", by=brought))
    if named is not None:
        trouble.failure.evidence.append(Evidence("hotfix", by=brought))
    yield from roll_out(trouble.story, brought, is_certain=True)
    return brought


def bring_revert(trouble: Trouble) -> Generator[int, None, Rollout | None]:
    """Merge a revert of the change and roll it out."""
    return (yield from bring(trouble, names_change=True))


def bring_fix(trouble: Trouble) -> Generator[int, None, Rollout | None]:
    """Merge an ordinary looking fix that names nothing, and roll it out."""
    return (yield from bring(trouble, names_change=False))


def bring(trouble: Trouble, *, names_change: bool) -> Generator[int, None, Rollout | None]:
    """Merge a fix, a revert if it names the change, and roll it out."""
    story = trouble.story
    if names_change and trouble.culprit is not None:
        yield from revert(story, trouble.service, trouble.culprit)
    else:
        yield from fix_forward(story, trouble.service)
    brought = next_rollout(story, trouble.service)
    trouble.failure.repairs.append(brought)
    if names_change:
        trouble.failure.remedies.append(brought)
        trouble.failure.evidence.append(Evidence("hotfix", by=brought))
    yield from roll_out(story, brought, is_certain=True)
    return brought


def configure(trouble: Trouble) -> Generator[int, None, Rollout | None]:
    """Change a setting outside the code; sometimes what runs is restarted with it."""
    story = trouble.story
    yield story.now + trouble.chance.randrange(20 * MINUTE, 5 * HOUR)
    if trouble.service.mechanism == "deployments" and happens(trouble.chance, 0.5):
        running = story.running[trouble.service.name]
        yield max(story.now, running.finished_at + APART)
        restarted = again(running)
        trouble.failure.repairs.append(restarted)
        yield from roll_out(story, restarted, is_certain=True)
    return None


REMEDIES = {
    "rollback": roll_back,
    "hotfix": bring_hotfix,
    "revert": bring_revert,
    "forward_fix": bring_fix,
    "configuration": configure,
}
