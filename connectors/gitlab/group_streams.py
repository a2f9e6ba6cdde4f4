"""Groups, their members and their projects, declared: who owns what in GitLab."""

from connectors.gitlab import columns, records
from connectors.gitlab.pagers import NextPage
from connectors.http.pagers import SinglePage
from connectors.http.streams import HttpStream, Reading
from connectors.streams import Column, Mode, PersonalData

_DOCS = "https://docs.gitlab.com/api/"
_MEMBER = (PersonalData.ACCOUNT, PersonalData.NAME, PersonalData.EMAIL)
_TOTAL = "header:x-total"
_BY_ID = (("order_by", "id"), ("sort", "asc"))

PROJECT = HttpStream(
    name="projects",
    title="Projects",
    description="A project, as it is now.",
    mode=Mode.UPSERT,
    keys=("id",),
    path="/projects/{scope}",
    scope_safe="",
    reading=Reading.WHOLE,
    pager=SinglePage(),
    record=records.Project,
    is_single=True,
    named_by="path_with_namespace",
    is_conditional=True,
    columns=columns.PROJECTS,
    personal_data=(PersonalData.ACCOUNT, PersonalData.NAME, PersonalData.FREE_TEXT),
    documentation=_DOCS + "projects/#retrieve-a-project",
)
"""How projects are read that the settings list: one by one."""

OWNERSHIP: tuple[HttpStream, ...] = (
    HttpStream(
        name="groups",
        title="Groups",
        description="A group that the settings name.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/groups/{scope}",
        scope_safe="",
        parameters=(("with_projects", "false"),),
        reading=Reading.WHOLE,
        pager=SinglePage(),
        is_single=True,
        is_conditional=True,
        columns=columns.GROUPS,
        personal_data=(PersonalData.FREE_TEXT,),
        documentation=_DOCS + "groups/#retrieve-a-group",
    ),
    HttpStream(
        name="subgroups",
        title="Subgroups",
        description="A group below a named one, at any depth: GitLab's teams.",
        mode=Mode.REPLACE_SET,
        keys=("id",),
        path="/groups/{scope}/descendant_groups",
        scope_safe="",
        parameters=_BY_ID,
        reading=Reading.WHOLE,
        pager=NextPage(),
        record=records.Group,
        named_by="full_path",
        total=_TOTAL,
        is_conditional=True,
        columns=columns.GROUPS,
        personal_data=(PersonalData.FREE_TEXT,),
        documentation=_DOCS + "groups/#list-descendant-groups",
    ),
    HttpStream(
        name="group_members",
        title="Group members",
        description="A direct member of a named group.",
        mode=Mode.REPLACE_SET,
        keys=("@scope", "id"),
        path="/groups/{scope}/members",
        scope_safe="",
        reading=Reading.WHOLE,
        pager=NextPage(),
        total=_TOTAL,
        is_conditional=True,
        columns=(*columns.MEMBERS, Column("group_path", "@scope", "varchar", "The group.", is_required=True)),
        accounts=(columns.person("member", "$"), columns.person("creator", "$.created_by")),
        personal_data=_MEMBER,
        documentation=_DOCS + "group_members/#list-all-members-of-a-group",
    ),
    HttpStream(
        name="subgroup_members",
        title="Subgroup members",
        description="A direct member of a group below a named one.",
        mode=Mode.REPLACE_SET,
        keys=("@scope", "@parent_key", "id"),
        parent="subgroups",
        path="/groups/{parent_key}/members",
        reading=Reading.PER_CURRENT_PARENT,
        pager=NextPage(),
        total=_TOTAL,
        is_conditional=True,
        columns=(
            *columns.MEMBERS,
            Column("group_path", "@parent_key", "varchar", "Full path of the group.", is_required=True),
            Column("named_group_path", "@scope", "varchar", "The named group above it.", is_required=True),
        ),
        accounts=(columns.person("member", "$"), columns.person("creator", "$.created_by")),
        personal_data=_MEMBER,
        documentation=_DOCS + "group_members/#list-all-members-of-a-group",
    ),
    HttpStream(
        name="projects",
        title="Projects",
        description="A project of a group or of a group below it, as it is now.",
        mode=Mode.UPSERT,
        keys=("id",),
        path="/groups/{scope}/projects",
        scope_safe="",
        parameters=(("include_subgroups", "true"), ("with_shared", "false"), *_BY_ID),
        reading=Reading.OWN,
        pager=NextPage(),
        record=records.Project,
        named_by="path_with_namespace",
        total=_TOTAL,
        is_conditional=True,
        columns=columns.PROJECTS,
        personal_data=(PersonalData.ACCOUNT, PersonalData.NAME, PersonalData.FREE_TEXT),
        documentation=_DOCS + "groups/#list-projects",
    ),
)

GROUP_STREAMS = frozenset({"groups", "subgroups", "group_members", "subgroup_members"})
"""Streams whose scope is a group."""
