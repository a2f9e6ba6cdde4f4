"""What is read from a SCIM directory, declared: RFC 7643, sections 4.1 to 4.3.

A directory has no list of those who were deleted. So a listing is read whole, and the newest complete one is
everybody: who is deleted leaves the current set. Only the attributes that are used are asked for
(`attributes`, RFC 7644, section 3.9); telephone numbers and home addresses stay where they are.
"""

from dataclasses import replace

from connectors.http.streams import HttpStream, Reading
from connectors.scim.pagers import StartIndex
from connectors.scim.records import Resource
from connectors.streams import Account, Column, Mode, PersonalData

NAMESPACE = "scim"
DIRECTORY = "directory"
"""The one scope of a source."""

_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_EXTENSION = f'$."{_ENTERPRISE}"'
_USER_ATTRIBUTES = (
    "userName",
    "displayName",
    "emails",
    "active",
    "userType",
    "meta",
    *(
        f"{_ENTERPRISE}:{name}"
        for name in ("employeeNumber", "costCenter", "organization", "division", "department", "manager")
    ),
)
_CREATED = Column("created_at", "$.meta.created", "timestamptz", "When the directory made the entry.")

USERS = HttpStream(
    name="users",
    title="Users",
    description="A person in the directory.",
    mode=Mode.REPLACE_SET,
    keys=("$.id",),
    path="/Users",
    parameters=(("attributes", ",".join(_USER_ATTRIBUTES)),),
    reading=Reading.WHOLE,
    pager=StartIndex(),
    record=Resource,
    envelope="Resources",
    total="totalResults",
    updated_at="$.meta.lastModified",
    columns=(
        Column(
            "is_active",
            "$.active",
            "boolean",
            "Whether the account may be used; false once somebody has left.",
        ),
        Column(
            "user_type",
            "$.userType",
            "varchar",
            "What the directory calls the employment: Employee, Contractor.",
        ),
        Column("department", f"{_EXTENSION}.department", "varchar", "Department."),
        Column("division", f"{_EXTENSION}.division", "varchar", "Division."),
        Column("organization", f"{_EXTENSION}.organization", "varchar", "Organisation."),
        Column("cost_center", f"{_EXTENSION}.costCenter", "varchar", "Cost centre."),
        _CREATED,
    ),
    accounts=(
        Account(
            role="user",
            path="$",
            namespace=NAMESPACE,
            login="userName",
            name="displayName",
            email="emails[0].value",
        ),
        Account(role="employee", path=f"{_EXTENSION}.employeeNumber", namespace="roster", id=""),
        Account(role="manager", path=f"{_EXTENSION}.manager", namespace=NAMESPACE, id="value"),
    ),
    personal_data=(PersonalData.ACCOUNT, PersonalData.NAME, PersonalData.EMAIL, PersonalData.EMPLOYMENT),
    documentation="https://www.rfc-editor.org/rfc/rfc7643#section-4.1",
)
GROUPS = HttpStream(
    name="groups",
    title="Groups",
    description="A group with its members; those that are groups themselves have no person behind them.",
    mode=Mode.REPLACE_SET,
    keys=("$.id",),
    path="/Groups",
    parameters=(("attributes", "displayName,members,meta"),),
    reading=Reading.WHOLE,
    pager=StartIndex(),
    record=Resource,
    envelope="Resources",
    total="totalResults",
    updated_at="$.meta.lastModified",
    columns=(
        Column("group_id", "$.id", "varchar", "Id of the group.", is_required=True),
        Column("group_name", "$.displayName", "varchar", "Name of the group.", is_required=True),
        _CREATED,
    ),
    accounts=(Account(role="member", path="$.members[*]", namespace=NAMESPACE, id="value"),),
    personal_data=(PersonalData.ACCOUNT,),
    documentation="https://www.rfc-editor.org/rfc/rfc7643#section-4.2",
)
STREAMS: tuple[HttpStream, ...] = (USERS, GROUPS)


def with_pages_of(streams: tuple[HttpStream, ...], size: int) -> tuple[HttpStream, ...]:
    """The same streams, asked for in pages of a size."""
    return tuple(replace(stream, pager=StartIndex(size=size)) for stream in streams)
