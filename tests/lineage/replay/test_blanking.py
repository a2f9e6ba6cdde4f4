"""What of a page stays when only some of its records were traced."""

import json

import pytest

from lineage.errors import ReplayInputError
from lineage.replay.blanking import keep_records


def test_records_that_were_not_traced_become_null_and_keep_their_place() -> None:
    assert json.loads(keep_records(b'[{"id": 1}, {"id": 2}, {"id": 3}]', {1})) == [None, {"id": 2}, None]


def test_what_is_kept_stays_byte_for_byte() -> None:
    odd = b'{"n": 1.50, "name":  "na\\u00efve", "big": 12345678901234567890}'
    assert odd in keep_records(b"[" + odd + b", {}]", {0})


def test_records_at_a_path_are_blanked_there() -> None:
    body = b'{"data": {"result": [{"a": 1}, {"a": 2}]}, "status": "success"}'
    kept = json.loads(keep_records(body, {0}, path="data.result"))
    assert kept == {"data": {"result": [{"a": 1}, None]}, "status": "success"}


def test_the_list_beside_a_total_is_blanked() -> None:
    kept = json.loads(keep_records(b'{"total_count": 2, "workflow_runs": [{"id": 1}, {"id": 2}]}', {1}))
    assert kept == {"total_count": 2, "workflow_runs": [None, {"id": 2}]}


def test_one_record_at_a_path_is_kept_or_blanked() -> None:
    assert json.loads(keep_records(b'{"incident": {"id": 1}}', {0}, path="incident")) == {
        "incident": {"id": 1}
    }
    assert json.loads(keep_records(b'{"incident": {"id": 1}}', (), path="incident")) == {"incident": None}


def test_a_body_of_one_record_is_kept_or_blanked() -> None:
    assert keep_records(b'{"id": 1}', {0}) == b'{"id": 1}'
    assert json.loads(keep_records(b'{"id": 1}', ())) == [None]


def test_commits_of_git_are_emptied_and_keep_their_place() -> None:
    assert keep_records(b"\x1eaa\x1fone\x1ebb\x1f\xff\x1ecc", {1}) == b"\x1e\x1ebb\x1f\xff\x1e"


def test_a_body_that_cannot_be_taken_apart_is_an_error() -> None:
    with pytest.raises(ReplayInputError, match="neither JSON nor the output of git"):
        keep_records(b'[{"id": 1}, ', {0})
