"""What the site adds to an issue by itself: points, sprints, worklogs, long histories, moves, deletions."""

import hashlib
from collections.abc import Callable, Iterator
from functools import partial

from connectors.sandbox.jira import edits
from connectors.sandbox.jira.state import DONE, Issue, JiraState
from connectors.sandbox.working_time import DAY, HOUR, MINUTE

POINTS = (1.0, 2.0, 3.0, 5.0, 8.0)
CARRIED_OVER = 3
MANY_RANKS, MANY_WORKLOGS = 130, 26
"""More than a search embeds: it shows the newest 40 changes and the first 20 worklogs."""

Edit = Callable[[JiraState, Issue, int], None]


def of_issue(
    *, number: int, name: tuple[str, int], at: int, author: str, is_planned: bool
) -> Iterator[tuple[int, Edit]]:
    """The edits of one issue with their instants in epoch seconds.

    Args:
        number: How many issues were opened before it.
        name: Repository and number.
        at: When it was opened, in epoch seconds.
        author: Who opened it.
        is_planned: Whether it goes into sprints; incidents do not.
    """
    if is_planned and number % 5:
        yield at + HOUR, partial(_estimate, points=POINTS[lot(name) % len(POINTS)], author=author)
    if is_planned and number % 7:
        yield at + 2 * HOUR, partial(_plan, author=author)
        for round_ in range(1, CARRIED_OVER + 1):
            yield at + round_ * 14 * DAY, partial(_carry_over, author=author)
    if number % 3 == 0:
        yield from worklogs(number, name, at=at, author=author)
    if number % 11 == 4:  # noqa: PLR2004 - one in eleven
        yield from (
            (at + HOUR + 17 * MINUTE * turn, partial(edits.rank, author=author)) for turn in range(MANY_RANKS)
        )
    if number % 17 == 6:  # noqa: PLR2004 - one in seventeen
        yield at + 3 * DAY, partial(_move_on, author=author)
    if number % 13 == 8:  # noqa: PLR2004 - one in thirteen
        yield at + 4 * DAY, lambda state, issue, _: state.delete(issue)


def worklogs(number: int, name: tuple[str, int], *, at: int, author: str) -> Iterator[tuple[int, Edit]]:
    """Time logged on one issue, some of it corrected or taken back."""
    count = MANY_WORKLOGS if number % 9 == 0 else 1 + lot(name) % 3
    for turn in range(count):
        logged_at = at + 3 * HOUR * (turn + 1)
        yield logged_at, partial(_log_work, seconds=1800 * (1 + lot((name, turn)) % 8), author=author)
        if lot((name, turn, "edit")) % 11 == 0:
            yield logged_at + DAY, partial(_correct, turn=turn)
        if lot((name, turn, "delete")) % 13 == 0:
            yield logged_at + 2 * DAY, partial(_take_back, turn=turn)


def lot(of: object) -> int:
    """A number drawn for something, always the same."""
    return int.from_bytes(hashlib.blake2b(repr(of).encode(), digest_size=4).digest())


def _estimate(state: JiraState, issue: Issue, at: int, *, points: float, author: str) -> None:
    edits.estimate(state, issue, at, points=points, author=author)


def _plan(state: JiraState, issue: Issue, at: int, *, author: str) -> None:
    """Put the issue into the sprint that runs now, on the board of its project."""
    boards = [
        board.id for board in state.boards if board.kind == "scrum" and board.project == issue.project.key
    ]
    boards = boards or [state.boards[lot(issue.project.key) % (len(state.boards) - 1)].id]
    running = [
        row for row in state.planned_sprints if row.board == boards[0] and row.starts_at <= at < row.ends_at
    ]
    if running:
        edits.plan(state, issue, at, sprint=running[0], author=author)


def _carry_over(state: JiraState, issue: Issue, at: int, *, author: str) -> None:
    if issue.status != DONE and issue.sprints:
        _plan(state, issue, at, author=author)


def _move_on(state: JiraState, issue: Issue, at: int, *, author: str) -> None:
    projects = sorted(state.projects.values(), key=lambda project: project.id)
    following = projects[(projects.index(issue.project) + 1) % len(projects)]
    edits.move(state, issue, at, to=following, author=author)


def _log_work(state: JiraState, issue: Issue, at: int, *, seconds: int, author: str) -> None:
    state.log_work(issue, at, author=issue.assignee or author, seconds=seconds)


def _correct(state: JiraState, issue: Issue, at: int, *, turn: int) -> None:
    rows = sorted(issue.worklogs)
    if turn < len(rows):
        row = issue.worklogs[rows[turn]]
        row.seconds, row.updated_at = row.seconds + 900, at
        state.touch(issue, at)


def _take_back(state: JiraState, issue: Issue, at: int, *, turn: int) -> None:
    rows = sorted(issue.worklogs)
    if turn < len(rows):
        state.delete_worklog(issue, issue.worklogs[rows[turn]], at)
