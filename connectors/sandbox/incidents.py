"""Incidents: noticed, described, resolved; and those that no rollout caused."""

import random

from connectors.sandbox import wording
from connectors.sandbox.catalogue import Service
from connectors.sandbox.chronicle import Change, Incident, Rollout
from connectors.sandbox.company import INCIDENT_REPOSITORY
from connectors.sandbox.drawing import draw, happens
from connectors.sandbox.events import IncidentOpened, IncidentResolved
from connectors.sandbox.story import Process, Story
from connectors.sandbox.working_time import DAY, HOUR, MINUTE, after

WEB = "https://github.example"
SEVERITIES = ((1, 0.15), (2, 0.35), (3, 0.5))
BELOW_CONFIGURED = 4
UNCAUSED_EVERY = 105 * DAY
COSMETIC_SHARE = 0.24
SOON_AFTER_SHARE = 0.5


def open_incident(
    story: Story,
    services: tuple[Service, ...],
    *,
    causes: tuple[Rollout, ...],
    names: tuple[Rollout, ...] = (),
    references: tuple[str, ...] = (),
    severity: int | None = None,
    title: str | None = None,
) -> Incident:
    """Somebody notices and describes what is wrong.

    Args:
        story: The stage.
        services: Services that suffer; labelled so.
        causes: What really caused it, written into the chronicle only.
        names: Rollouts that the text names.
        references: The lines that name them.
        severity: 1 is worst; drawn if not given.
        title: What users see; invented if not given.
    """
    chance = story.codebases[INCIDENT_REPOSITORY].chance
    number = story.codebases[INCIDENT_REPOSITORY].next_number()
    drawn = severity or draw(chance, SEVERITIES)
    symptom = title or chance.choice(wording.SYMPTOMS)
    reporter = chance.choice(story.team_of(services[0]))
    body = "\n".join((f"{symptom} since a while. We are looking into it.", "", *references))
    named = tuple(service.name for service in services)
    story.tell(IncidentOpened(story.now, number, named, drawn, symptom, body.rstrip(), reporter))
    incident = Incident(number, named, drawn, story.now, causes, names)
    story.chronicle.incidents.append(incident)
    return incident


def resolve(story: Story, incident: Incident, service: Service, note: str) -> None:
    """Service is restored."""
    chance = story.codebases[INCIDENT_REPOSITORY].chance
    actor = chance.choice(story.team_of(service))
    story.tell(IncidentResolved(story.now, incident.number, actor, note))
    incident.resolved_at = story.now


def line_for_deployment(chance: random.Random, rollout: Rollout) -> str:
    """Name a rollout by one of the deployments that it consists of."""
    part = chance.choice([part for part in rollout.parts if part.is_success])
    return f"Caused by deployment {part.identifier.partition(':')[2]} of {rollout.service.name}"


def line_for_commit(chance: random.Random, change: Change) -> str:
    """Name a commit of the main branch's graph, by its full id or a shorter one."""
    return f"Caused by {change.repository}@{change.graph_sha[: chance.choice((12, 40))]}"


def line_for_pull_request(change: Change) -> str:
    """Name a pull request."""
    return f"Caused by {change.repository}#{change.pull_request}"


def line_for_version(rollout: Rollout) -> str:
    """Name a release or a tag by its page."""
    return f"Caused by {WEB}/{rollout.service.repository}/releases/tag/{rollout.version}"


def incidents_from_outside(story: Story, service: Service, starts_at: int) -> Process:
    """Incidents that no rollout caused, many soon after one; a few cosmetic ones that do name a rollout."""
    chance = story.chance(f"outside/{service.name}")
    yield starts_at + chance.randrange(60 * DAY)
    while True:
        if happens(chance, SOON_AFTER_SHARE):
            yield from soon_after_rollout(story, service, chance)
        running = story.running.get(service.name)
        if running is not None and service.name not in story.busy:
            story.start(from_outside(story, service, running, chance), story.now)
        yield story.now + int(chance.expovariate(1 / UNCAUSED_EVERY))


def soon_after_rollout(story: Story, service: Service, chance: random.Random) -> Process:
    """Wait until a rollout ended in the last hours, for some days at most."""
    given_up_at = story.now + 10 * DAY
    while story.now < given_up_at:
        running = story.running.get(service.name)
        if running is not None and 0 < story.now - running.finished_at < 12 * HOUR:
            return
        yield story.now + chance.randrange(HOUR, 4 * HOUR)


def from_outside(story: Story, service: Service, running: Rollout, chance: random.Random) -> Process:
    """One incident from outside, or a cosmetic one below the severities that count."""
    is_cosmetic = service.mechanism == "deployments" and happens(chance, COSMETIC_SHARE)
    if is_cosmetic:
        incident = open_incident(
            story,
            (service,),
            causes=(),
            names=(running,),
            references=(line_for_deployment(chance, running),),
            severity=BELOW_CONFIGURED,
            title="Misaligned icon on one page",
        )
        yield after(chance, story.now, 40 * HOUR)
        resolve(story, incident, service, "Cosmetic; fixed with the next change.")
        return
    incident = open_incident(story, (service,), causes=(), title=chance.choice(wording.OUTSIDE))
    yield story.now + chance.randrange(15 * MINUTE, 9 * HOUR)
    resolve(story, incident, service, "Gone since the other side mended it.")
