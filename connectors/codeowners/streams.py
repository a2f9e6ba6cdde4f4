"""What is read from CODEOWNERS files, declared."""

from connectors.files.documents import FILES
from connectors.files.streams import files_stream
from connectors.streams import Account, Column, Mode, PersonalData, Stream

NAMESPACE = "codeowners"
_DOCUMENTATION = "https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners"

_REPOSITORY = Column("repository", "@scope", "varchar", "Full name of the repository.")
_COMMIT = Column(
    "commit_sha",
    "$.commit",
    "varchar",
    "Commit of the branch from which on the file said this.",
    is_required=True,
)
_COMMITTED = Column(
    "committed_at", "$.committed_at", "timestamptz", "The committer's date of that commit.", is_required=True
)

VERSIONS = Stream(
    name="versions",
    title="Versions",
    description="A commit of the branch from which on another CODEOWNERS file, or none, is in force.",
    mode=Mode.REPLACE_SET,
    keys=("@scope", "$.commit"),
    parent=FILES,
    columns=(
        _REPOSITORY,
        _COMMIT,
        _COMMITTED,
        Column("path", "$.path", "varchar", "Where the file lies; empty where there is none any more."),
        Column("is_present", "$.is_present", "boolean", "Whether there is a file at all.", is_required=True),
        Column("rule_count", "$.rule_count", "integer", "Lines with a pattern.", is_required=True),
        Column(
            "invalid_count",
            "$.invalid_count",
            "integer",
            "Those that the host passes over.",
            is_required=True,
        ),
    ),
    documentation=_DOCUMENTATION,
)
RULES = Stream(
    name="rules",
    title="Rules",
    description="A line of a version of the file: of the valid ones, the last that matches a path counts.",
    mode=Mode.REPLACE_SET,
    keys=("@scope", "$.commit", "$.position"),
    parent=FILES,
    columns=(
        _REPOSITORY,
        _COMMIT,
        _COMMITTED,
        Column(
            "position",
            "$.position",
            "integer",
            "Place among the lines with a pattern, from 1.",
            is_required=True,
        ),
        Column("line_number", "$.line", "integer", "Line of the file.", is_required=True),
        Column("pattern", "$.pattern", "varchar", "Paths that it is about.", is_required=True),
        Column("team_slugs", "$.teams[*]", "varchar[]", "Teams that own them, as organisation/team."),
        Column("owner_roles", "$.roles[*]", "varchar[]", "Roles that own them, at GitLab."),
        Column("section", "$.section", "varchar", "Section that the line stands in, at GitLab."),
        Column("is_optional", "$.is_optional", "boolean", "Whether the section's owners need not approve."),
        Column("required_approvals", "$.required_approvals", "integer", "How many of them must approve."),
        Column("is_valid", "$.is_valid", "boolean", "Whether the host heeds the line.", is_required=True),
        Column("problem", "$.problem", "varchar", "Why not, in words without names."),
    ),
    accounts=(
        Account(role="owner", path="$.users[*]", namespace=NAMESPACE, login="login"),
        Account(role="addressed", path="$.emails[*]", namespace="git", email="email"),
    ),
    personal_data=(PersonalData.ACCOUNT, PersonalData.EMAIL),
    documentation=_DOCUMENTATION,
)
STREAMS: tuple[Stream, ...] = (
    files_stream(
        description="A version of a CODEOWNERS file as it was given.",
        personal_data=(PersonalData.ACCOUNT, PersonalData.EMAIL, PersonalData.FREE_TEXT),
        documentation=_DOCUMENTATION,
    ),
    VERSIONS,
    RULES,
)
