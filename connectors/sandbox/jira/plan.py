"""What is settled before the first event: projects, components, boards and sprints."""

from collections.abc import Sequence

from connectors.sandbox.company import INCIDENT_REPOSITORY, Company
from connectors.sandbox.jira.state import Board, Component, JiraState, Project, Sprint
from connectors.sandbox.people import BOTS, Person
from connectors.sandbox.working_time import DAY, weekday

SPRINT_DAYS = 14
FORMER_USER = "Former user"


def founded(company: Company) -> JiraState:
    """The empty site, a second before the story."""
    projects = {project.repository: project for project in projects_of(company)}
    components = [
        Component(40_000 + number, projects[service.repository].key, service.name)
        for number, service in enumerate(company.services, start=1)
    ]
    boards = tuple(boards_of(company, projects))
    return JiraState(
        at=(company.parameters.starts_at - 1) * 1000,
        projects=projects,
        components=tuple(components),
        boards=boards,
        planned_sprints=tuple(
            sprint for board in boards if board.kind == "scrum" for sprint in sprints_of(company, board)
        ),
        people=people_of(company),
    )


def projects_of(company: Company) -> list[Project]:
    """One project for each repository, with a key of its own."""
    made: list[Project] = []
    for number, repository in enumerate(company.repositories):
        name = repository.name.partition("/")[2]
        key = key_of(name, {project.key for project in made})
        lead = company.people[number % len(company.people)].login
        title = name.replace("-", " ").capitalize()
        made.append(Project(10_100 + number, key, title, lead, repository.name))
    return made


def key_of(name: str, taken: set[str]) -> str:
    """A key from a name: its first letters, with a number where they are taken."""
    words = name.upper().split("-")
    key = "".join(word[0] for word in words) if len(words) > 2 else "".join(word[:3] for word in words)  # noqa: PLR2004 - two words
    return next(
        each for each in (key, *(f"{key}{number}" for number in range(2, 10_000))) if each not in taken
    )


def boards_of(company: Company, projects: dict[str, Project]) -> Sequence[Board]:
    """A board for each team that ever owns a service, and one for the incidents."""
    teams = sorted({ownership.team for ownership in company.ownerships})
    homes = {
        ownership.team: projects[service.repository].key
        for service in reversed(company.services)
        for ownership in company.owners_of[service.name]
    }
    made = [
        Board(number, f"{team} board", "scrum", homes[team]) for number, team in enumerate(teams, start=1)
    ]
    return [*made, Board(len(made) + 1, "Incidents", "kanban", projects[INCIDENT_REPOSITORY].key)]


def sprints_of(company: Company, board: Board) -> list[Sprint]:
    """Two weeks each, from the Monday on or before the story's first day."""
    first = company.parameters.starts_at - weekday(company.parameters.starts_at) * DAY
    starts = range(first, company.parameters.ends_at + SPRINT_DAYS * DAY, SPRINT_DAYS * DAY)
    return [
        Sprint(
            id=board.id * 1000 + number,
            name=f"{board.name.removesuffix(' board').title()} {number}",
            board=board.id,
            starts_at=start * 1000,
            ends_at=(start + SPRINT_DAYS * DAY) * 1000,
        )
        for number, start in enumerate(starts, start=1)
    ]


def people_of(company: Company) -> dict[str, Person]:
    """Everybody who may have an account, by login."""
    return {person.login: person for person in (*company.people, *BOTS)}
