"""Pipeline run, job and deployment: the same notions from every source, whatever it calls them."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import md5
from typing import Any

import pytest

from tests.dbt_project.stories import CHECKOUT, Row, Story, Told, at, sha

GITHUB = {
    "queued": "queued", "requested": "queued", "pending": "queued", "in_progress": "running",
    "waiting": "blocked", "success": "success", "failure": "failure", "timed_out": "failure",
    "startup_failure": "failure", "cancelled": "cancelled", "stale": "cancelled", "skipped": "skipped",
    "neutral": "skipped", "action_required": "blocked",
}  # fmt: skip
GITHUB_DEPLOYMENTS = {
    "queued": "queued", "pending": "queued", "in_progress": "running", "success": "success",
    "failure": "failure", "error": "failure", "inactive": "cancelled", "waiting": "blocked",
}  # fmt: skip
GITLAB = {
    "created": "queued", "waiting_for_resource": "queued", "waiting_for_callback": "queued",
    "preparing": "queued", "pending": "queued", "scheduled": "queued", "running": "running",
    "canceling": "running", "success": "success", "failed": "failure", "canceled": "cancelled",
    "skipped": "skipped", "manual": "blocked",
}  # fmt: skip
GITLAB_DEPLOYMENTS = {
    "created": "queued", "running": "running", "success": "success", "failed": "failure",
    "canceled": "cancelled", "skipped": "skipped", "blocked": "blocked",
}  # fmt: skip
CIRCLECI_WORKFLOWS = {
    "success": "success", "running": "running", "not_run": "skipped", "failed": "failure",
    "error": "failure", "failing": "running", "on_hold": "blocked", "canceled": "cancelled",
    "unauthorized": "failure",
}  # fmt: skip
CIRCLECI_JOBS = {
    "success": "success", "running": "running", "not_run": "skipped", "failed": "failure",
    "retried": "cancelled", "queued": "queued", "not_running": "queued", "infrastructure_fail": "failure",
    "timedout": "failure", "on_hold": "blocked", "terminated-unknown": "cancelled", "blocked": "blocked",
    "canceled": "cancelled", "unauthorized": "failure",
}  # fmt: skip
CIRCLECI_PIPELINES = {
    "created": "skipped", "errored": "failure", "setup-pending": "queued", "setup": "queued",
    "pending": "queued",
}  # fmt: skip
JENKINS = {
    "SUCCESS": "success", "UNSTABLE": "failure", "FAILURE": "failure", "ABORTED": "cancelled",
    "NOT_BUILT": "skipped", None: "running",
}  # fmt: skip
JENKINS_STAGES = {
    "SUCCESS": "success", "UNSTABLE": "failure", "FAILED": "failure", "ABORTED": "cancelled",
    "NOT_EXECUTED": "skipped", "IN_PROGRESS": "running", "PAUSED_PENDING_INPUT": "blocked",
}  # fmt: skip
ARGOCD = {
    "Running": "running", "Terminating": "running", "Succeeded": "success", "Failed": "failure",
    "Error": "failure",
}  # fmt: skip
REPORTED = {"running": "running", "success": "success", "failure": "failure", "cancelled": "cancelled"}
NONSENSE = {"sideways": "unknown"}
START, END = "05-04 10:00", "05-04 10:30"
JOB_HASH = md5(b"delivery/production/checkout", usedforsecurity=False).hexdigest()[:12]
Stage = Callable[[Story, int, Any], None]


def github_run(story: Story, number: int, word: str) -> None:
    is_stage = word in ("queued", "requested", "pending", "in_progress", "waiting")
    status, conclusion = (word, None) if is_stage else ("completed", word)
    story.run(number, "a", when=START, end=END, status=status, conclusion=conclusion)


def github_job(story: Story, number: int, word: str) -> None:
    is_stage = word in ("queued", "requested", "pending", "in_progress", "waiting")
    status, conclusion = (word, None) if is_stage else ("completed", word)
    github = {"repository": CHECKOUT, "run_id": 1, "run_attempt": 1, "name": "test"}
    story.stage("github__workflow_jobs", job_id=number, status=status, conclusion=conclusion, **github)


def github_deployment(story: Story, number: int, word: str) -> None:
    story.deployment(number, "a", start=START, end=END, state=word)


def gitlab_pipeline(story: Story, number: int, word: str) -> None:
    lab = {"source": "lab", "project_path": CHECKOUT, "commit_sha": sha("a"), "trigger": "push"}
    story.stage("gitlab__pipelines", pipeline_id=number, status=word, created_at=at(START), **lab)
    story.stage(
        "gitlab__pipeline_details",
        source="lab",
        pipeline_id=number,
        started_at=at(START),
        finished_at=at(END),
    )


def gitlab_job(story: Story, number: int, word: str) -> None:
    lab = {"source": "lab", "pipeline_id": 1, "name": "test", "created_at": at(START)}
    story.stage("gitlab__jobs", job_id=number, status=word, finished_at=at(END), **lab)


def gitlab_deployment(story: Story, number: int, word: str, **more: Any) -> None:
    lab: Row = {
        "source": "lab",
        "project_path": CHECKOUT,
        "commit_sha": sha("a"),
        "environment_id": 1,
        "environment": "production",
        "job_name": "deploy",
        "created_at": at(START),
        "updated_at": at(END),
    }
    story.stage("gitlab__deployments", deployment_id=number, status=word, **lab | more)


def circleci_workflow(story: Story, number: int, word: str, **more: Any) -> None:
    circle: Row = {
        "source": "circle",
        "project_slug": f"gh/{CHECKOUT}",
        "pipeline_id": "p",
        "name": "deploy",
        "created_at": at(START) + timedelta(minutes=number),
        "stopped_at": at(END),
    }
    story.stage("circleci__workflows", workflow_id=str(number), status=word, **circle | more)


def circleci_job(story: Story, number: int, word: str) -> None:
    circle = {"source": "circle", "workflow_id": "1", "name": "test", "started_at": at(START)}
    story.stage("circleci__jobs", job_id=str(number), status=word, stopped_at=at(END), **circle)


def circleci_pipeline(story: Story, number: int, word: str) -> None:
    circle = {"source": "circle", "project_slug": f"gh/{CHECKOUT}", "created_at": at(START)}
    story.stage("circleci__pipelines", pipeline_id=f"p{number}", state=word, updated_at=at(END), **circle)


def jenkins_build(story: Story, number: int, word: str | None, **more: Any) -> None:
    ci: Row = {
        "source": "ci",
        "job_full_name": "delivery/production/checkout",
        "started_at": at(START),
        "finished_at": at(END) if word else None,
        "is_building": word is None,
        "commit_sha": sha("a"),
        "repository": f"git.example/{CHECKOUT}",
        "cause_classes": ["hudson.model.Cause$UserIdCause"],
    }
    story.stage("jenkins__builds", build_number=number, status=word, **ci | more)


def jenkins_stage(story: Story, number: int, word: str) -> None:
    if number == 1:
        jenkins_build(story, 1, "SUCCESS")
    ci = {"source": "ci", "job_full_name": "delivery/production/checkout", "build_number": 1}
    times = {"started_at": at(START), "duration_milliseconds": 60_000}
    story.stage("jenkins__stages", stage_id=str(number), stage_name="test", status=word, **ci, **times)


def argocd_operation(story: Story, number: int, word: str, **more: Any) -> None:
    argo: Row = {
        "source": "argo",
        "application_uid": f"u{number}",
        "application_name": "checkout",
        "environment": "production",
        "commit_sha": sha("a"),
        "revisions": ["4.1.0", sha("a")],
        "repositories": ["charts.example/web", f"git.example/{CHECKOUT}"],
        "started_at": at(START),
        "finished_at": at(END),
        "is_automated": True,
    }
    story.stage("argocd__applications__operations", status=word, **argo | more)


def reported(story: Story, number: int, word: str, **more: Any) -> None:
    report: Row = {
        "source": "hooks",
        "service": "checkout",
        "environment": "production",
        "commit_sha": sha("a"),
        "started_at": at(START),
        "finished_at": at(END),
    }
    story.stage("push__deployments", deployment_id=f"r{number}", status=word, **report | more)


def dropped(story: Story, number: int, word: str, **more: Any) -> None:
    row: Row = {
        "source": "drops",
        "drop_name": "rollouts",
        "service": "checkout",
        "environment": "production",
        "commit_sha": sha("a"),
        "started_at": at(START),
        "finished_at": at(END),
    }
    story.stage("drops__deployments", deployment_key=f"[{number}]", status=word, **row | more)


RUNS, JOBS, DEPLOYMENTS = "int_pipeline_runs", "int_pipeline_jobs", "int_environment_deployments"


def told(story: Story) -> Told:
    story.history("a", start="05-01 10:00")
    return story.build()


@pytest.mark.parametrize(
    ("table", "kind", "stage", "words"),
    [
        (RUNS, "github", github_run, GITHUB),
        (JOBS, "github", github_job, GITHUB),
        (DEPLOYMENTS, "github", github_deployment, GITHUB_DEPLOYMENTS),
        (RUNS, "gitlab", gitlab_pipeline, GITLAB),
        (JOBS, "gitlab", gitlab_job, GITLAB),
        (DEPLOYMENTS, "gitlab", gitlab_deployment, GITLAB_DEPLOYMENTS),
        (RUNS, "circleci", circleci_workflow, CIRCLECI_WORKFLOWS),
        (JOBS, "circleci", circleci_job, CIRCLECI_JOBS),
        (RUNS, "circleci", circleci_pipeline, CIRCLECI_PIPELINES),
        (RUNS, "jenkins", jenkins_build, JENKINS),
        (JOBS, "jenkins", jenkins_stage, JENKINS_STAGES),
        (RUNS, "argocd", argocd_operation, ARGOCD),
        (JOBS, "argocd", argocd_operation, ARGOCD),
        (DEPLOYMENTS, "argocd", argocd_operation, ARGOCD),
        (DEPLOYMENTS, "push", reported, REPORTED),
        (DEPLOYMENTS, "drops", dropped, REPORTED),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_word_that_a_vendor_documents_is_in_the_vocabulary(
    table: str, kind: str, stage: Stage, words: dict[Any, str]
) -> None:
    story, expected = Story(), words | NONSENSE
    for number, word in enumerate(expected, start=1):
        stage(story, number, word)
    rows = told(story).rows(
        f"select status, finished_at from intermediate.{table} where source_kind = $1 order by record_id",
        kind,
    )
    assert [row["status"] for row in rows] == list(expected.values())
    ends = {"success", "failure", "cancelled", "skipped"}
    if kind not in ("github", "jenkins"):
        assert {row["status"] for row in rows if row["finished_at"]} == ends & set(expected.values())


def test_runs_of_every_source_are_rows_of_one_fact() -> None:
    story = Story()
    story.service("checkout")
    story.run(1, "a", when=START, end=END)
    gitlab_pipeline(story, 7, "failed")
    gitlab_job(story, 8, "failed")
    circleci_pipeline(story, 1, "errored")
    circleci_workflow(story, 1, "on_hold")
    jenkins_build(story, 3, "UNSTABLE")
    argocd_operation(story, 1, "Succeeded")
    rows = told(story).all("marts.fct_ci_runs", "run_id")
    columns = ("run_status", "outcome", "status", "conclusion")
    assert {key: tuple(row[column] for column in columns) for key, row in rows.items()} == {
        "github:github:run:1": ("success", "success", "completed", "success"),
        "gitlab:lab:run:7": ("failure", "failure", "failed", "failed"),
        "circleci:circle:run:1": ("blocked", None, "on_hold", None),
        "circleci:circle:run:p1": ("failure", "failure", "errored", "errored"),
        f"jenkins:ci:run:{JOB_HASH}#3@{at(START).timestamp() * 1000:.0f}": (
            "failure", "failure", "UNSTABLE", "UNSTABLE",
        ),
    }  # fmt: skip
    assert {row["service_id"] for row in rows.values()} == {"checkout"}, "each names the repository"
    assert rows["gitlab:lab:run:7"]["job_count"] == 0, "its job belongs to another pipeline"
    assert rows["gitlab:lab:run:7"]["duration_seconds"] == 1800


def test_a_build_that_still_runs_has_no_end_though_its_result_is_there() -> None:
    story = Story()
    jenkins_build(story, 1, "FAILURE", is_building=True, finished_at=None)
    (run,) = told(story).rows("select * from intermediate.int_pipeline_runs")
    assert (run["status"], run["source_conclusion"], run["finished_at"]) == ("running", None, None)


def test_branches_stay_out_of_the_fact_where_jobs_of_jenkins_are_named_after_them() -> None:
    story = Story()
    multibranch = "org.jenkinsci.plugins.workflow.multibranch.WorkflowMultiBranchProject"
    story.stage("jenkins__jobs", source="ci", job_full_name="acme/shop", item_class=multibranch)
    jenkins_build(story, 1, "SUCCESS", job_full_name="acme/shop/jane%2Ffix", branch_name="jane/fix")
    jenkins_build(story, 1, "SUCCESS")
    found = told(story)
    (first, second) = found.rows("select * from marts.fct_ci_runs order by workflow_name")
    assert (first["workflow_name"], second["workflow_name"]) == ("acme/shop", "delivery/production/checkout")
    assert "jane" not in str(first)
    names = found.rows("select pipeline_name from intermediate.int_pipeline_runs order by all")
    assert names[0]["pipeline_name"] == "acme/shop/jane%2Ffix", "rules may read the branch"


def test_a_workflow_that_is_run_again_is_another_attempt() -> None:
    story = Story()
    for number, word in enumerate(("failed", "success"), start=1):
        circleci_workflow(story, number, word)
    rows = told(story).rows("select attempt, status from intermediate.int_pipeline_runs order by attempt")
    assert [tuple(row.values()) for row in rows] == [(1, "failure"), (2, "success")]


def test_a_synchronisation_in_the_history_is_one_deployment_with_the_operation_that_made_it() -> None:
    story = Story()
    argocd_operation(story, 1, "Succeeded")
    argocd_operation(story, 2, "Failed")
    argocd_operation(story, 3, "Succeeded", is_dry_run=True)
    argocd_operation(story, 4, "Succeeded", is_partial=True)
    entry = {
        "source": "argo",
        "application_name": "checkout",
        "environment": "production",
        "status": "Succeeded",
        "commit_sha": sha("a"),
        "revisions": [sha("a")],
        "repositories": [f"git.example/{CHECKOUT}"],
    }
    table = "argocd__applications__deployments"
    story.stage(table, application_uid="u1", history_id=4, started_at=at(START), finished_at=at(END), **entry)
    story.stage(table, application_uid="u1", history_id=0, started_at=None, finished_at=at(START), **entry)
    rows = told(story).all("intermediate.int_environment_deployments", "environment_deployment_id")
    started = f"{at(START).timestamp() * 1000:.0f}"
    assert {key: (row["status"], row["repository"]) for key, row in rows.items()} == {
        f"argocd:argo:deployment:u1@{started}": ("success", CHECKOUT),
        "argocd:argo:deployment:u1#0": ("success", CHECKOUT),
        f"argocd:argo:deployment:u2@{started}": ("failure", CHECKOUT),
    }


@pytest.mark.parametrize(
    ("settings", "stage", "part"),
    [
        ({"deployments_from": "gitlab"}, gitlab_deployment, "gitlab:lab:deployment:1"),
        (
            {"deployments_from": "gitlab", "task_pattern": "^deploy$"},
            gitlab_deployment,
            "gitlab:lab:deployment:1",
        ),
        ({"deployments_from": "argocd"}, argocd_operation, "argocd:argo:deployment:u1@"),
        (
            {"deployments_from": "argocd", "task_pattern": "^check"},
            argocd_operation,
            "argocd:argo:deployment:u1@",
        ),
        (
            {"deployments_from": "jenkins", "workflow_pattern": "^delivery/production/"},
            jenkins_build,
            f"jenkins:ci:run:{JOB_HASH}#1@",
        ),
        (
            {"deployments_from": "circleci", "workflow_pattern": "^deploy$"},
            circleci_workflow,
            "circleci:circle:run:1",
        ),
        ({"deployments_from": "reported"}, reported, "push:hooks:deployment:r1"),
        ({"deployments_from": "reported"}, dropped, "drops:drops:deployment:rollouts:[1]"),
    ],
)
def test_a_service_may_take_its_deployments_from_any_source(settings: Row, stage: Stage, part: str) -> None:
    story = Story()
    story.service("checkout", environment_pattern="^production$", **settings)
    story.service("other", CHECKOUT)
    words: dict[Stage, str] = {jenkins_build: "SUCCESS", argocd_operation: "Succeeded"}
    word = words.get(stage, "success")
    if stage is circleci_workflow:
        commit = {"source": "circle", "pipeline_id": "p", "commit_sha": sha("a")}
        story.stage("circleci__pipelines", project_slug=f"gh/{CHECKOUT}", state="created", **commit)
    stage(story, 1, word)
    (deployment,) = told(story).all("marts.fct_deployments", "deployment_id").values()
    assert deployment["deployment_id"].startswith(part)
    assert (deployment["service_id"], deployment["is_production"]) == ("checkout", True)
    assert (deployment["outcome"], deployment["finished_at"]) == ("success", at(END))
    assert deployment["commit_sha"] == sha("a")


def test_what_a_service_does_not_ask_for_is_no_deployment_of_its() -> None:
    story = Story()
    story.service("checkout", environment_pattern="^production$")
    for stage, word in (
        (gitlab_deployment, "success"),
        (argocd_operation, "Succeeded"),
        (reported, "success"),
    ):
        stage(story, 1, word)
    jenkins_build(story, 1, "SUCCESS")
    circleci_workflow(story, 1, "success")
    assert told(story).all("marts.fct_deployments", "deployment_id") == {}


def test_environments_that_are_not_production_and_other_ends_are_told_apart() -> None:
    story = Story()
    story.service("checkout", environment_pattern="^production$", deployments_from="gitlab")
    gitlab_deployment(story, 1, "success", environment="review/7", environment_id=2)
    gitlab_deployment(story, 2, "failed", commit_sha=sha("b"))
    gitlab_deployment(story, 3, "canceled", commit_sha=sha("c"))
    rows = told(story).all("marts.fct_deployments", "deployment_id").values()
    assert [(row["environment"], row["is_production"], row["outcome"]) for row in rows] == [
        ("review/7", False, "success"),
        ("production", True, "failed_rollout"),
    ]


def test_a_report_of_a_version_finds_the_commit_of_its_tag() -> None:
    story = Story()
    story.service("checkout", environment_pattern="^production$", deployments_from="reported")
    story.stage(
        "git__tags", repository=CHECKOUT, tag_name="v1", commit_sha=sha("a"), created_at=at("05-02 10:00")
    )
    reported(story, 1, "success", commit_sha=None, version="v1")
    (deployment,) = told(story).all("marts.fct_deployments", "deployment_id").values()
    assert deployment["commit_sha"] == sha("a")


def test_a_cdevent_of_a_service_is_a_deployment_in_both_of_its_modes() -> None:
    story = Story()
    story.service("checkout", environment_pattern="^production$", deployments_from="reported")
    kind, hooks = "dev.cdevents.service.deployed.0.2.0", {"source": "hooks", "received_at": at(END)}
    story.stage(
        "push__cdevents",
        delivery_id="1",
        event=kind,
        context_type=kind,
        subject_id="checkout",
        environment_id="production",
        occurred_at=at(START),
        **hooks,
    )
    story.stage(
        "push__cdevents",
        delivery_id="2",
        event=kind,
        structured_type=kind,
        structured_subject_id="checkout",
        structured_environment_id="staging",
        structured_at=at(START),
        **hooks,
    )
    story.stage("push__cdevents", delivery_id="3", event="dev.cdevents.build.started.0.2.0", **hooks)
    rows = told(story).all("marts.fct_deployments", "deployment_id").values()
    assert {(row["environment"], row["finished_at"]) for row in rows} == {
        ("production", at(START)),
        ("staging", at(START)),
    }
