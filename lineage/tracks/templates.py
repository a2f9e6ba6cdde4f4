"""What Jinja could do unseen: query while compiling, run SQL beside a model, replace dbt's own macros.

Compiled SQL shows what a template came to, not how. So a template may not ask the database or the
environment, and SQL that dbt runs beside a model (hooks, incremental strategies, headers) is read by a
person once and pinned by the hash of every macro that it is made of.
"""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jinja2

from lineage.tracks.crossing import Finding

_FORBIDDEN = frozenset(
    {
        *("adapter", "api", "builtins", "context", "dbt", "dbt_duckdb", "dbt_metadata_envs", "env_var"),
        *(
            "get_columns_in_query",
            "get_columns_in_relation",
            "load_agate_table",
            "load_relation",
            "load_result",
        ),
        *("run_query", "statement", "store_raw_result", "store_result", "write"),
    }
)
"""Names by which a template reaches the database, the environment or files."""
_REPLACEABLE = frozenset({"generate_schema_name", "generate_alias_name", "generate_database_name"})
_STRATEGIES = frozenset({"", "append", "delete+insert", "merge", "microbatch"})
_SQL_SETTINGS = (
    *("incremental_predicates", "merge_clauses", "merge_insert_set_expressions", "merge_on_using_columns"),
    *("merge_update_set_expressions", "merge_update_condition", "merge_insert_condition", "predicates"),
    *("sql_header",),
)


@cache
def names_in(template: str) -> frozenset[str]:
    """Return every name inside the Jinja parts of a template; comments and texts in quotes are none.

    Raises:
        jinja2.TemplateSyntaxError: it cannot be read.
    """
    lexed = jinja2.Environment(autoescape=False).lex(template)  # noqa: S701 - nothing is rendered
    return frozenset(value.lower() for _, kind, value in lexed if kind == "name")


def template_findings(template: str, *, place: str) -> Iterator[Finding]:
    """Say what a template reaches for while it compiles."""
    try:
        used = names_in(template) & _FORBIDDEN
    except jinja2.TemplateSyntaxError as error:
        yield Finding("unreadable", f"the template of {place}: {error}")
        return
    for name in sorted(used):
        yield Finding("environment_read" if name == "env_var" else "jinja_query", f"{name} in {place}")


class Macros:
    """The macros of a manifest's own package, and what they call."""

    def __init__(self, manifest: Mapping[str, Any], *, package: str) -> None:
        macros = manifest.get("macros", {})
        self._own = {key: macro for key, macro in macros.items() if macro.get("package_name") == package}
        self._by_name = {str(macro["name"]): key for key, macro in self._own.items()}
        self._foreign = {str(macro["name"]) for key, macro in macros.items() if key not in self._own}

    def used_by(self, node: Mapping[str, Any]) -> frozenset[str]:
        """Return the unique ids of the own macros that a node is made with, directly or not."""
        return self._closure((node.get("depends_on") or {}).get("macros") or ())

    def findings(self, unique_id: str) -> tuple[Finding, ...]:
        """Say what a macro reaches for while it compiles."""
        return tuple(template_findings(str(self._own[unique_id]["macro_sql"]), place=unique_id))

    def overrides(self) -> tuple[Finding, ...]:
        """List macros that dbt would run instead of its own, materializations included."""
        return tuple(
            Finding("macro_override", name)
            for name in sorted(self._by_name)
            if (name in self._foreign and name not in _REPLACEABLE) or name.startswith("materialization_")
        )

    def fingerprint(self, template: str) -> str:
        """Hash a template together with every own macro that it names, directly or not."""
        named = names_in(template)
        called = [key for name, key in self._by_name.items() if name.lower() in named]
        digest = hashlib.sha256(template.strip().encode())
        for key in sorted(self._closure(called)):
            digest.update(f"\n{key}\n{str(self._own[key]['macro_sql']).strip()}".encode())
        return digest.hexdigest()

    def strategy(self, name: str) -> str | None:
        """Return the call of an incremental strategy of the project's own; None for one of dbt's."""
        macro = f"get_incremental_{name.replace('+', '_')}_sql"
        if macro in self._by_name or name not in _STRATEGIES:
            return f"{{{{ {macro}() }}}}"
        return None

    def _closure(self, keys: Any) -> frozenset[str]:
        waiting, seen = [key for key in keys if key in self._own], set[str]()
        while waiting:
            key = waiting.pop()
            if key not in seen:
                seen.add(key)
                called = (self._own[key].get("depends_on") or {}).get("macros") or ()
                waiting.extend(one for one in called if one in self._own)
        return frozenset(seen)


def sql_beside(node: Mapping[str, Any], macros: Macros) -> tuple[str, ...]:
    """Return the templates of SQL that dbt runs beside a node: its compiled SQL shows none of it."""
    config = node.get("config") or {}
    hooks = [
        str(hook.get("sql") if isinstance(hook, Mapping) else hook)
        for key in ("pre-hook", "post-hook", "pre_hook", "post_hook")
        for hook in config.get(key) or ()
    ]
    settings = [f"{key}: {config[key]}" for key in _SQL_SETTINGS if config.get(key)]
    strategy = macros.strategy(str(config.get("incremental_strategy") or ""))
    is_operation = node.get("resource_type") == "operation"
    operation = [str(node.get("raw_code"))] if is_operation else []
    return (*hooks, *settings, *([strategy] if strategy else []), *operation)
