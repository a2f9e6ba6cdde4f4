"""What is read from a Backstage catalog, declared."""

from connectors.files.documents import FILES
from connectors.files.streams import files_stream
from connectors.streams import Account, Column, Mode, PersonalData, Stream

NAMESPACE = "backstage"
_DOCUMENTATION = "https://backstage.io/docs/features/software-catalog/descriptor-format"


def _annotation(name: str, description: str) -> Column:
    return Column(name, f"$.{name}", "varchar", description)


ENTITIES = Stream(
    name="entities",
    title="Entities",
    description="A component, system, group or other entity of the catalog, people excepted.",
    mode=Mode.REPLACE_SET,
    keys=("@scope", "$.entity_ref"),
    parent=FILES,
    columns=(
        Column("repository", "@scope", "varchar", "Repository or folder that the file stands in."),
        Column("catalog_path", "$.path", "varchar", "Path of the file.", is_required=True),
        Column("line_number", "$.line", "integer", "Line that the entity begins on.", is_required=True),
        Column(
            "entity_ref", "$.entity_ref", "varchar", "kind:namespace/name, in lower case.", is_required=True
        ),
        Column(
            "entity_kind", "$.kind", "varchar", "component, system, group, resource, api, …", is_required=True
        ),
        Column("namespace", "$.namespace", "varchar", "Namespace, default where none is given."),
        Column("entity_name", "$.name", "varchar", "Name within kind and namespace."),
        Column("entity_type", "$.type", "varchar", "Type as the catalog calls it: service, library, team."),
        Column("lifecycle", "$.lifecycle", "varchar", "production, experimental, deprecated, …"),
        Column("owner_ref", "$.owner_ref", "varchar", "Group that owns it; empty where a person does."),
        Column("has_unread_owner", "$.has_unread_owner", "boolean", "Whether the owner is no reference."),
        Column("system_ref", "$.system_ref", "varchar", "System that it belongs to."),
        Column("domain_ref", "$.domain_ref", "varchar", "Domain that a system belongs to."),
        Column("part_of_ref", "$.part_of_ref", "varchar", "Component that it is a part of."),
        Column("parent_ref", "$.parent_ref", "varchar", "Group above a group."),
        Column("child_refs", "$.child_refs", "varchar[]", "Groups below a group."),
        _annotation("github_project_slug", "owner/name of its repository at GitHub."),
        _annotation("github_team_slug", "Team at GitHub."),
        _annotation("gitlab_project_slug", "Path of its project at GitLab."),
        _annotation("pagerduty_service_id", "Id of its service at PagerDuty."),
        _annotation("jira_project_key", "Key of its project in Jira."),
        _annotation("argocd_app_name", "Name of its application in Argo CD."),
        _annotation("circleci_project_slug", "Slug of its project at CircleCI."),
        _annotation("jenkins_job_full_name", "Full name of its job in Jenkins."),
    ),
    accounts=(
        Account(role="owner", path="$.owner", namespace=NAMESPACE, login="login"),
        Account(role="member", path="$.members[*]", namespace=NAMESPACE, login="login"),
    ),
    personal_data=(PersonalData.ACCOUNT,),
    documentation=_DOCUMENTATION,
)
USERS = Stream(
    name="users",
    title="Users",
    description="A person of the catalog, with the groups that the entry names.",
    mode=Mode.REPLACE_SET,
    keys=("@scope", "$.user.id"),
    parent=FILES,
    columns=(
        Column("repository", "@scope", "varchar", "Repository or folder that the file stands in."),
        Column("catalog_path", "$.path", "varchar", "Path of the file.", is_required=True),
        Column("line_number", "$.line", "integer", "Line that the entity begins on.", is_required=True),
        Column("group_refs", "$.groups", "varchar[]", "Groups that the person is a member of."),
    ),
    accounts=(
        Account(role="user", path="$.user", namespace=NAMESPACE, login="login", name="name", email="email"),
    ),
    personal_data=(PersonalData.ACCOUNT, PersonalData.NAME, PersonalData.EMAIL),
    documentation=_DOCUMENTATION,
)
STREAMS: tuple[Stream, ...] = (
    files_stream(
        description="A catalog file as it was given.",
        personal_data=(
            PersonalData.ACCOUNT,
            PersonalData.NAME,
            PersonalData.EMAIL,
            PersonalData.FREE_TEXT,
        ),
        documentation=_DOCUMENTATION,
    ),
    ENTITIES,
    USERS,
)
