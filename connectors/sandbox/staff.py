"""People and teams over time: who joins, moves and leaves, and what reorganisations change."""

from connectors.sandbox.company import Reorganisation
from connectors.sandbox.drawing import happens
from connectors.sandbox.events import (
    PersonJoined,
    PersonLeft,
    PersonMovedTeam,
    ReorganisationHappened,
    TeamFormed,
)
from connectors.sandbox.parameters import midnight
from connectors.sandbox.people import BOTS, WEB_FLOW
from connectors.sandbox.story import Process, Story
from connectors.sandbox.working_time import DAY

MOVES_PER_PERSON = 0.12
LEAVERS_PER_PERSON = 0.06
JOINERS_PER_PERSON = 0.06
GROWTH_TAKES = 4
FEWEST_MEMBERS = 4
LEAVES_FOR_GOOD = 5
"""Number of the person whose account is deleted."""


def opening(story: Story) -> Process:
    """The state of affairs when the story begins: teams, people, bots."""
    for period in sorted(story.company.teams, key=lambda row: (row.parent is not None, row.name)):
        is_there = midnight(period.from_day) <= story.now
        if is_there:
            story.tell(TeamFormed(story.now, period.name, period.parent))
            if period.parent is not None:
                story.members[period.name] = []
    for bot in BOTS:
        if bot != WEB_FLOW:
            story.tell(PersonJoined(story.now, bot.login, None))
    chance = story.chance("staff")
    span = story.parameters.ends_at - story.parameters.starts_at
    for number, (login, team) in enumerate(story.company.home_teams):
        if number == LEAVES_FOR_GOOD:
            story.start(farewell(story, login), story.now + int(span * 0.6))
        is_late = happens(chance, JOINERS_PER_PERSON)
        at = story.now + (chance.randrange(span) if is_late else 0)
        story.start(career(story, login, team, ends_at=at + span), at)
    yield from ()


def career(story: Story, login: str, team: str, *, ends_at: int) -> Process:
    """One person joins, may move to another team, may leave."""
    chance = story.chance(f"career/{login}")
    story.members[team].append(login)
    story.tell(PersonJoined(story.now, login, team))
    draw, left = chance.random(), ends_at - story.now
    yield story.now + 30 * DAY + chance.randrange(left)
    team = next((name for name, logins in story.members.items() if login in logins), "")
    if len(story.members.get(team, ())) < FEWEST_MEMBERS:
        return
    if draw < MOVES_PER_PERSON:
        others = [name for name in story.members if name != team]
        if others:
            move(story, login, team, chance.choice(others))
    elif draw < MOVES_PER_PERSON + LEAVERS_PER_PERSON:
        leave(story, login, team, is_account_deleted=happens(chance, 0.5))


def farewell(story: Story, login: str) -> Process:
    """One person always leaves and has the account deleted."""
    team = next((name for name, logins in story.members.items() if login in logins), None)
    if team is not None and len(story.members[team]) >= FEWEST_MEMBERS:
        leave(story, login, team, is_account_deleted=True)
    yield from ()


def leave(story: Story, login: str, team: str, *, is_account_deleted: bool) -> None:
    """A person leaves."""
    story.members[team].remove(login)
    story.tell(PersonLeft(story.now, login, team, is_account_deleted))


def move(story: Story, login: str, from_team: str, to_team: str) -> None:
    """A person changes teams."""
    story.members[from_team].remove(login)
    story.members[to_team].append(login)
    story.tell(PersonMovedTeam(story.now, login, from_team, to_team))


def reorganise(story: Story, plan: Reorganisation) -> Process:
    """Services and teams change hands; a new team takes people from those who owned its services."""
    story.tell(ReorganisationHappened(story.now, plan.title, plan.service_moves, plan.team_moves))
    for team, parent in plan.team_moves:
        if team in story.members:
            continue
        story.tell(TeamFormed(story.now, team, parent))
        story.members[team] = []
        for service in (service for service, owner in plan.service_moves if owner == team):
            giving = story.company.owner_at(service, story.now - 1)
            for login in story.members[giving][:2:-1]:
                if len(story.members[team]) < GROWTH_TAKES:
                    move(story, login, giving, team)
    yield from ()
