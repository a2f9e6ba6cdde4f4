"""Which functions a model may call: those of DuckDB itself that look at nothing but their arguments.

The list is DuckDB's own, asked of an empty database without extensions, less those that reach for files,
settings, the catalog or other SQL. What is not on it (an extension's function, a macro of the warehouse, a
name that only a later version knows) closes the wall.
"""

import re
from collections.abc import Collection
from functools import cache

import duckdb

from lineage.tracks.crossing import Finding, Way
from lineage.tracks.reading import Call

TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "json_tree", "range", "repeat", "unnest"})
"""Table functions that look at nothing but their arguments."""

_KINDS: tuple[tuple[Way, str], ...] = (
    ("dynamic_sql", r"query|query_table|json_execute_serialized_sql"),
    (
        "file_read",
        r"read_.*|parquet_.*|.*_scan|.*_query|glob|sniff_csv|st_read.*|load_aws_credentials|add_parquet_key",
    ),
    (
        "environment_read",
        r"getenv|current_setting|current_query|which_secret|inet_.*|.*_user|current_role|user",
    ),
    (
        "system_catalog",
        (
            r"duckdb_.*|pragma_.*|pg_.*|has_.*_privilege|.*obj_description|col_description|enum_.*|stats"
            r"|nextval|currval|in_search_path|.*table_info|show.*|storage_info|metadata_info|database_list"
        ),
    ),
    ("dynamic_sql", r"json_serialize_plan|json_deserialize_sql"),
)
_HARMLESS = frozenset({"pg_typeof"})
_READING_A_NAMED_TABLE = frozenset({"histogram", "histogram_values", "summary"})


@cache
def own_functions() -> frozenset[str]:
    """Every scalar, aggregate and built-in macro of an empty DuckDB, extensions left out."""
    con = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    try:
        found = con.execute(
            "select distinct lower(function_name) from duckdb_functions() "
            "where internal and function_type in ('scalar', 'aggregate', 'macro')"
        ).fetchall()
    finally:
        con.close()
    return frozenset(name for (name,) in found) | {"coalesce", "count_star", "if", "ifnull"}


def judge_call(call: Call, *, macros: Collection[str], variables: Collection[str]) -> Finding | None:
    """Say what is wrong with a call; None where it may stand.

    Args:
        call: The call.
        macros: Names of the macros that somebody made in the warehouse: they may hide a built-in function.
        variables: Variables that reviewed hooks set; `getvariable` may read them alone.
    """
    spelled = f"{call.name}({', '.join(call.texts[:1])})"
    if call.name.rpartition(".")[2] in macros:
        return Finding("catalog_macro", spelled)
    if call.name == "getvariable" and call.is_constant and call.texts and call.texts[0] in variables:
        return None
    way = _way(call.name)
    if way is not None:
        return Finding(way, spelled)
    if call.is_table and call.name in _READING_A_NAMED_TABLE:
        return Finding("dynamic_sql", spelled)
    known = TABLE_FUNCTIONS if call.is_table else own_functions() | _BESIDE
    return None if call.name in known else Finding("unknown_function", spelled)


_BESIDE = frozenset(
    {
        "unnest",
        *("row_number", "rank", "dense_rank", "rank_dense", "percent_rank", "cume_dist", "ntile", "lag"),
        *("lead", "first_value", "last_value", "nth_value", "fill"),
    }
)


def _way(name: str) -> Way | None:
    if name in _HARMLESS:
        return None
    if name == "getvariable":
        return "environment_read"
    bare = name.rpartition(".")[2]
    return next((way for way, pattern in _KINDS if re.fullmatch(pattern, bare)), None)
