"""Blanking: the named values go, every other byte stays."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.evidence import RedactionError
from connectors.evidence.json_blanking import blank, parse_path

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc'. é"), inner, max_size=4)
    ),
    max_leaves=15,
)


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        ('[{"a": 1.10, "b": "x"}]', "$[0].b", '[{"a": 1.10, "b": null}]'),
        (' { "a" : [ 1 , 2 ] , "b" : {} } ', "$.a[1]", ' { "a" : [ 1 , null ] , "b" : {} } '),
        (
            '{"a": [{"n": "x"}, {"m": 1}, {"n": "y"}]}',
            "$.a[*].n",
            '{"a": [{"n": null}, {"m": 1}, {"n": null}]}',
        ),
        ('{"a": {"x": 1, "y": 2}}', "$.a.*", '{"a": {"x": null, "y": null}}'),
        ('{"odd name": 1, "a": 2}', "$['odd name']", '{"odd name": null, "a": 2}'),
        ('{"it\'s": 1}', '$["it\'s"]', '{"it\'s": null}'),
        ('{"a": 1, "a": 2}', "$.a", '{"a": null, "a": null}'),
        ('{"\\u0061": "x"}', "$.a", '{"\\u0061": null}'),
        ('{"a": {"b": [1, {"c": 2}]}}', "$.a", '{"a": null}'),
        ('[[], {}, ["x"]]', "$[2][0]", "[[], {}, [null]]"),
        ('{"a": "quote \\" brace } ]", "b": "x"}', "$.b", '{"a": "quote \\" brace } ]", "b": null}'),
    ],
)
def test_only_the_named_value_changes(body: str, path: str, expected: str) -> None:
    assert blank(body.encode(), [path]).decode() == expected


def test_several_paths_go_at_once_and_may_lie_inside_each_other() -> None:
    body = b'{"a": {"b": "x", "c": 1}, "d": "y"}'
    assert blank(body, ["$.a.b", "$.d"]) == b'{"a": {"b": null, "c": 1}, "d": null}'
    assert blank(body, ["$.a.b", "$.a"]) == b'{"a": null, "d": "y"}'


def paths_of(value: Any, path: str = "$") -> list[str]:
    """Every path inside a value."""
    if isinstance(value, list):
        children = [(f"{path}[{at}]", item) for at, item in enumerate(value)]
    elif isinstance(value, dict):
        children = [(f'{path}["{name}"]', item) for name, item in value.items()]
    else:
        return []
    return [found for name, item in children for found in (name, *paths_of(item, name))]


def at(value: Any, path: str) -> Any:
    for segment in parse_path(path):
        value = value[segment]
    return value


@given(VALUES, st.data(), st.sampled_from([None, 1]))
def test_any_value_of_any_document_can_be_blanked_and_nothing_else_moves(
    value: Any, data: st.DataObject, indent: int | None
) -> None:
    paths = [path for path in paths_of(value) if at(value, path) is not None]
    if not paths:
        return
    path = data.draw(st.sampled_from(paths))
    before = json.dumps(value, indent=indent, ensure_ascii=False)
    if any("\ud800" <= character <= "\udfff" for character in before):
        return
    after = json.loads(blank(before.encode(), [path]))
    assert at(after, path) is None
    for other in paths_of(after):
        if other.startswith(path):
            continue
        if not path.startswith(other):
            assert at(after, other) == at(value, other)


@pytest.mark.parametrize("path", ["", "$", "a", "$.", "$..a", "$[a]", "$[-1]", "$.a b", "$[?(@.a)]", "$['a'"])
def test_what_is_no_path_into_a_body_is_refused(path: str) -> None:
    with pytest.raises(RedactionError, match="no JSON path"):
        parse_path(path)


@pytest.mark.parametrize(
    "body", [b"\x1eabc\x1fJane\n", b"id,name\n", b"", b'{"a": 1', b'{"a": "\xff"}', b'{"a": 1} x']
)
def test_a_body_that_is_not_json_is_refused_with_the_reason(body: bytes) -> None:
    with pytest.raises(RedactionError, match="not JSON"):
        blank(body, ["$.a"])


def test_a_path_to_nothing_is_refused_so_that_no_redaction_is_empty() -> None:
    with pytest.raises(RedactionError, match=r"\$\.b names no value"):
        blank(b'{"a": 1}', ["$.a", "$.b"])
    with pytest.raises(RedactionError, match="blank already"):
        blank(b'{"a": null}', ["$.a"])
    with pytest.raises(RedactionError, match="at least one"):
        blank(b'{"a": null}', [])
