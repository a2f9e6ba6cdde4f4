"""What is said about a staging model and about the pages that it reads."""

import json
from collections.abc import Iterable, Iterator

from connectors.kinds import SourceKind
from connectors.streams import Mode
from orchestration.staging_models.model_sql import COMMAND, generated_line, grain
from orchestration.staging_models.staged_stream_plan import SQL_TYPES, StagedAccount, StagedStreamPlan

_SOURCE = ("source", "varchar", "Name of the source in the settings.")
_ADDED = (
    ("record_id", "bigint", "Address of the record: log index of its page << 23 | its place in the page."),
    (
        "source_updated_at",
        "timestamptz",
        "When the source last changed the record, by its own clock; empty where it does not say.",
    ),
    (
        "cast_loss_count",
        "integer",
        "How many values of the record were there but could not be read as what they should be.",
    ),
)
_KEPT = {
    Mode.UPSERT: "In its newest version.",
    Mode.APPEND: "As it was first read: it never changes.",
    Mode.REPLACE_SET: "As the newest complete reading has it.",
}


def model_yml(plan: StagedStreamPlan) -> str:
    """Return the text of the file that describes the model."""
    description = f"{grain(plan)} {_KEPT[plan.stream.mode]}"
    lines = [
        generated_line("#", plan),
        "version: 2",
        "",
        "models:",
        f"  - name: {plan.model}",
        f"    description: {_quoted(description)}",
        "    config:",
        "      contract: {enforced: true}",
        "    data_tests:",
        "      - unique_together:",
        f"          arguments: {{columns: [{', '.join(('source', *plan.keys))}]}}",
        "    columns:",
        *_columns(plan),
    ]
    return "\n".join(lines) + "\n"


def sources_yml(kind: SourceKind) -> str:
    """Return the text of the file that declares the raw views of a kind, also of models written by hand."""
    lines = [
        f"# Written by `{COMMAND}` from the streams of connectors/{kind.name}.",
        "version: 2",
        "",
        "sources:",
        "  - name: raw",
        "    schema: raw",
        "    tables:",
    ]
    for stream in filter(lambda each: each.is_staged, kind.streams):
        table = f"{kind.name}__{stream.name}"
        sentence = f"One row per page of the {kind.name} stream {stream.name}"
        lines += [
            f"      - name: {table}",
            f"        description: {_quoted(sentence + '.')}",
            f"      - name: {table}__new",
            f"        description: {_quoted(sentence + ' that the last build has not read.')}",
        ]
    return "\n".join(lines) + "\n"


def _columns(plan: StagedStreamPlan) -> Iterator[str]:
    declared = [(column.name, SQL_TYPES[column.type], column.description) for column in plan.stream.columns]
    people = [each for account in plan.accounts for each in _account_columns(account)]
    for name, data_type, description in (_SOURCE, *declared, *people, *_ADDED):
        yield f"      - name: {name}"
        yield f"        data_type: {data_type}"
        yield f"        description: {_quoted(description)}"


def _account_columns(account: StagedAccount) -> Iterable[tuple[str, str, str]]:
    spoken = account.role.replace("_", " ")
    described = {
        f"{account.role}_tokens": f"Tokens of the accounts named as {spoken}, bots too, in their order.",
        f"{account.role}_token": f"Token of the account named as {spoken}; empty where there is none.",
        f"is_{account.role}_bot": f"Whether the account named as {spoken} is a bot by the vault's rules.",
    }
    return [(name, data_type, described[name]) for name, data_type in account.columns]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
