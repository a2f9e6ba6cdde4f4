"""What is read from a roster, declared."""

from connectors.files.documents import FILES
from connectors.files.streams import files_stream
from connectors.streams import Account, Column, Mode, PersonalData, Stream

NAMESPACE = "roster"
LEAVE_FILES = "leave_files"
"""Apart from the file of people, so that the collection register can allow one without the other."""

_DOCUMENTATION = "https://www.rfc-editor.org/rfc/rfc4180"

_PERSON = Account(role="person", path="$.person", namespace=NAMESPACE, name="name", email="email")
_LINE = Column(
    "line_number", "$.line", "integer", "Line of the file that the row begins on.", is_required=True
)

EMPLOYMENTS = Stream(
    name="employments",
    title="Employments",
    description="A period in which nothing about a person's employment changed.",
    mode=Mode.REPLACE_SET,
    keys=("$.person.id", "$.valid_from"),
    parent=FILES,
    columns=(
        Column("valid_from_date", "$.valid_from", "date", "First day of the period.", is_required=True),
        Column("valid_until_date", "$.valid_until", "date", "First day after it; empty while it lasts."),
        Column(
            "employment_from_date",
            "$.employment_from",
            "date",
            "First day of the employment.",
            is_required=True,
        ),
        Column(
            "employment_until_date",
            "$.employment_until",
            "date",
            "First day after the employment, if it ends.",
        ),
        Column("fte_ratio", "$.fte_ratio", "double", "Share of full time, from 0 to 1.", is_required=True),
        Column("level", "$.level", "varchar", "Level, as the roster calls it."),
        Column("site", "$.site", "varchar", "Place of work, as the roster calls it."),
        Column("team", "$.team", "varchar", "Team, as the roster calls it."),
        Column("working_calendar", "$.working_calendar", "varchar", "Name of the calendar of working days."),
        _LINE,
    ),
    accounts=(_PERSON, Account(role="manager", path="$.manager", namespace=NAMESPACE)),
    personal_data=(PersonalData.ACCOUNT, PersonalData.NAME, PersonalData.EMAIL, PersonalData.EMPLOYMENT),
    documentation=_DOCUMENTATION,
)
LEAVE = Stream(
    name="leave",
    title="Leave",
    description="A time in which a person is away; why is not known.",
    mode=Mode.REPLACE_SET,
    keys=("$.person.id", "$.from_date"),
    parent=LEAVE_FILES,
    columns=(
        Column("from_date", "$.from_date", "date", "First day away.", is_required=True),
        Column("until_date", "$.until_date", "date", "First day back.", is_required=True),
        _LINE,
    ),
    accounts=(Account(role="person", path="$.person", namespace=NAMESPACE),),
    personal_data=(PersonalData.ACCOUNT, PersonalData.ABSENCE),
    documentation=_DOCUMENTATION,
)
STREAMS: tuple[Stream, ...] = (
    files_stream(
        description="A part of the file of people as it was given.",
        personal_data=EMPLOYMENTS.personal_data,
        documentation=_DOCUMENTATION,
    ),
    EMPLOYMENTS,
    files_stream(
        name=LEAVE_FILES,
        description="A part of the file of leave as it was given.",
        personal_data=LEAVE.personal_data,
        documentation=_DOCUMENTATION,
    ),
    LEAVE,
)
