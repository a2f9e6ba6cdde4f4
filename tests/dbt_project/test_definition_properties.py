"""Definition hashes over the project's own compiled models: layout never matters, every token does."""

import copy
import random
from functools import cache
from typing import Any

import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import TokenType
from sqlglot.tokens import Token

from lineage.canonical_sql import canonical_sql
from lineage.cell_slices import slice_by_metric
from lineage.definitions import MetricDefinition, define_metrics
from tests.parsed import compiled_manifest

GAPS = (" ", "\n", "\n\n    ", "\t", " -- why\n", " /* or\n not */ ")
TEXTS = (TokenType.STRING, TokenType.IDENTIFIER)
FREE = frozenset({"as", "asc", "inner", "outer"})
"""Words that may be left out; changing them into others is a syntax error and no change of meaning."""
OPERATORS = {"=": "<>", "<>": "=", "<": "<=", ">": ">=", "<=": "<", ">=": ">", "+": "-", "-": "+"}
LONGEST = 20_000


@cache
def models() -> tuple[tuple[str, str], ...]:
    nodes = compiled_manifest()["nodes"]
    return tuple(
        (name, node["compiled_code"])
        for name, node in sorted(nodes.items())
        if node["resource_type"] == "model" and len(node["compiled_code"]) < LONGEST
    )


@cache
def tokens_of(sql: str) -> tuple[Token, ...]:
    return tuple(sqlglot.tokenize(sql, read="duckdb"))


def relaid(sql: str, chance: random.Random) -> str:
    """Write the same tokens with other white space, comments and case of keywords and names."""
    tokens, parts, end = tokens_of(sql), [], 0
    for position, token in enumerate(tokens):
        gap = sql[end : token.start]
        text = sql[token.start : token.end + 1]
        follower = tokens[position + 1].text if position + 1 < len(tokens) else ""
        if token.token_type not in TEXTS and follower != ":":  # the key of a struct keeps its case
            text = chance.choice((text.lower(), text.upper(), text))
        parts += [chance.choice(GAPS) if gap else "", text]
        end = token.end + 1
    return "".join(parts)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_layout_comments_and_case_never_change_a_model_of_the_project(seed: int) -> None:
    chance = random.Random(seed)
    name, sql = chance.choice(models())
    assert canonical_sql(relaid(sql, chance)) == canonical_sql(sql), name


def mutated(sql: str, token: Token) -> str:
    """Write the model with one token changed: a number or text altered, a word replaced, a sign turned."""
    text = sql[token.start : token.end + 1]
    other = OPERATORS.get(text)
    words = {"and": "or", "or": "and", "left": "", "distinct": "", "not": "", "desc": "", "all": ""}
    if other is None and text.lower() in words:
        other = words[text.lower()]
    elif other is None:
        other = f"{text[:-1]}x{text[-1]}" if token.token_type in TEXTS else f"{text}1"
    return sql[: token.start] + other + sql[token.end + 1 :]


def matters(token: Token) -> bool:
    return (token.text[:1].isalnum() or token.text in "=<>+-") and token.text.lower() not in FREE


def unnoticed(name: str, sql: str, tokens: list[Token]) -> list[str]:
    before = canonical_sql(sql)
    return [
        f"{name}: {token.text!r} in line {token.line}"
        for token in tokens
        if canonical_sql(mutated(sql, token)) == before
    ]


def test_a_sample_of_single_tokens_of_the_project_all_matter() -> None:
    chance = random.Random(2026)
    found = []
    for name, sql in chance.sample(models(), 40):
        candidates = [token for token in tokens_of(sql) if token.text and matters(token)]
        found += unnoticed(name, sql, chance.sample(candidates, min(5, len(candidates))))
    assert found == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_single_token_of_the_project_matters(pytestconfig: pytest.Config) -> None:
    """A hundred thousand tokens, each with its model read again, take most of an hour: CI takes a few."""
    step = 1 if pytestconfig.getoption("--faults") == "all" else 40
    found = []
    for position, (name, sql) in enumerate(models()):
        candidates = [token for token in tokens_of(sql) if token.text and matters(token)]
        found += unnoticed(name, sql, candidates[position % step :: step])
    assert found == []


def all_cells() -> str:
    return str(compiled_manifest()["nodes"]["model.assay.int_metric_cells"]["compiled_code"])


def defined(manifest: dict[str, Any]) -> dict[str, MetricDefinition]:
    rows = [
        {"metric": metric, "fact_relation": next(name for name in cut.relations if name.startswith("marts."))}
        for metric, cut in slice_by_metric(all_cells()).items()
    ]
    return define_metrics(manifest, rows)


def changed_by(model: str, sql: str) -> set[str]:
    before = defined(compiled_manifest())
    manifest = copy.copy(compiled_manifest())
    node = {**manifest["nodes"][f"model.assay.{model}"], "compiled_code": sql}
    after = defined({**manifest, "nodes": {**manifest["nodes"], f"model.assay.{model}": node}})
    return {metric for metric in before if before[metric].sha256 != after[metric].sha256}


def compiled(model: str) -> str:
    return str(compiled_manifest()["nodes"][f"model.assay.{model}"]["compiled_code"])


def test_every_metric_of_the_project_has_a_part_of_its_own_in_the_model_of_cells() -> None:
    found = defined(compiled_manifest())
    assert len(found) > 50
    assert all(set(one.document["cells"]) == {metric} for metric, one in found.items())


@pytest.mark.slow
@pytest.mark.parametrize("model", ["fct_slo_windows", "fct_incident_response", "fct_pull_request_reviews"])
def test_a_changed_predicate_changes_exactly_the_metrics_downstream_of_it(model: str) -> None:
    relation, unique_id = f"marts.{model}", f"model.assay.{model}"
    changed = changed_by(model, f"select * from ({compiled(model)}) where 1 = 1")
    assert changed
    parts = slice_by_metric(all_cells())
    assert changed == {metric for metric, cut in parts.items() if relation in cut.relations}
    assert changed == {
        metric for metric, one in defined(compiled_manifest()).items() if unique_id in one.document["models"]
    }


@pytest.mark.slow
def test_a_comment_in_every_model_changes_no_metric() -> None:
    for model in ("fct_deployments", "int_metric_cells", "mart_metric_values"):
        assert changed_by(model, f"-- why\n{compiled(model)}") == set()


def test_a_predicate_slipped_into_the_cells_of_one_metric_changes_that_metric_alone() -> None:
    sql = all_cells()
    tampered = sql.replace("'failed_rollouts' as metric", "'failed_rollouts' as metric /* less one */")
    assert changed_by("int_metric_cells", tampered) == set()
    one = "failed_rollouts_numerator as numerator"
    assert one in sql
    assert changed_by("int_metric_cells", sql.replace(one, f"0 * {one}")) == {"failed_rollouts"}
