"""The profiles' models as SQL without dbt: their own macros, and `ref` as a table of the schema `profile`."""

import re
from collections.abc import Collection
from functools import cache
from graphlib import TopologicalSorter

from jinja2 import Environment, StrictUndefined

from orchestration.profiles.definition import PROJECT, model_file

MACROS = ("metrics_formulas.sql", "profiles_formulas.sql")
REFERENCE = re.compile(r"""\bref\(\s*['"](\w+)['"]\s*\)""")


def relation(model: str) -> str:
    """Return the table that stands for a model."""
    return f'profile."{model}"'


def rendered(model: str) -> str:
    """Return a model's SQL."""
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - it renders SQL
    environment.globals["ref"] = relation
    return environment.from_string(_macros() + model_file(model).read_text(encoding="utf-8")).render()


def reads(model: str) -> frozenset[str]:
    """Return the models that a model refers to."""
    return frozenset(REFERENCE.findall(model_file(model).read_text(encoding="utf-8")))


def in_order(models: Collection[str], *, given: Collection[str]) -> list[str]:
    """Return models and all that they read, each after what it reads; what is given is not looked into."""
    waiting, graph = list(models), dict[str, frozenset[str]]()
    while waiting:
        model = waiting.pop()
        if model not in graph:
            graph[model] = frozenset() if model in given else reads(model)
            waiting.extend(graph[model])
    return list(TopologicalSorter({model: sorted(graph[model]) for model in sorted(graph)}).static_order())


@cache
def _macros() -> str:
    return "".join((PROJECT / "macros" / name).read_text(encoding="utf-8") for name in MACROS)
