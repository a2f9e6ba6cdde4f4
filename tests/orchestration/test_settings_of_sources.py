"""Faults inside sources: one clear line each, none for what only follows from them, no secret repeated."""

from pathlib import Path

import pytest

from connectors.push.kind import KIND
from connectors.push.settings import STREAM_NAMES, PushSettings
from connectors.push.streams import STREAM_OF
from orchestration.command import main
from orchestration.settings import examine
from orchestration.sources import enabled_streams

SECRET = "hunter2secret"


def problems(folder: Path, source: str) -> list[str]:
    _, found = examine(f"organisation: acme\nsources:\n  - {source}\n", folder=folder)
    return [f"{problem.key}: {problem.message}. {problem.remedy}" for problem in found]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{name: d, kind: drops, folder: in, drops: [{name: x, bogus: 1}]}", "unknown key 'bogus'"),
        ("{name: g, kind: nonsense}", "the kind of a source is one of"),
        ("{name: g, kind: github, organisation: acme, since: yesterday}", "since"),
        (f"{{name: j, kind: jira, base_url: 'https://j.example/?token={SECRET}'}}", "has a query"),
        (
            f"{{name: g, kind: github, organisation: acme, proxy: 'http://u:{SECRET}@proxy:1'}}",
            "carries credentials",
        ),
    ],
)
def test_each_fault_has_its_own_line_and_no_echo(tmp_path: Path, source: str, said: str) -> None:
    found = problems(tmp_path, source)
    assert any(said in line for line in found), found
    assert not any("at least 1 item" in line for line in found)
    assert SECRET not in "\n".join(found)


@pytest.mark.parametrize(
    "alerts",
    [
        f"'https://u:{SECRET}@host/hook'",
        f"{{channels: 'https://hooks.example/{SECRET}'}}",
        f"{{channels: ['https://hooks.example/{SECRET}']}}",
        f"{{channels: [{{name: 'slack://{SECRET}', url_env: ASSAY_HOOK}}]}}",
        f"{{channels: [{{name: ops, url_env: 'slack://{SECRET}'}}]}}",
    ],
)
def test_an_address_that_stands_where_none_belongs_is_not_repeated(tmp_path: Path, alerts: str) -> None:
    text = f"organisation: acme\nsources: [{{name: g, kind: github, organisation: acme}}]\nalerts: {alerts}\n"
    _, found = examine(text, folder=tmp_path)
    assert [problem.key.split(".")[0].split("[")[0] for problem in found] == ["alerts"] * len(found) != []
    assert SECRET not in "\n".join(f"{problem.message} {problem.remedy}" for problem in found)


@pytest.mark.parametrize(
    ("section", "said"),
    [("reconciliation:", "this is a section"), ("alerts: {channels: ops}", "this is a list")],
)
def test_what_has_the_wrong_shape_is_told_the_right_one(tmp_path: Path, section: str, said: str) -> None:
    text = f"organisation: acme\nsources: [{{name: g, kind: github, organisation: acme}}]\n{section}\n"
    (problem,) = examine(text, folder=tmp_path)[1]
    assert said in problem.message


def test_a_list_that_is_really_empty_is_still_told(tmp_path: Path) -> None:
    _, found = examine("organisation: acme\nsources: []\n", folder=tmp_path)
    assert any("at least 1 item" in problem.message for problem in found)


def test_only_the_streams_of_its_endpoints_are_asked_of_a_push_source() -> None:
    endpoints = [{"provider": "github", "secret_env": "A"}, {"provider": "deployments", "secret_env": "A"}]
    settings = PushSettings.model_validate({"name": "hooks", "kind": "push", "endpoints": endpoints})
    assert [stream.name for stream in enabled_streams(settings)] == ["github_deliveries", "deployments"]
    assert {provider: stream.name for provider, stream in STREAM_OF.items()} == STREAM_NAMES
    assert {stream.name for stream in KIND.streams} == set(STREAM_NAMES.values())


@pytest.mark.parametrize(
    ("written", "is_sound"),
    [("%d.%m.%Y", True), ("%m/%d/%y", True), ("%Q", False), ("%d.%m.", False), ("%Y", False), ("", False)],
)
def test_the_form_of_days_in_a_roster_can_be_read_again(
    tmp_path: Path, written: str, *, is_sound: bool
) -> None:
    found = problems(tmp_path, f"{{name: r, kind: roster, people: p.csv, date_format: '{written}'}}")
    assert found == [] if is_sound else "Write it as strptime does: %d.%m.%Y" in found[0]


def test_a_list_of_streams_that_names_none_is_refused(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, "{name: g, kind: github, organisation: acme, streams: []}")
    assert "sources[0].streams" in found
    assert "at least 1 item" in found


PASTED = (
    "ghp_0123456789abcdefghij0123456789abcdef",
    "github_pat_11ABCDEFG0123456789_abcdefghij",
    "glpat-abcdefghij0123456789",
    "ATATT3xFfGF0abcdefghij",
    "0123456789abcdef0123456789abcdef",
)


@pytest.mark.parametrize("token", PASTED)
@pytest.mark.parametrize("command", [["doctor"], ["doctor", "--json"], ["run"], ["plan"], ["plan", "--json"]])
def test_a_token_that_was_pasted_into_the_settings_is_refused_and_never_repeated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], token: str, command: list[str]
) -> None:
    source = f"{{name: g, kind: github, organisation: acme, token_env: {token}}}"
    (tmp_path / "assay.yml").write_text(f"organisation: acme\nsources: [{source}]\n")
    assert main([*command, "--workspace", str(tmp_path)]) in {1, 2}
    shown = "".join(capsys.readouterr())
    assert "looks like a credential" in shown
    assert token[:12] not in shown
