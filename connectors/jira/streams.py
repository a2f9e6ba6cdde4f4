"""Everything that is read from Jira Cloud (REST v3) and Jira Software (agile 1.0), declared.

Data Center answers the same questions at other places: `deployments.py` says which. What it costs: one
request for a hundred issues (5,000 keys), one for the changelogs of up to a thousand changed issues, two for
a thousand changed worklogs, and a handful for everything that a site is made of.
"""

from datetime import timedelta

from connectors.http.pagers import SinglePage, Token
from connectors.http.questions import Goings, Item, SourceTotal
from connectors.http.streams import HttpStream, Reading, Windows
from connectors.jira import columns, records
from connectors.jira.jql import SITE, updated_in
from connectors.jira.pagers import BodyToken, ChangeFeed, UntilEmpty, UntilLast
from connectors.streams import Account, Enumeration, Mode, PersonalData

_DOCS = "https://developer.atlassian.com/cloud/jira/platform/rest/v3/"
_AGILE_DOCS = "https://developer.atlassian.com/cloud/jira/software/rest/"
_ACCOUNTS = (PersonalData.ACCOUNT, PersonalData.NAME)
_PEOPLE = (*_ACCOUNTS, PersonalData.EMAIL)
_TEXT = (*_PEOPLE, PersonalData.FREE_TEXT)

FIELDS_READ = (
    "summary,description,issuetype,project,status,statuscategorychangedate,resolution,resolutiondate,priority,"
    "labels,components,fixVersions,versions,issuelinks,parent,assignee,reporter,creator,created,updated,duedate,"
    "timeoriginalestimate,timespent"
)
"""Fields of issues, beside custom ones. Comments, attachments and worklogs are left where they are."""

UPDATES = Windows(
    parameters=updated_in(SITE, FIELDS_READ),
    longest=timedelta(days=10_957),
    overlap=timedelta(minutes=10),
)
"""Windows of last updates. The index of Cloud's search lags by seconds to minutes: hence the overlap."""

_DELETED_ISSUES = Goings("jira__current_issues", "issue_id", "is_deleted")

NAMED_ELSEWHERE = (
    "issue_key",
    "project_key",
    "issue_type_name",
    "status_name",
    "status_category_key",
    "resolution_name",
    "priority_name",
    "component_names",
    "fix_version_names",
    "linked_issue_keys",
    "causing_issue_keys",
    "custom_fields",
)
"""What issues have by name, key or option: renaming it changes them all, and none of their last updates."""

ISSUES_COUNTED = SourceTotal(
    path="/rest/api/3/search/approximate-count",
    body={"jql": 'project = "{scope}" AND created < {until_ms}{since}'},
    at="count",
    model="current_issues",
    where=(("is_deleted", False),),
    scope_column="project_key",
    created_column="created_at",
    listed_by=("projects", "project_key"),
    since=" AND updated >= {day_ms}",
    tolerance=1,
    tolerance_percent=1.0,
)
"""Cloud's count is approximate by its name; Data Center counts in its search."""


def somebody(role: str, path: str) -> tuple[Account, ...]:
    """Where somebody is named: by an account in Cloud, by a key in Data Center."""
    shared = {"path": path, "namespace": "jira", "name": "displayName", "email": "emailAddress"}
    return (
        Account(role=role, id="accountId", type="accountType", **shared),
        Account(role=f"{role}_user", id="key", login="name", **shared),
    )


STREAMS: tuple[HttpStream, ...] = (
    HttpStream(
        name="projects",
        title="Projects",
        description="A project, as it is now.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/rest/api/3/project/search",
        reading=Reading.WHOLE,
        pager=UntilLast(size=100),
        envelope="values",
        total="total",
        record=records.Project,
        named_by="key",
        columns=columns.PROJECTS,
        account_paths=("$.lead",),
        personal_data=_ACCOUNTS,
        item=Item(path="/rest/api/3/project/{project_id}"),
        documentation=_DOCS + "api-group-projects/#api-rest-api-3-project-search-get",
    ),
    HttpStream(
        name="fields",
        title="Fields",
        description="A field of issues, those that the site defined included.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/rest/api/3/field",
        reading=Reading.WHOLE,
        pager=SinglePage(),
        record=records.Field,
        named_by="described",
        columns=columns.FIELDS,
        documentation=_DOCS + "api-group-issue-fields/#api-rest-api-3-field-get",
    ),
    HttpStream(
        name="statuses",
        title="Statuses",
        description="A status with its category.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/rest/api/3/status",
        reading=Reading.WHOLE,
        pager=SinglePage(),
        columns=columns.STATUSES,
        item=Item(path="/rest/api/3/status/{status_id}"),
        documentation=_DOCS + "api-group-workflow-statuses/#api-rest-api-3-status-get",
    ),
    HttpStream(
        name="status_categories",
        title="Status categories",
        description="A status category: to do, in progress or done.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/rest/api/3/statuscategory",
        reading=Reading.WHOLE,
        pager=SinglePage(),
        columns=columns.STATUS_CATEGORIES,
        documentation=_DOCS + "api-group-workflow-status-categories/",
    ),
    HttpStream(
        name="issue_types",
        title="Issue types",
        description="An issue type.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/rest/api/3/issuetype",
        reading=Reading.WHOLE,
        pager=SinglePage(),
        columns=columns.ISSUE_TYPES,
        documentation=_DOCS + "api-group-issue-types/#api-rest-api-3-issuetype-get",
    ),
    HttpStream(
        name="users",
        title="Users",
        description="A user whom the site knows, those who left included; an erased one has no name.",
        mode=Mode.UPSERT,
        keys=("accountId",),
        path="/rest/api/3/users/search",
        reading=Reading.WHOLE,
        pager=UntilEmpty(),
        accounts=somebody("user", "$"),
        personal_data=_PEOPLE,
        enumerations=(Enumeration("$.accountType", ("atlassian", "app", "customer", "unknown")),),
        documentation=_DOCS + "api-group-users/#api-rest-api-3-users-search-get",
    ),
    HttpStream(
        name="versions",
        title="Versions",
        description="A version of a project.",
        mode=Mode.UPSERT,
        keys=("id",),
        parent="projects",
        path="/rest/api/3/project/{parent_key}/versions",
        reading=Reading.PER_CURRENT_PARENT,
        pager=SinglePage(),
        columns=columns.VERSIONS,
        item=Item(path="/rest/api/3/version/{version_id}"),
        documentation=_DOCS + "api-group-project-versions/",
    ),
    HttpStream(
        name="components",
        title="Components",
        description="A component of a project.",
        mode=Mode.UPSERT,
        keys=("id",),
        parent="projects",
        path="/rest/api/3/project/{parent_key}/components",
        reading=Reading.PER_CURRENT_PARENT,
        pager=SinglePage(),
        columns=columns.COMPONENTS,
        account_paths=("$.lead", "$.assignee", "$.realAssignee"),
        personal_data=_ACCOUNTS,
        item=Item(path="/rest/api/3/component/{component_id}"),
        documentation=_DOCS + "api-group-project-components/",
    ),
    HttpStream(
        name="issues",
        title="Issues",
        description="An issue in its newest version.",
        mode=Mode.UPSERT,
        keys=("id",),
        parent="fields",
        path="/rest/api/3/search/jql",
        parameters=(("maxResults", "100"),),
        reading=Reading.WINDOWS,
        windows=UPDATES,
        pager=Token(),
        envelope="issues",
        record=records.Issue,
        is_windowed=True,
        updated_at="fields.updated",
        accounts=(
            *somebody("assignee", "$.fields.assignee"),
            *somebody("reporter", "$.fields.reporter"),
            *somebody("creator", "$.fields.creator"),
        ),
        personal_data=_TEXT,
        item=Item(
            path="/rest/api/3/issue/{issue_id}",
            parameters=(("fields", FIELDS_READ),),
            unversioned=NAMED_ELSEWHERE,
            goings=(_DELETED_ISSUES,),
        ),
        source_total=ISSUES_COUNTED,
        documentation=_DOCS + "api-group-issue-search/#api-rest-api-3-search-jql-get",
    ),
    HttpStream(
        name="issue_keys",
        title="Issue keys",
        description="An issue that a project has now, by id and key: what is missing was moved or deleted.",
        mode=Mode.REPLACE_SET,
        keys=("@scope", "id"),
        parent="projects",
        path="/rest/api/3/search/jql",
        parameters=(("fields", "key"), ("maxResults", "5000")),
        reading=Reading.OWN,
        pager=Token(),
        envelope="issues",
        columns=columns.ISSUE_KEYS,
        documentation=_DOCS + "api-group-issue-search/#api-rest-api-3-search-jql-get",
    ),
    HttpStream(
        name="changelogs",
        title="Changelogs",
        description="The changes of an issue on one page of Cloud's bulk endpoint.",
        mode=Mode.APPEND,
        keys=("issueId",),
        parent="issues",
        path="/rest/api/3/changelog/bulkfetch",
        method="POST",
        body={"maxResults": 10_000},
        reading=Reading.OWN,
        pager=BodyToken(),
        envelope="issueChangeLogs",
        accounts=somebody("author", "$.changeHistories[*].author"),
        personal_data=_TEXT,
        documentation=_DOCS + "api-group-issues/#api-rest-api-3-changelog-bulkfetch-post",
    ),
    HttpStream(
        name="histories",
        title="Histories",
        description="An issue with all its changes, as Data Center's search expands it.",
        mode=Mode.APPEND,
        keys=("id",),
        parent="projects",
        path="/rest/api/2/search",
        parameters=(("expand", "changelog"),),
        reading=Reading.OWN,
        windows=UPDATES,
        envelope="issues",
        record=records.Issue,
        is_windowed=True,
        accounts=somebody("author", "$.changelog.histories[*].author"),
        personal_data=_TEXT,
        enumerations=(Enumeration("$.changelog.histories[*].items[*].fieldtype", ("jira", "custom")),),
        documentation="https://docs.atlassian.com/software/jira/docs/api/REST/9.17.0/#api/2/search-search",
    ),
    HttpStream(
        name="worklog_updates",
        title="Worklog updates",
        description="A worklog that was made or changed, by id.",
        mode=Mode.UPSERT,
        keys=("worklogId",),
        updated_at="updatedTime",
        updated_at_type="epoch_milliseconds",
        parent="issues",
        path="/rest/api/3/worklog/updated",
        reading=Reading.OWN,
        pager=ChangeFeed(),
        envelope="values",
        record=records.ChangedWorklog,
        columns=columns.WORKLOG_UPDATES,
        documentation=_DOCS + "api-group-issue-worklogs/#api-rest-api-3-worklog-updated-get",
    ),
    HttpStream(
        name="worklogs",
        title="Worklogs",
        description="Time that somebody logged on an issue, in its newest version.",
        mode=Mode.UPSERT,
        keys=("id",),
        parent="worklog_updates",
        updated_at="updated",
        path="/rest/api/3/worklog/list",
        method="POST",
        reading=Reading.OWN,
        pager=SinglePage(),
        envelope="worklogs",
        accounts=somebody("author", "$.author"),
        account_paths=("$.updateAuthor",),
        personal_data=_TEXT,
        item=Item(
            path="/rest/api/3/issue/{issue_id}/worklog/{worklog_id}",
            goings=(_DELETED_ISSUES, Goings("jira__worklog_deletions", "worklog_id")),
        ),
        documentation=_DOCS + "api-group-issue-worklogs/#api-rest-api-3-worklog-list-post",
    ),
    HttpStream(
        name="worklog_deletions",
        title="Worklog deletions",
        description="A worklog that was deleted, by id.",
        mode=Mode.APPEND,
        keys=("worklogId",),
        parent="issues",
        path="/rest/api/3/worklog/deleted",
        reading=Reading.OWN,
        pager=ChangeFeed(),
        envelope="values",
        record=records.ChangedWorklog,
        columns=columns.WORKLOG_DELETIONS,
        documentation=_DOCS + "api-group-issue-worklogs/#api-rest-api-3-worklog-deleted-get",
    ),
    HttpStream(
        name="boards",
        title="Boards",
        description="A board, as it is now.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/rest/agile/1.0/board",
        reading=Reading.WHOLE,
        pager=UntilLast(size=50),
        envelope="values",
        total="total",
        record=records.Board,
        named_by="described",
        columns=columns.BOARDS,
        personal_data=_ACCOUNTS,
        item=Item(path="/rest/agile/1.0/board/{board_id}"),
        documentation=_AGILE_DOCS + "api-group-board/#api-rest-agile-1-0-board-get",
    ),
    HttpStream(
        name="sprints",
        title="Sprints",
        description="A sprint, as it is now.",
        mode=Mode.UPSERT,
        keys=("id",),
        parent="boards",
        path="/rest/agile/1.0/board/{parent_key}/sprint",
        reading=Reading.OWN,
        pager=UntilLast(size=50),
        envelope="values",
        optional_statuses=frozenset({400}),
        columns=columns.SPRINTS,
        item=Item(path="/rest/agile/1.0/sprint/{sprint_id}"),
        documentation=_AGILE_DOCS + "api-group-board/#api-rest-agile-1-0-board-boardid-sprint-get",
    ),
)
