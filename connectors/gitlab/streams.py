"""Everything that is read from GitLab, declared: docs.gitlab.com/api, version 4.

What it costs: one request for a hundred records, and beside them one for each merge request whose branch
changed (its commits), one for each pipeline that changed (its details) and one for each pipeline that
changed after its jobs were listed (its jobs again). Lists of pipelines have neither start nor end nor who
started them, so the details cannot be spared; a workspace that leaves the stream out still has start and
end of every job.

Reviews come from the project's events: approvals and comments of all merge requests, a hundred a request.
The notes and approvals of each merge request would take a request or two for each.
"""

from datetime import datetime, timedelta

from connectors.gitlab import columns, records
from connectors.gitlab.group_streams import OWNERSHIP
from connectors.gitlab.pagers import NextPage, UpdatedPages
from connectors.http.instants import text_of
from connectors.http.pagers import SinglePage
from connectors.http.questions import Item, SourceTotal
from connectors.http.streams import HttpStream, Reading, Windows
from connectors.streams import Enumeration, Mode, PersonalData

_DOCS = "https://docs.gitlab.com/api/"
_PEOPLE = (PersonalData.ACCOUNT, PersonalData.NAME)
_TEXT = (*_PEOPLE, PersonalData.FREE_TEXT)
_GIT = (*_TEXT, PersonalData.EMAIL)
_TOTAL = "header:x-total"
_MAX_COUNTED = 10_000
_TICK = timedelta(microseconds=1)
_ALL_OF_IT = timedelta(days=7305)
_FIRST = datetime.fromisoformat("2011-10-01T00:00:00Z")  # GitLab's first month: nothing is older


def _updated(start: datetime, end: datetime) -> dict[str, str]:
    return {"updated_after": text_of(start), "updated_before": text_of(end)}


def _created_on(start: datetime, end: datetime) -> dict[str, str]:
    """Days around the window: both bounds of the events API are dates that it leaves out."""
    day = timedelta(days=1)
    return {"after": (start.date() - day).isoformat(), "before": (end + day - _TICK).date().isoformat()}


UPDATES = Windows(
    parameters=_updated,
    longest=_ALL_OF_IT,
    overlap=timedelta(minutes=10),
    first=_FIRST,
)
"""Windows of last updates. Pages go on from the last update seen, so no length is too long."""

DAYS = Windows(
    parameters=_created_on,
    longest=_ALL_OF_IT,
    overlap=timedelta(hours=1),
    alignment=timedelta(hours=1),
    first=_FIRST,
    max_results=_MAX_COUNTED,
)
"""Windows of events. GitLab counts and links 10,000 of them at most (`events_finder.rb`), then just ends."""

_BY_UPDATE = (("order_by", "updated_at"), ("sort", "asc"))

PIPELINE_JOBS = HttpStream(
    name="jobs",
    title="Jobs",
    description="A job of a pipeline, retried ones included.",
    mode=Mode.UPSERT,
    keys=("id",),
    path="/projects/{scope}/pipelines/{parent_key}/jobs",
    scope_safe="",
    parameters=(("include_retried", "true"),),
    reading=Reading.PER_PARENT,
    pager=NextPage(),
    record=records.Job,
    documentation=_DOCS + "jobs/#list-all-jobs-for-a-pipeline",
)
"""How the jobs of a pipeline are read that changed after they were listed."""

_IN_PROJECT = "/projects/{project_path}"


def _counted(path: str, *parameters: tuple[str, str], created_column: str | None = None) -> SourceTotal:
    """The total that GitLab tells in a header of a page of one record, up to 10,000."""
    is_exact = created_column is not None
    return SourceTotal(
        path="/projects/{scope}" + path,
        parameters=(*parameters, ("updated_after", "{since}"), ("per_page", "1")),
        at=_TOTAL,
        scope_column="project_path",
        created_column=created_column,
        since="{day}T00:00:00Z",
        cap=_MAX_COUNTED,
        tolerance=0 if is_exact else 1,
        tolerance_percent=0.0 if is_exact else 1.0,
    )


STREAMS: tuple[HttpStream, ...] = (
    *OWNERSHIP,
    HttpStream(
        name="merge_requests",
        title="Merge requests",
        description="A merge request in its newest version.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/projects/{scope}/merge_requests",
        scope_safe="",
        parameters=(("scope", "all"), ("state", "all"), *_BY_UPDATE),
        reading=Reading.WINDOWS,
        windows=UPDATES,
        is_windowed=True,
        pager=UpdatedPages(),
        record=records.MergeRequest,
        total=_TOTAL,
        updated_at="$.updated_at",
        accounts=(
            columns.person("author", "$.author"),
            columns.person("merger", "$.merge_user"),
            columns.person("reviewer", "$.reviewers[*]"),
        ),
        account_paths=("$.assignee", "$.assignees[*]", "$.merged_by", "$.closed_by"),
        personal_data=_TEXT,
        item=Item(path=_IN_PROJECT + "/merge_requests/{number}", unversioned=("labels", "is_hotfix_label")),
        source_total=_counted(
            "/merge_requests",
            ("scope", "all"),
            ("state", "all"),
            ("created_before", "{until}"),
            created_column="created_at",
        ),
        enumerations=(Enumeration("$.state", ("opened", "closed", "locked", "merged")),),
        documentation=_DOCS + "merge_requests/#list-project-merge-requests",
    ),
    HttpStream(
        name="merge_request_commits",
        title="Merge request commits",
        description="A commit of a merge request as its branch is now.",
        mode=Mode.REPLACE_SET,
        keys=("@scope", "@parent_key", "id"),
        parent="merge_requests",
        path="/projects/{scope}/merge_requests/{parent_key}/commits",
        scope_safe="",
        reading=Reading.PER_PARENT,
        pager=NextPage(),
        is_conditional=True,
        columns=columns.COMMITS,
        accounts=(columns.author("author", "author"), columns.author("committer", "committer")),
        personal_data=_GIT,
        documentation=_DOCS + "merge_requests/#retrieve-merge-request-commits",
    ),
    HttpStream(
        name="events",
        title="Events",
        description="An approval, a comment, a push or another event of a project; GitLab keeps three years.",
        mode=Mode.APPEND,
        keys=("id",),
        path="/projects/{scope}/events",
        scope_safe="",
        parameters=(("sort", "asc"),),
        reading=Reading.WINDOWS,
        windows=DAYS,
        is_windowed=True,
        pager=NextPage(),
        total=_TOTAL,
        columns=columns.EVENTS,
        accounts=(columns.person("actor", "$.author"),),
        account_paths=("$.note.author", "$.note.resolved_by"),
        personal_data=_TEXT,
        documentation=_DOCS + "events/#list-all-visible-events-for-a-project",
    ),
    HttpStream(
        name="pipelines",
        title="Pipelines",
        description="A pipeline in its newest version; child pipelines are a stream of their own.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/projects/{scope}/pipelines",
        scope_safe="",
        parameters=_BY_UPDATE,
        reading=Reading.WINDOWS,
        windows=UPDATES,
        is_windowed=True,
        pager=UpdatedPages(),
        record=records.Pipeline,
        total=_TOTAL,
        updated_at="$.updated_at",
        columns=columns.PIPELINES,
        personal_data=(PersonalData.FREE_TEXT,),
        item=Item(path=_IN_PROJECT + "/pipelines/{pipeline_id}"),
        source_total=_counted("/pipelines"),
        documentation=_DOCS + "pipelines/#list-project-pipelines",
    ),
    HttpStream(
        name="pipeline_details",
        title="Pipeline details",
        description="A pipeline with start, end and who started it, which lists of pipelines leave out.",
        mode=Mode.UPSERT,
        keys=("id",),
        parent="pipelines",
        path="/projects/{scope}/pipelines/{parent_key}",
        scope_safe="",
        reading=Reading.PER_PARENT,
        pager=SinglePage(),
        is_single=True,
        updated_at="$.updated_at",
        columns=columns.PIPELINE_DETAILS,
        accounts=(columns.person("actor", "$.user"),),
        personal_data=_TEXT,
        item=Item(path=_IN_PROJECT + "/pipelines/{pipeline_id}"),
        documentation=_DOCS + "pipelines/#retrieve-a-pipeline",
    ),
    HttpStream(
        name="child_pipelines",
        title="Child pipelines",
        description="A pipeline that another one started, which the list of pipelines leaves out.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/projects/{scope}/pipelines",
        scope_safe="",
        parameters=(("source", "parent_pipeline"), *_BY_UPDATE),
        reading=Reading.WINDOWS,
        windows=UPDATES,
        is_windowed=True,
        pager=UpdatedPages(),
        record=records.Pipeline,
        total=_TOTAL,
        updated_at="$.updated_at",
        columns=columns.PIPELINES,
        personal_data=(PersonalData.FREE_TEXT,),
        item=Item(path=_IN_PROJECT + "/pipelines/{pipeline_id}"),
        documentation=_DOCS + "pipelines/#list-project-pipelines",
    ),
    HttpStream(
        name="jobs",
        title="Jobs",
        description="A job of a pipeline or of a child pipeline, retried ones included.",
        mode=Mode.UPSERT,
        keys=("id",),
        parent="pipelines",
        path="/projects/{scope}/jobs",
        scope_safe="",
        parameters=(("pagination", "keyset"), ("order_by", "id"), ("sort", "desc")),
        reading=Reading.OWN,
        pager=NextPage(),
        record=records.Job,
        is_conditional=True,
        columns=columns.JOBS,
        accounts=(columns.person("actor", "$.user"),),
        personal_data=_GIT,
        item=Item(path=_IN_PROJECT + "/jobs/{job_id}"),
        documentation=_DOCS + "jobs/#list-all-jobs-for-a-project",
    ),
    HttpStream(
        name="deployments",
        title="Deployments",
        description="A deployment of a commit to an environment, with the job that did it.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/projects/{scope}/deployments",
        scope_safe="",
        parameters=_BY_UPDATE,
        reading=Reading.WINDOWS,
        windows=UPDATES,
        is_windowed=True,
        pager=UpdatedPages(),
        total=_TOTAL,
        updated_at="$.updated_at",
        columns=columns.DEPLOYMENTS,
        accounts=(columns.person("creator", "$.user"),),
        account_paths=("$.deployable.user", "$.approvals[*].user"),
        personal_data=_GIT,
        item=Item(
            path=_IN_PROJECT + "/deployments/{deployment_id}",
            unversioned=("environment", "job_started_at", "job_finished_at"),
        ),
        source_total=_counted("/deployments"),
        documentation=_DOCS + "deployments/#list-project-deployments",
    ),
    HttpStream(
        name="environments",
        title="Environments",
        description="An environment of a project, with its tier.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/projects/{scope}/environments",
        scope_safe="",
        reading=Reading.WHOLE,
        pager=NextPage(),
        total=_TOTAL,
        is_conditional=True,
        updated_at="$.updated_at",
        columns=columns.ENVIRONMENTS,
        item=Item(path=_IN_PROJECT + "/environments/{environment_id}"),
        documentation=_DOCS + "environments/#list-environments",
    ),
    HttpStream(
        name="releases",
        title="Releases",
        description="A release of a project.",
        mode=Mode.UPSERT,
        keys=("@scope", "tag_name"),
        path="/projects/{scope}/releases",
        scope_safe="",
        parameters=(("order_by", "created_at"), ("sort", "asc")),
        reading=Reading.WHOLE,
        pager=NextPage(),
        total=_TOTAL,
        is_conditional=True,
        columns=columns.RELEASES,
        accounts=(columns.person("author", "$.author"),),
        personal_data=_GIT,
        item=Item(path=_IN_PROJECT + "/releases/{tag_name}"),
        documentation=_DOCS + "releases/#list-releases",
    ),
    HttpStream(
        name="tags",
        title="Tags",
        description="A tag and the commit that it names; a project without a repository has none.",
        mode=Mode.REPLACE_SET,
        keys=("@scope", "name"),
        path="/projects/{scope}/repository/tags",
        optional_statuses=frozenset({404}),
        scope_safe="",
        parameters=(("order_by", "name"), ("sort", "asc")),
        reading=Reading.WHOLE,
        pager=NextPage(),
        total=_TOTAL,
        is_conditional=True,
        columns=columns.TAGS,
        personal_data=_GIT,
        documentation=_DOCS + "tags/#list-project-repository-tags",
    ),
)
