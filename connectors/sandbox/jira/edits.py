"""The edits that issues see, each with the changelog entry that Jira writes for it."""

from connectors.sandbox.jira.state import DONE, STATUSES, Issue, Item, JiraState, Project, Sprint

SPRINT_FIELD, POINTS_FIELD, RANK_FIELD = "customfield_10020", "customfield_10016", "customfield_10019"
RESOLUTIONS = {"completed": ("10000", "Done"), "not_planned": ("10001", "Won't Do")}


def item(
    field: str, *, field_id: str, before: tuple[str | None, str | None], after: tuple[str | None, str | None]
) -> Item:
    """One changed field, each side as its id and as people read it."""
    return {
        "field": field,
        "fieldtype": "custom" if field_id.startswith("customfield") else "jira",
        "fieldId": field_id,
        "from": before[0],
        "fromString": before[1],
        "to": after[0],
        "toString": after[1],
    }


def transition(
    state: JiraState, issue: Issue, at: int, *, to: str, author: str, reason: str = "completed"
) -> None:
    """Move an issue to another status; reaching or leaving the last one sets or clears the resolution."""
    if issue.status == to:
        return
    items = [
        item(
            "status",
            field_id="status",
            before=(issue.status, STATUSES[issue.status][0]),
            after=(to, STATUSES[to][0]),
        )
    ]
    issue.status, issue.status_since = to, at
    if (to == DONE) != (issue.resolution is not None):
        held = RESOLUTIONS[issue.resolution] if issue.resolution else (None, None)
        issue.resolution = reason if to == DONE else None
        issue.resolved_at = at if to == DONE else None
        given = RESOLUTIONS[reason] if to == DONE else (None, None)
        items.append(item("resolution", field_id="resolution", before=held, after=given))
    state.change(issue, at, author=author, items=items)


def assign(state: JiraState, issue: Issue, at: int, *, to: str) -> None:
    """Give an issue to somebody, who takes it."""
    if issue.assignee != to:
        items = [
            item("assignee", field_id="assignee", before=(issue.assignee, issue.assignee), after=(to, to))
        ]
        issue.assignee = to
        state.change(issue, at, author=to, items=items)


def estimate(state: JiraState, issue: Issue, at: int, *, points: float, author: str) -> None:
    """Set the points."""
    items = [item("Story Points", field_id=POINTS_FIELD, before=(None, None), after=(None, f"{points:g}"))]
    issue.points = points
    state.change(issue, at, author=author, items=items)


def plan(state: JiraState, issue: Issue, at: int, *, sprint: Sprint, author: str) -> None:
    """Put an issue into a sprint; the ones before stay listed, as in Jira."""
    if sprint.id in issue.sprints:
        return
    names = {row.id: row.name for row in state.planned_sprints}
    held, now = issue.sprints, (*issue.sprints, sprint.id)
    items = [
        item(
            "Sprint",
            field_id=SPRINT_FIELD,
            before=(", ".join(map(str, held)), ", ".join(names[each] for each in held)),
            after=(", ".join(map(str, now)), ", ".join(names[each] for each in now)),
        )
    ]
    issue.sprints = now
    state.change(issue, at, author=author, items=items)


def rank(state: JiraState, issue: Issue, at: int, *, author: str) -> None:
    """Drag an issue up in the backlog."""
    items = [item("Rank", field_id=RANK_FIELD, before=("", ""), after=("", "Ranked higher"))]
    issue.rank += 1
    state.change(issue, at, author=author, items=items)


def move(state: JiraState, issue: Issue, at: int, *, to: Project, author: str) -> None:
    """Move an issue to another project: the key changes, the id stays."""
    key = state.take_key(to)
    items = [
        item(
            "project",
            field_id="project",
            before=(str(issue.project.id), issue.project.name),
            after=(str(to.id), to.name),
        ),
        item("Key", field_id="Key", before=(None, issue.key), after=(None, key)),
    ]
    issue.project, issue.key, issue.components = to, key, ()
    state.change(issue, at, author=author, items=items)
