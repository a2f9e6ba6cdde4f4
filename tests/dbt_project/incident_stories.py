"""Incidents told by PagerDuty and Jira, and what the warehouse links them to."""

from typing import Any

from tests.dbt_project.stories import Row, Told
from tests.dbt_project.work_stories import WorkStory

ISSUES = "acme/incidents"
CHECKOUT = "service:checkout"
MAY = "2026-05-01"
PAGED = "pagerduty:pagerduty:incident:"


def daily() -> WorkStory:
    """A service with daily deployments 1 to 3 of commits a to c, and one without any."""
    work = WorkStory()
    work.service("checkout", title="Checkout")
    work.service("search")
    work.site()
    after: tuple[str, ...] = ()
    for number, name in enumerate("abc", start=1):
        work.commit(name, when=f"05-0{number} 09:00", after=after)
        work.deployment(number, name, start=f"05-0{number} 10:00", end=f"05-0{number} 10:30")
        after = (name,)
    return work


def page(
    work: WorkStory, number: int, when: str = "05-03 12:00", *, of: str = "Checkout", **more: Any
) -> str:
    """An incident of PagerDuty, three hours long."""
    row: Row = {"incident_id": f"Q{number}", "incident_number": number, "urgency": "high", "priority": "P1"}
    row |= {"service_name": of, "created_at": work.when(when), "status": "triggered"}
    work.stage("pagerduty__incidents", **{**row, **more})
    return f"{PAGED}Q{number}"


def note(work: WorkStory, number: int, **names: list[str]) -> None:
    """What an entry of its log names."""
    row: Row = {"log_entry_id": f"R{work.records}", "incident_id": f"Q{number}"}
    nothing = ("referenced_deployment_ids", "mentioned_shas", "mentioned_issues", "referenced_tags")
    work.stage("pagerduty__log_entries__references", **row, **{**{name: [] for name in nothing}, **names})


def tracked(work: WorkStory, number: int, when: str = "05-03 12:00", **more: Any) -> str:
    """An incident of Jira."""
    given: Row = {"issue_type_name": "Incident", "priority_name": "High", "project": "OPS"}
    return work.work_item(number, when=when, **{**given, **more})


def pull_request(work: WorkStory, number: int = 7, **more: Any) -> None:
    """A squashed pull request that deployment 4 brings on the fourth."""
    work.pull_request(
        number,
        opened="05-04 09:00",
        commits=[("own", "05-04 08:00")],
        merged="05-04 09:30",
        result="squashed",
        **more,
    )
    work.commit("squashed", when="05-04 09:30", after=["c"])
    work.deployment(4, "squashed", start="05-04 10:00")


def links(told: Told) -> dict[tuple[str, int], tuple[str, str]]:
    rows = told.rows("select * from intermediate.int_incident_links")
    return {
        (row["incident_id"], int(row["deployment_id"].split(":")[3])): (row["link_strength"], row["rule"])
        for row in rows
    }


def incidents(told: Told) -> dict[str, Row]:
    return told.all("marts.fct_incidents", "incident_id")


def failed(told: Told) -> dict[int, str]:
    return {
        number: row["failure_link"] for number, row in told.deployments().items() if row["is_change_failure"]
    }


def recovery(told: Told, deployment: int) -> Row:
    (row,) = told.rows(
        "select * from marts.fct_change_failures where deployment_id = $1 and link_basis = 'any'",
        f"github:github:deployment:{deployment}",
    )
    return row
