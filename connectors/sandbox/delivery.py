"""When each service is rolled out: as soon as something is merged, once a day, or by the week."""

import random
from collections.abc import Generator

from connectors.sandbox.catalogue import Service
from connectors.sandbox.chronicle import Rollout
from connectors.sandbox.drawing import happens
from connectors.sandbox.events import ReleasePublished, TagCreated
from connectors.sandbox.failures import may_break, suffer
from connectors.sandbox.people import RELEASE_BOT
from connectors.sandbox.rollouts import again, next_rollout, roll_out, stage
from connectors.sandbox.story import Process, Story
from connectors.sandbox.working_time import DAY, HOUR, MINUTE, weekday, when_working

DELIVERY_DAYS = (3, 1)
"""Services that are rolled out weekly are so on Thursdays or Tuesdays."""

APART = 7 * HOUR
"""Two rollouts of one commit are never nearer than this unless they are parts of one."""

IDLE_CHANCES = {"continuous": 0.0025, "daily": 0.02, "weekly": 0.03}
"""Chance to roll out again what already runs, each time there is nothing new."""


def deliver(story: Story, service: Service, starts_at: int) -> Process:
    """Roll a service out, from its first deployment to the end of the story."""
    chance = story.chance(f"delivery/{service.name}")
    yield when_working(chance, starts_at + chance.randrange(2 * DAY, 9 * DAY))
    yield from roll_out(story, next_rollout(story, service), is_certain=True)
    while True:
        yield next_opportunity(chance, story.now, service)
        if story.held[service.name]:
            continue
        if story.waiting[service.name]:
            story.busy.add(service.name)
            yield from deliver_once(story, service, chance)
            story.busy.discard(service.name)
        elif is_idle_rollout(story, service, chance):
            yield from roll_out(story, again(story.running[service.name]), is_certain=True)


def deliver_once(story: Story, service: Service, chance: random.Random) -> Generator[int, None, None]:
    """Stage and roll out the head of the main branch; if it breaks the service, live through that."""
    rollout = next_rollout(story, service)
    if service.has_staging:
        may_go_on = yield from stage(story, rollout)
        if not may_go_on:
            return
        yield story.now + chance.randrange(5 * MINUTE, 40 * MINUTE)
    is_certain = service.name not in story.running
    is_reached = yield from roll_out(story, rollout, is_certain=is_certain)
    if not is_reached:
        yield story.now + APART
    share, current = service.failure_share, rollout if is_reached else None
    while current is not None and may_break(story, current) and happens(chance, share):
        share /= 3
        current = yield from suffer(story, current)
    if service.has_release_notes and is_reached and happens(chance, 0.3):
        note_release(story, rollout, chance)


def next_opportunity(chance: random.Random, now: int, service: Service) -> int:
    """When somebody looks next whether there is something to roll out."""
    if service.cadence == "continuous":
        return when_working(chance, now + chance.randrange(30 * MINUTE, 3 * HOUR))
    day = when_working(chance, now - now % DAY + DAY)
    wanted = DELIVERY_DAYS[len(service.name) % 2]
    while service.cadence == "weekly" and weekday(day) != wanted:
        day = when_working(chance, day - day % DAY + DAY)
    return day - day % DAY + 12 * HOUR + chance.randrange(4 * HOUR)


def is_idle_rollout(story: Story, service: Service, chance: random.Random) -> bool:
    """Whether to roll out again what runs: rarely, never soon after, never what went back or broke."""
    running = story.running[service.name]
    return (
        service.mechanism == "deployments"
        and happens(chance, IDLE_CHANCES[service.cadence])
        and story.now - running.finished_at > APART
        and not running.is_rollback
        and running.failure is None
    )


def note_release(story: Story, rollout: Rollout, chance: random.Random) -> None:
    """Publish release notes for what is already rolled out; they roll nothing out."""
    name = f"{rollout.service.name}-{story.now // DAY}.{chance.randrange(1000)}"
    repository, sha = rollout.service.repository, rollout.commit_sha
    story.tell(TagCreated(story.now, repository, name, sha, RELEASE_BOT.login, "Notes"))
    is_candidate = happens(chance, 0.2)
    story.tell(
        ReleasePublished(
            story.now,
            story.next_release(),
            repository,
            name,
            sha,
            RELEASE_BOT.login,
            "Notes for customers.",
            is_prerelease=is_candidate,
        )
    )
