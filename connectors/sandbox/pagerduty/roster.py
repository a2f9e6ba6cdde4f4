"""Who is in which team and who is on call: weekly turns in each team, with one person behind them."""

from connectors.sandbox.events import Event, PersonJoined, PersonLeft, PersonMovedTeam, TeamFormed
from connectors.sandbox.working_time import DAY

WEEK = 7 * DAY
_MONDAY = 4 * DAY  # the epoch began on a Thursday


class Roster:
    """Teams and their people, moved on by events in their order."""

    def __init__(self) -> None:
        self.members: dict[str, list[str]] = {}
        self.joined_at: dict[str, int] = {}

    def take(self, event: Event) -> None:
        """Let one event change the roster; most events do not."""
        match event:
            case TeamFormed(team=team):
                self.members.setdefault(team, [])
            case PersonJoined(login=login, team=str(team)):
                self.members[team].append(login)
                self.joined_at[login] = event.at
            case PersonMovedTeam(login=login, from_team=old, to_team=new):
                self.members[old].remove(login)
                self.members[new].append(login)
            case PersonLeft(login=login, team=team):
                self.members[team].remove(login)
                del self.joined_at[login]

    @property
    def people(self) -> list[str]:
        """Everybody with an account, in order of their names."""
        return sorted(self.joined_at)

    def on_call(self, team: str, at: int) -> str | None:
        """Whose week it is; None in a team without people."""
        members = self.members.get(team, ())
        return members[week_of(at) % len(members)] if members else None

    def behind(self, team: str) -> str | None:
        """Who is asked when the one on call does not answer; None in a team without people."""
        members = self.members.get(team, ())
        return members[0] if members else None


def week_of(at: int) -> int:
    """Number of the week, from Monday to Sunday in UTC."""
    return (at - _MONDAY) // WEEK


def week_starts_at(at: int) -> int:
    """The Monday before, midnight UTC, in epoch seconds."""
    return week_of(at) * WEEK + _MONDAY
