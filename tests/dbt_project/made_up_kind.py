"""A kind of source that nobody has, with every type of column, form of key, mode and shape of page."""

import json
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from connectors.kinds import Opening, Source, SourceKind
from connectors.settings import SourceSettings
from connectors.streams import Account, Column, Mode, Stream
from orchestration.staging_models import write_files
from orchestration.steps.staged_streams import StagedStream, staged_streams
from tests.dbt_project.warehouse import PROJECT, EvidenceBook, Warehouse

TICKETS = Stream(
    name="tickets",
    title="Tickets",
    description="A ticket of a project.",
    mode=Mode.UPSERT,
    keys=("id",),
    envelope="data.tickets",
    updated_at="$.fields.updated",
    columns=(
        Column("ticket_id", "$.id", "bigint", "Id of the ticket.", is_required=True),
        Column("project_key", "@scope", "varchar", "Key of the project."),
        Column("status_category", "$.fields.status.category.key", "varchar", "Category.", is_required=True),
        Column("estimate_count", "$.fields.estimate", "integer", "Estimate."),
        Column("score", "$.fields.score", "double", "Score; NaN where it has none."),
        Column("is_open", "$.fields.open", "boolean", "Whether it is open."),
        Column("due_date", "$.fields.due", "date", "Day it is due."),
        Column("created_at", "$.fields.created", "timestamptz", "When it was created."),
        Column("updated_at", "$.fields.updated", "timestamptz", "When it was changed."),
        Column("started_at", "$.fields.started", "epoch_seconds", "When work began."),
        Column("ended_at", "$.fields.ended", "epoch_milliseconds", "When work ended."),
        Column("labels", "$.fields.labels[*]", "varchar[]", "Labels."),
        Column("component_names", "$.fields.components[*].name", "varchar[]", "Names of the components."),
        Column("team_slugs", "$.fields.parts[*].teams[*].slug", "varchar[]", "Teams of its parts."),
        Column("sprint", "$.fields.sprint", "json", "The sprint as it is."),
        Column("sprint_id", "$.fields.sprint.id", "bigint", "Id of the sprint."),
        Column("first_value", "$.fields.pair[0]", "double", "First of a pair."),
    ),
    accounts=(
        Account(
            role="assignee",
            path="$.fields.assignee",
            namespace="tracker",
            id="accountId",
            login="login",
            name="displayName",
            email="emailAddress",
            type="accountType",
        ),
        Account(role="reporter", path="$.fields.reporter", namespace="tracker", id=""),
        Account(
            role="watcher",
            path="$.fields.watchers[*]",
            namespace="tracker",
            id="accountId",
            name="displayName",
        ),
    ),
)
READINGS = Stream(
    name="readings",
    title="Readings",
    description="A reading of a gauge at an instant.",
    mode=Mode.UPSERT,
    keys=("@scope", "gauge.name", "at"),
    envelope="readings",
    columns=(
        Column("site", "@scope", "varchar", "The site."),
        Column("gauge_name", "$.gauge.name", "varchar", "The gauge."),
        Column("read_at", "$.at", "epoch_seconds", "When it was read."),
        Column("value", "$.value", "double", "What it said."),
    ),
)
ENTRIES = Stream(
    name="entries",
    title="Entries",
    description="An entry in the log of a ticket.",
    mode=Mode.APPEND,
    keys=("@parent_key", "number"),
    parent="tickets",
    parent_key="id",
    columns=(
        Column("ticket_id", "@parent_key", "bigint", "The ticket."),
        Column("number", "$.number", "integer", "Its number in the log."),
        Column("field_name", "$.field", "varchar", "What changed."),
    ),
    accounts=(
        Account(role="author", path="$.author", namespace="git", id="email", name="name", email="email"),
    ),
)
SEATS = Stream(
    name="seats",
    title="Seats",
    description="A seat in a project's team.",
    mode=Mode.REPLACE_SET,
    keys=("@scope", "@parent_key", "user.id"),
    parent="tickets",
    parent_key="id",
    envelope="seats",
    columns=(
        Column("project_key", "@scope", "varchar", "Key of the project."),
        Column("ticket_id", "@parent_key", "bigint", "The ticket."),
        Column("rank", "$.rank", "integer", "Rank of the seat."),
    ),
    accounts=(Account(role="holder", path="$.user", namespace="tracker", type="kind"),),
)
SITES = Stream(
    name="sites",
    title="Sites",
    description="A site; its page is the record.",
    mode=Mode.UPSERT,
    keys=("@scope",),
    columns=(
        Column("site", "@scope", "varchar", "The site."),
        Column("version", "$.version", "varchar", "Version of the software.", is_required=True),
    ),
)
MEMBERS = Stream(
    name="members",
    title="Members",
    description="A member of the organisation.",
    mode=Mode.UPSERT,
    keys=("id",),
    columns=(Column("organisation", "@scope", "varchar", "The organisation."),),
    accounts=(Account(role="member", path="$", namespace="tracker", login="login"),),
)
ODDITIES = Stream(
    name="oddities",
    title="Oddities",
    description="A record with odd keys.",
    mode=Mode.UPSERT,
    keys=("key",),
    columns=(
        Column("key_name", "$.key", "varchar", "Key in lower case."),
        Column("other_key", "$.Key", "varchar", "Another key, in upper case."),
        Column("slug", '$."acme.com/project slug"."a-b"', "varchar", "A key with dots, dashes and blanks."),
        Column("kept", "$.select.from.order", "bigint", "Keys that are words of SQL."),
        Column("flags", "$.Flags[*]", "varchar[]", "A list beside its like in lower case."),
        Column("other_flags", "$.flags", "json", "The like in lower case."),
    ),
)


class MadeUpSettings(SourceSettings):
    """What the kind is told: nothing."""

    kind: str = "tracker"


def _never_opened(_settings: Any, _opening: Opening) -> Source:
    raise NotImplementedError("nobody reads a source that nobody has")


def made_up_kind(*streams: Stream) -> SourceKind:
    """A kind with these streams; all of this module by default."""
    return SourceKind(
        name="tracker",
        title="Tracker",
        streams=streams or (TICKETS, READINGS, ENTRIES, SEATS, SITES, MEMBERS, ODDITIES),
        settings=MadeUpSettings,
        open=_never_opened,
    )


def bare_project() -> Path:
    """A dbt project with the macros and without the models of any kind."""
    project = Path(mkdtemp(prefix="assay-made-up-"))
    settings = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())
    settings["models"]["assay"] = {
        name: each
        for name, each in settings["models"]["assay"].items()
        if name not in ("intermediate", "profiles", "marts")
    }
    staging_settings = settings["models"]["assay"]["staging"]
    settings["models"]["assay"]["staging"] = {
        name: each for name, each in staging_settings.items() if name.startswith("+")
    }
    (project / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    shutil.copyfile(PROJECT / "profiles.yml", project / "profiles.yml")
    shutil.copytree(PROJECT / "macros" / "staging", project / "macros" / "staging")
    for name in ("data_tests.sql", "generate_schema_name.sql"):
        shutil.copyfile(PROJECT / "macros" / name, project / "macros" / name)
    staging = project / "models" / "staging"
    staging.mkdir(parents=True)
    for name in ("groups.yml", "sources.yml"):
        shutil.copyfile(PROJECT / "models" / name, project / "models" / name)
    for name in ("stg_unparsed_pages.sql", "stg_unparsed_pages.yml"):
        shutil.copyfile(PROJECT / "models" / "staging" / name, staging / name)
    return project


@cache
def made_up_project() -> Path:
    """The same with the generated models of the made-up kind."""
    project = bare_project()
    write_files(project, [made_up_kind()])
    return project


def made_up_streams() -> Sequence[StagedStream]:
    """The streams as staging reads them."""
    return staged_streams([made_up_kind()], made_up_project())


def made_up_book(root: Path) -> EvidenceBook:
    """Evidence of a source of the made-up kind."""
    return EvidenceBook(root, kinds={"tracker": "tracker"}, streams=made_up_streams(), count=_count_records)


def _count_records(stream: str, content: bytes) -> int:
    """Count as a connector would: without the help of the code under test."""
    envelopes = {"tickets": ("data", "tickets"), "readings": ("readings",), "seats": ("seats",)}
    try:
        held = json.loads(content)
        for key in envelopes.get(stream, ()):
            held = held[key]
    except (ValueError, KeyError, TypeError):
        return 0
    return len(held) if isinstance(held, list) else int(held is not None)


def made_up_warehouse(root: Path, **settings: Any) -> Warehouse:
    """A warehouse that the generated models build."""
    return Warehouse(root, project=made_up_project(), **settings)
