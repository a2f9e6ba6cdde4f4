"""Sets the stage and plays the story."""

from connectors.sandbox.arrivals import issues_arrive, work_arrives
from connectors.sandbox.branches import MODULES, NEUTRAL_PATHS, sign
from connectors.sandbox.catalogue import Service
from connectors.sandbox.company import Company
from connectors.sandbox.delivery import deliver
from connectors.sandbox.events import RepositoryCreated
from connectors.sandbox.incidents import incidents_from_outside
from connectors.sandbox.staff import opening, reorganise
from connectors.sandbox.story import Codebase, Process, Story
from connectors.sandbox.working_time import DAY, HOUR, MINUTE

COMMITS_BEFORE = 4


def play(company: Company) -> Story:
    """Play the whole story of a company; what comes back holds the timeline and the chronicle."""
    story = Story(company)
    story.start(opening(story), story.now)
    for plan in company.reorganisations:
        story.start(reorganise(story, plan), plan.at)
    span = story.parameters.ends_at - story.parameters.starts_at
    for code in story.codebases.values():
        story.start(founding(story, code), story.now + MINUTE)
    for service in company.services:
        story.start(beginning(story, service), story.parameters.starts_at + int(span * service.starts_after))
    story.run()
    return story


def founding(story: Story, code: Codebase) -> Process:
    """A repository appears with some history from before; the first rollout swallows it."""
    people = [story.people[login] for logins in story.members.values() for login in logins]
    folders = [f"services/{row.name}" for row in code.services] if code.repository.is_monorepo else ["src"]
    files = [list(NEUTRAL_PATHS), *([f"{folder}/{name}.py" for name in MODULES] for folder in folders)]
    for index in range(COMMITS_BEFORE):
        author = code.chance.choice(people)
        at = story.now - (COMMITS_BEFORE - index) * 20 * DAY + code.chance.randrange(10 * HOUR)
        code.mainline.append(
            code.commit(
                parents=tuple(code.mainline[-1:]),
                revisions=code.revised(files[index % len(files)]),
                author=sign(author, at),
                committer=sign(author, at),
                message=f"Lay out part {index + 1}",
            )
        )
    story.tell(RepositoryCreated(story.now, code.name, tuple(code.mainline)))
    yield from ()


def beginning(story: Story, service: Service) -> Process:
    """A service begins: work arrives, rollouts start, and now and then something is wrong."""
    now = story.now
    story.start(work_arrives(story, service, now), now)
    story.start(issues_arrive(story, service, now), now)
    story.start(deliver(story, service, now), now)
    story.start(incidents_from_outside(story, service, now), now)
    yield from ()
