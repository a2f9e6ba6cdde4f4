"""The SQL of a staging model, as somebody would write it by hand for the same stream."""

import textwrap
from collections.abc import Iterable, Sequence

from connectors.streams import Mode
from orchestration.staging_models.record_shape import Structure
from orchestration.staging_models.staged_stream_plan import (
    UPDATED,
    StagedAccount,
    StagedStreamPlan,
    jinja,
    jinja_lists,
)

WIDTH = 120
COMMAND = "python -m orchestration.staging_models write"
_STRATEGIES = {
    Mode.UPSERT: ("newest_version", "newest"),
    Mode.APPEND: ("first_version", "first_seen"),
    Mode.REPLACE_SET: ("current_set", "set_members"),
}


def model_sql(plan: StagedStreamPlan) -> str:
    """Return the text of the model's file."""
    blocks = [
        "\n".join([generated_line("--", plan), *_wrapped_comment(grain(plan))]) + "\n" + _config(plan),
        _declarations(plan),
        ",\n\n".join(filter(None, ["with " + _records(plan), _versions(plan), _chosen(plan)])),
        _final_select(plan),
    ]
    return "\n\n".join(blocks) + "\n"


def generated_line(comment: str, plan: StagedStreamPlan) -> str:
    """Say where a generated file comes from, as a comment."""
    return f"{comment} Written by `{COMMAND}` from {plan.stream.name} in connectors/{plan.kind}."


def grain(plan: StagedStreamPlan) -> str:
    """Return the grain of the model: the declared description of a record."""
    description = plan.stream.description.strip()
    for article in ("A ", "An ", "The "):
        if description.startswith(article):
            return f"One row per {description.removeprefix(article)}"
    return f"One row per record: {description}"


def packed(items: Iterable[str], indent: int) -> str:
    """Put items into lines, as many as fit in each; the last one ends with a comma too."""
    lines, line = [], ""
    for item in items:
        if line and indent + len(line) + len(item) + 2 > WIDTH:
            lines.append(line)
            line = ""
        line += f"{' ' if line else ''}{item},"
    return "\n".join(" " * indent + each for each in [*lines, line] if each)


def _wrapped_comment(sentence: str) -> list[str]:
    return [f"-- {line}" for line in textwrap.wrap(sentence, WIDTH - 3, break_long_words=False)]


def _config(plan: StagedStreamPlan) -> str:
    strategy = _STRATEGIES[plan.stream.mode][0]
    keys = "[" + ", ".join(jinja(key) for key in ("source", *plan.keys)) + "]"
    line = f"{{{{ config(incremental_strategy='{strategy}', unique_key={keys}) }}}}"
    if len(line) <= WIDTH:
        return line
    return f"{{{{ config(\n    incremental_strategy='{strategy}',\n    unique_key={keys}\n) }}}}"


def _declarations(plan: StagedStreamPlan) -> str:
    columns = [
        f"    ({jinja(column.name)}, {jinja(column.expression)}, {jinja(column.type)}),"
        for column in plan.typed_columns
    ]
    return "\n".join(
        [
            f"{{% set structure = {_structure(plan.shape.structure, 0)} %}}",
            "{% set columns = [",
            *columns,
            "] %}",
        ]
    )


def _structure(structure: Structure, indent: int) -> str:
    """Write a structure in one line where it fits, else its entries in lines that are filled."""
    whole = _in_one_line(structure)
    if indent + len(whole) + 24 <= WIDTH or not isinstance(structure, dict):
        return whole
    entries: list[str] = []
    for name, below in structure.items():
        entry = f"{jinja(name)}: {_in_one_line(below)}"
        too_long = indent + 4 + len(entry) + 1 > WIDTH
        entries.append(f"{jinja(name)}: {_structure(below, indent + 4)}" if too_long else entry)
    return "{\n" + _lines(entries, indent + 4) + "\n" + " " * indent + "}"


def _lines(entries: Sequence[str], indent: int) -> str:
    """Pack entries; one that has lines of its own stands alone."""
    blocks: list[str] = []
    run: list[str] = []
    for entry in entries:
        if "\n" not in entry:
            run.append(entry)
            continue
        blocks += [packed(run, indent)] if run else []
        blocks.append(" " * indent + entry + ",")
        run = []
    blocks += [packed(run, indent)] if run else []
    return "\n".join(blocks)


def _in_one_line(structure: Structure) -> str:
    if isinstance(structure, str):
        return jinja(structure)
    if isinstance(structure, list):
        return "[" + ", ".join(_in_one_line(each) for each in structure) + "]"
    return "{" + ", ".join(f"{jinja(name)}: {_in_one_line(below)}" for name, below in structure.items()) + "}"


def _records(plan: StagedStreamPlan) -> str:
    names = f"'{plan.kind}', '{plan.stream.name}'"
    wrapped = f", wrapped_in=[{', '.join(jinja(key) for key in plan.envelope)}]" if plan.envelope else ""
    if plan.stream.mode is Mode.REPLACE_SET:
        call = f"records_of_changed_sets({names}, structure{wrapped})"
    else:
        carried = ", carrying=['fetched_at']" if plan.reads_fetch_time else ""
        call = f"records_in(source('raw', '{plan.table}__new'), structure{wrapped}{carried})"
    return _cte("records", [f"{{{{ {call} }}}}"])


def _versions(plan: StagedStreamPlan) -> str:
    """The records with typed columns and account keys; the records of sets once each."""
    lines = ["select", "    source, record_id,"]
    if plan.stream.mode is Mode.REPLACE_SET:
        lines[1] = "    source, record_id, page_position, ordinal,"
    lines.append("    {{ typed(columns) }}")
    if plan.stream.updated_at is None:
        lines.append(f"    null::timestamptz as {UPDATED},")
    lines += [
        f"    {{{{ texts_in({jinja(each.expression)}, {jinja_lists(each.below)}) }}}} as {each.name},"
        for each in plan.list_columns
    ]
    lines += [f"    {{{{ {_account(plan, each)} }}}} as {_keys_of(each)}," for each in plan.accounts]
    lines += _losses(plan)
    lines.append("from records")
    if plan.stream.mode is Mode.REPLACE_SET:
        lines.append(f"{{{{ once_in_its_set('scope, parent_key', {_key_list(plan)}) }}}}")
    return _cte(_versions_name(plan), lines)


def _versions_name(plan: StagedStreamPlan) -> str:
    return "set_members" if plan.stream.mode is Mode.REPLACE_SET else "versions"


def _account(plan: StagedStreamPlan, account: StagedAccount) -> str:
    namespace = jinja(account.declared.namespace)
    if account.is_list:
        listed = jinja(plan.shape.json(account.path))
        return f"accounts_in({namespace}, {listed}, {jinja_lists(account.path.below or ((),))})"
    return f"account({namespace}, {jinja(plan.shape.text(account.path))})"


def _keys_of(account: StagedAccount) -> str:
    return f"{account.role}_accounts" if account.is_list else f"{account.role}_account"


def _losses(plan: StagedStreamPlan) -> list[str]:
    if not plan.losses:
        return ["    {{ cast_losses(columns) }} as cast_loss_count"]
    line = f"    {{{{ cast_losses(columns, [{', '.join(plan.losses)}]) }}}} as cast_loss_count"
    if len(line) + 4 <= WIDTH:
        return [line]
    return [
        "    {{ cast_losses(columns, [",
        *[f"        {loss}," for loss in plan.losses],
        "    ]) }} as cast_loss_count",
    ]


def _chosen(plan: StagedStreamPlan) -> str:
    """The rows that stay; of sets all do."""
    strategy, name = _STRATEGIES[plan.stream.mode]
    if plan.stream.mode is Mode.REPLACE_SET:
        return ""
    relation = "versions"
    if plan.stream.mode is Mode.UPSERT:
        return _cte(name, [f"{{{{ {strategy}('{relation}', {_key_list(plan)}) }}}}"])
    return _cte(name, [f"{{{{ {strategy}('{relation}', none, {_key_list(plan)}) }}}}"])


def _key_list(plan: StagedStreamPlan) -> str:
    return "[" + ", ".join(jinja(key) for key in plan.inner_keys) + "]"


def _final_select(plan: StagedStreamPlan) -> str:
    updated = plan.updated_column
    columns = [
        "source",
        *(f"{UPDATED} as {each.name}" if each == updated else each.name for each in plan.stream.columns),
        *(_token_columns(account) for account in plan.accounts),
    ]
    losses = " + ".join(["cast_loss_count", *(_token_loss(account) for account in plan.accounts)])
    counted = "cast_loss_count" if not plan.accounts else f"{losses} as cast_loss_count"
    added = ["record_id", UPDATED, counted]
    name = _STRATEGIES[plan.stream.mode][1]
    joins = [
        f"{{{{ join_token_lists('{name}', '{account.role}') }}}}"
        if account.is_list
        else f"{{{{ join_tokens('{account.role}') }}}}"
        for account in plan.accounts
    ]
    ids = packed(columns, 4) + "\n" + packed(added, 4).rstrip(",")
    return "\n".join(["select", ids, f"from {name}", *joins])


def _token_columns(account: StagedAccount) -> str:
    macro = "token_list" if account.is_list else "token_columns"
    return f"{{{{ {macro}('{account.role}') }}}}"


def _token_loss(account: StagedAccount) -> str:
    macro = "token_list_loss" if account.is_list else "token_loss"
    return f"{{{{ {macro}('{account.role}') }}}}"


def _cte(name: str, lines: Iterable[str]) -> str:
    body = "\n".join(f"    {line}" for line in lines)
    return f"{name} as (\n{body}\n)"
