"""What Data Center and single projects have elsewhere than the declarations say.

Streams that a deployment does not have are read as nothing: changelogs come in bulk from Cloud, histories
come with Data Center's search.
"""

from dataclasses import replace

from connectors.http.pagers import SinglePage
from connectors.http.streams import HttpStream, Reading
from connectors.jira.pagers import SteadyOffset, UntilLast
from connectors.jira.settings import JiraSettings
from connectors.jira.streams import ISSUES_COUNTED

_ISSUES_PAGE, _HISTORIES_PAGE, _KEYS_PAGE = 500, 100, 1000
"""Data Center gives a thousand issues a page, if its administrators leave `jira.search.views.default.max`."""

_SEARCHED = replace(
    ISSUES_COUNTED,
    path="/rest/api/2/search",
    parameters=(("jql", ISSUES_COUNTED.body["jql"]), ("maxResults", "0")) if ISSUES_COUNTED.body else (),
    body=None,
    at="total",
    tolerance=0,
    tolerance_percent=0.0,
)


def deployed(stream: HttpStream, settings: JiraSettings) -> HttpStream:
    """The stream as the settings' deployment and projects have it."""
    if settings.deployment == "data_center":
        stream = _in_data_center(stream)
    return _of_projects(stream, settings) if settings.projects else stream


def _in_data_center(stream: HttpStream) -> HttpStream:
    if stream.item is not None:
        own = stream.item.path.replace("/rest/api/3/", "/rest/api/2/")
        stream = replace(stream, item=replace(stream.item, path=own))
    if stream.name == "projects":
        return replace(stream, path="/rest/api/2/project", pager=SinglePage(), envelope=None, total=None)
    if stream.name == "users":
        everybody = (("username", "."), ("includeInactive", "true"))
        return replace(stream, path="/rest/api/2/user/search", parameters=everybody)
    if stream.name == "issues":
        pager = SteadyOffset(_ISSUES_PAGE)
        return replace(stream, path="/rest/api/2/search", parameters=(), pager=pager, source_total=_SEARCHED)
    if stream.name == "histories":
        return replace(stream, pager=SteadyOffset(_HISTORIES_PAGE))
    if stream.name == "issue_keys":
        pager = SteadyOffset(_KEYS_PAGE, order="key")
        return replace(stream, path="/rest/api/2/search", parameters=(("fields", "key"),), pager=pager)
    return replace(stream, path=stream.path.replace("/rest/api/3/", "/rest/api/2/"))


def _of_projects(stream: HttpStream, settings: JiraSettings) -> HttpStream:
    """Named projects are read one by one, and nothing of others comes along."""
    version = 2 if settings.deployment == "data_center" else 3
    if stream.name == "projects":
        path = f"/rest/api/{version}/project/{{scope}}"
        return replace(stream, path=path, pager=SinglePage(), envelope=None, total=None, is_single=True)
    if stream.name == "boards":
        return replace(stream, path=f"{stream.path}?projectKeyOrId={{scope}}")
    if stream.name == "worklogs":
        return replace(
            stream,
            parent="issues",
            path=f"/rest/api/{version}/issue/{{parent_key}}/worklog",
            method="GET",
            reading=Reading.PER_PARENT,
            pager=UntilLast(size=5000),
            total="total",
            optional_statuses=frozenset({404}),
        )
    return stream
