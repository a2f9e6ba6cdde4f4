"""An organisation that has an answer to every question of the documentation, published as analysts get it."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from orchestration.slos.rows import slo_tables
from publishing.analyst import build_analyst_database
from publishing.review import Review
from tests.dbt_project.ownership_stories import component, employed
from tests.dbt_project.slo_stories import HOUR, SAMPLES, SloStory, objective
from tests.dbt_project.stories import Told, at
from tests.dbt_project.test_metric_values import eventful
from tests.dbt_project.work_stories import WorkStory
from tests.shared import once, shared_folder

FILE = "analyst.duckdb"
_HOURS = 75 * 24


def published_file() -> Path:
    """The analysts' file over the organisation, made once in a run of the tests."""
    return Path(once("published_organisation", _publish))


def organisation() -> WorkStory:
    """Three services of two teams, one of them unowned, in May and June 2026."""
    story = WorkStory(coverage=("2026-01-01 00:00", "2026-06-20 00:00"))
    eventful(story)
    story.service("ledger")
    story.history(["l1", "l2"], on="acme/ledger", start="05-01 10:00")
    story.deployment(400, "l1", on="acme/ledger", start="05-02 10:00")
    story.deployment(401, "l2", on="acme/ledger", start="05-12 10:00")
    story.history(["l3"], on="acme/ledger", start="05-13 10:00")
    story.deployment(402, "l3", on="acme/ledger", start="05-13 12:00", state="failure")
    component(story, "search", "payments", "03-01 00:00")
    for number in range(1, 13):
        employed(story, f"p_{number}", ("payments", "discovery")[number % 2], "2026-01-01")
    _reviewed_changes(story)
    _work_items(story)
    _pages(story)
    _objectives(story)
    return story


def publish(told: Told, folder: Path) -> Path:
    """Write the marts of a told warehouse into a file, and publish that."""
    warehouse, target = folder / "warehouse.duckdb", folder / FILE
    con = told.con
    con.execute(f"attach '{warehouse}' as kept; create schema kept.marts")
    tables = con.execute(
        "select table_name from duckdb_tables() where database_name = 'assay' and schema_name = 'marts'"
    ).fetchall()
    for (name,) in sorted(tables):
        con.execute(f"create table kept.marts.{name} as from assay.marts.{name}")
    con.execute("detach kept")
    build_analyst_database(warehouse, target, review=Review((), (), {}, {}), checks=[])
    return target


def _publish() -> str:
    folder = shared_folder() / "published"
    folder.mkdir()
    return str(publish(organisation().build(), folder))


def _reviewed_changes(story: WorkStory) -> None:
    """A pull request a day in June, reviewed but for one, each deployed the next day."""
    after = "squashed"
    for day in range(1, 13):
        number, own, merge = 20 + day, f"own{day}", f"merge{day}"
        story.pull_request(
            number,
            opened=f"06-{day:02} 09:00",
            commits=[(own, f"06-{day:02} 08:00")],
            merged=f"06-{day:02} {12 + day % 3}:00",
            result=merge,
            mentioned_issues=[f"SHOP-{day}"] if day % 4 else [],
        )
        size = {"changed_file_count": 2, "added_line_count": 10 * day, "deleted_line_count": 3}
        item = {"item_type": "PullRequest", "repository": "acme/checkout", "number": number}
        story.stage("github__item_details", **item, **size)
        if day != 5:
            story.review(number, when=f"06-{day:02} 1{day % 2}:30")
        story.commit(merge, when=f"06-{day:02} {12 + day % 3}:00", after=[after])
        story.deployment(500 + day, merge, start=f"06-{day + 1:02} 10:00")
        after = merge
    story.run(1, "own7", when="06-07 08:30")
    story.run(2, "own9", when="06-09 08:10")
    story.incident(
        4, of="checkout", when="06-05 14:00", closed="06-05 20:00", referenced_deployment_ids=["504"]
    )


def _work_items(story: WorkStory) -> None:
    story.site()
    for number in range(1, 15):
        day = number + 4
        steps = [(f"05-{day:02} 09:00", 2), (f"05-{day + number % 4 + 1:02} {9 + number % 7:02}:00", 4)]
        if number == 3:
            steps += [("05-20 09:00", 2), ("05-21 09:00", 4)]
        if number == 4:
            steps = [("05-09 09:00", 4)]
        if number == 6:
            steps.insert(1, ("05-11 12:00", 3))
        story.work_item(number, when=f"05-{day - 2:02} 09:00", through=steps)
    for number in (20, 21):
        story.work_item(number, when="05-18 09:00", through=[("05-19 09:00", 2)])
    story.work_item(30, when="05-18 09:00", labels=["production-defect"])


def _pages(story: WorkStory) -> None:
    """Incidents of PagerDuty: three that people took on, one that is open."""
    for number, hour in enumerate((9, 11, 23, 14), start=1):
        when = f"06-{8 + number:02} {hour:02}:00"
        over = None if number == 4 else story.when(f"06-{9 + number:02} 03:{number}0")
        story.stage(
            "pagerduty__incidents",
            incident_id=f"P{number}",
            status="resolved" if over else "triggered",
            urgency="high",
            priority="P1",
            service_name="search",
            created_at=story.when(when),
            resolved_at=over,
        )
        story.stage(
            "pagerduty__log_entries",
            log_entry_id=f"R{number}",
            entry_type="acknowledge_log_entry",
            incident_id=f"P{number}",
            created_at=story.when(f"{when[:-2]}{number * 4:02}"),
        )


def _objectives(story: WorkStory) -> None:
    """An objective for each of two services, of which one is missed in May."""
    given = objective("bad", "total", slice_seconds=HOUR, target=Decimal("0.99"))
    signals = tuple(replace(signal, step_seconds=HOUR) for signal in given.signals)
    answers = replace(given, signals=signals)
    found = replace(answers, slo_id="finds", objective_id="finds", service_id="search", title="Search finds")
    found = replace(found, target=Decimal("0.999"))
    story.flow |= {name: table.to_pylist() for name, table in slo_tables([answers, found]).items()}
    samples = SloStory([])
    options = {"step": HOUR, "start": at("03-31 23:00")}
    samples.counter("total", [1000] * _HOURS, **options)
    samples.counter("bad", [8 if 900 <= hour < 1100 else 0 for hour in range(_HOURS)], **options)
    story.staged[SAMPLES] += [
        {**row, "cast_loss_count": 0} for table in samples.samples for row in table.to_pylist()
    ]
