"""Everything that is read from CircleCI, declared: circleci.com/docs/api/v2.

What it costs: one request for twenty pipelines, one for each new pipeline (its workflows) and one for each
workflow (its jobs); the API lists neither of them otherwise. Pipelines whose workflows are not over, or that
are young enough to be run again, are asked about in every run.

A deployment is a workflow or a job whose name says so.
"""

from datetime import timedelta

from connectors.circleci import records
from connectors.http.pagers import SinglePage, Token
from connectors.http.questions import Item
from connectors.http.streams import HttpStream, Reading
from connectors.streams import Account, Column, Mode, PersonalData

_DOCS = "https://circleci.com/docs/api/v2/#operation/"
_PAGES = Token(path=("next_page_token",), parameter="page-token")
_SLUG = Column("project_slug", "@scope", "varchar", "Slug of the project.", is_required=True)


def _account(role: str, path: str) -> Account:
    """An account of which the record holds the id only."""
    return Account(role=role, path=path, namespace="circleci", id="")


STREAMS: tuple[HttpStream, ...] = (
    HttpStream(
        name="projects",
        title="Projects",
        description="A project, as it is now.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/project/{scope}",
        reading=Reading.WHOLE,
        pager=SinglePage(),
        is_single=True,
        columns=(
            _SLUG,
            Column("project_id", "$.id", "varchar", "Id of the project.", is_required=True),
            Column("organization_id", "$.organization_id", "varchar", "Id of the organisation."),
            Column("provider", "$.vcs_info.provider", "varchar", "Where the code lives: GitHub, Bitbucket."),
            Column("default_branch", "$.vcs_info.default_branch", "varchar", "Name of the default branch."),
        ),
        documentation=_DOCS + "getProjectBySlug",
    ),
    HttpStream(
        name="pipelines",
        title="Pipelines",
        description="A pipeline: what a push, a schedule or a call started.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/project/{scope}/pipeline",
        envelope="items",
        reading=Reading.CREATED_DESCENDING,
        created_overlap=timedelta(days=1),
        pager=_PAGES,
        record=records.Pipeline,
        updated_at="$.updated_at",
        columns=(
            _SLUG,
            Column("pipeline_id", "$.id", "varchar", "Id of the pipeline.", is_required=True),
            Column(
                "number", "$.number", "bigint", "Number of the pipeline in its project.", is_required=True
            ),
            Column(
                "state",
                "$.state",
                "varchar",
                "created once its workflows exist; errored without any.",
                values=("created", "errored", "setup-pending", "setup", "pending"),
            ),
            Column(
                "trigger", "$.trigger.type", "varchar", "What started it: webhook, api, scheduled_pipeline."
            ),
            Column("commit_sha", "$.vcs.revision", "varchar", "Hash of the commit that it ran for."),
            Column(
                "branch",
                "$.vcs.branch",
                "varchar",
                "Branch that it ran for; kept because only the branch tells a deploying run from a trial.",
            ),
            Column("tag", "$.vcs.tag", "varchar", "Tag that it ran for; empty for a branch."),
            Column("created_at", "$.created_at", "timestamptz", "When it started.", is_required=True),
            Column("updated_at", "$.updated_at", "timestamptz", "When its state last changed."),
        ),
        accounts=(
            Account(role="actor", path="$.trigger.actor", namespace="circleci", id="login", login="login"),
        ),
        personal_data=(PersonalData.ACCOUNT, PersonalData.FREE_TEXT),
        item=Item(path="/pipeline/{pipeline_id}"),
        documentation=_DOCS + "listPipelinesForProject",
    ),
    HttpStream(
        name="workflows",
        title="Workflows",
        description="A workflow of a pipeline; run again, it is another workflow.",
        mode=Mode.UPSERT,
        keys=("id",),
        parent="pipelines",
        path="/pipeline/{parent_key}/workflow",
        envelope="items",
        reading=Reading.PER_PARENT,
        pager=_PAGES,
        record=records.Workflow,
        columns=(
            _SLUG,
            Column("workflow_id", "$.id", "varchar", "Id of the workflow.", is_required=True),
            Column("pipeline_id", "$.pipeline_id", "varchar", "Id of its pipeline.", is_required=True),
            Column(
                "name",
                "$.name",
                "varchar",
                "Name of the workflow; tells those that deploy from the others.",
                is_required=True,
            ),
            Column(
                "status",
                "$.status",
                "varchar",
                "success, running, not_run, failed, error, failing, on_hold, canceled, unauthorized.",
            ),
            Column("tag", "$.tag", "varchar", "Setup or continuation, where configuration is dynamic."),
            Column("created_at", "$.created_at", "timestamptz", "When it started.", is_required=True),
            Column("stopped_at", "$.stopped_at", "timestamptz", "When it ended; empty while it runs."),
        ),
        accounts=(
            _account("starter", "$.started_by"),
            _account("canceler", "$.canceled_by"),
            _account("errorer", "$.errored_by"),
        ),
        personal_data=(PersonalData.ACCOUNT,),
        item=Item(path="/workflow/{workflow_id}"),
        documentation=_DOCS + "listWorkflowsByPipelineId",
    ),
    HttpStream(
        name="jobs",
        title="Jobs",
        description="A job of a workflow, or an approval that it waits for.",
        mode=Mode.REPLACE_SET,
        keys=("id",),
        parent="workflows",
        path="/workflow/{parent_key}/job",
        envelope="items",
        reading=Reading.PER_PARENT,
        pager=_PAGES,
        columns=(
            _SLUG,
            Column("workflow_id", "@parent_key", "varchar", "Id of its workflow.", is_required=True),
            Column("job_id", "$.id", "varchar", "Id of the job.", is_required=True),
            Column("job_number", "$.job_number", "bigint", "Number in the project; none for an approval."),
            Column(
                "name",
                "$.name",
                "varchar",
                "Name of the job; tells the jobs of a workflow apart, and deployments.",
                is_required=True,
            ),
            Column("type", "$.type", "varchar", "build or approval."),
            Column(
                "status",
                "$.status",
                "varchar",
                "success, running, not_run, failed, blocked, on_hold, canceled, timedout and others.",
            ),
            Column("started_at", "$.started_at", "timestamptz", "When it started."),
            Column("stopped_at", "$.stopped_at", "timestamptz", "When it ended; empty while it runs."),
        ),
        accounts=(_account("approver", "$.approved_by"), _account("canceler", "$.canceled_by")),
        personal_data=(PersonalData.ACCOUNT,),
        documentation=_DOCS + "listWorkflowJobs",
    ),
)
