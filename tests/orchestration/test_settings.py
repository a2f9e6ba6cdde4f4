"""Settings are checked as a whole: every problem with its line, its key and its remedy."""

from pathlib import Path

import pytest
import yaml

from connectors.settings import HttpSettings, SettingsSection
from connectors.sources import SOURCE_KINDS
from orchestration.errors import SettingsError
from orchestration.scaffold import annotated_settings
from orchestration.settings import GitHubSettings, Settings, examine, read_settings
from orchestration.settings.work_items import KINDS, SEVERITIES
from tests.orchestration.example import shown_sources

GOOD = """\
organisation: acme
reporting: {time_zone: Europe/Berlin, from: 2025-07-01, until: 2026-07-01}
sources:
  - {name: github, kind: github, organisation: acme, token_env: ASSAY_GITHUB_TOKEN}
  - {name: git, kind: git, repositories: [{name: acme/shop, path: clone, branch: main}]}
teams:
  - {name: commerce, title: Commerce}
  - {name: payments, parent: commerce, from: 2025-01-01, until: 2026-01-01}
  - {name: payments, from: 2026-01-01}
services:
  - name: checkout
    repository: acme/shop
    owners:
      - {team: payments, from: 2025-01-01, until: 2025-12-01}
      - {team: commerce, from: 2025-12-01}
deployments: {from: deployments}
rules:
  hotfix: {branch: "^hotfix/"}
"""

FAULTS = [
    ("organisation: acme", "organisation: acme\nsorces: []", "2: sorces", "Did you mean 'sources'?"),
    ("Europe/Berlin", "Berlin/Europe", "2: reporting.time_zone", "IANA"),
    ("until: 2026-07-01", "until: 2024-07-01", "2: reporting.until", "does not come after"),
    (
        "deployments: {from: deployments}",
        "  - {name: search, formerly: [till, checkout], repository: acme/shop}\ndeployments: {}",
        "16: services[1].formerly[1]",
        "the name 'checkout' is, or was, that of the service 'checkout'",
    ),
    (
        "deployments: {from: deployments}",
        "  - {name: search, formerly: [Checkout], repository: acme/shop}\ndeployments: {}",
        "16: services[1].formerly[0]",
        "the name 'Checkout' is, or was, that of the service 'checkout'",
    ),
    (
        "deployments: {from: deployments}",
        "  - {name: search, title: Checkout, repository: acme/shop}\ndeployments: {}",
        "16: services[1].title",
        "the name 'Checkout' is, or was, that of the service 'checkout'",
    ),
    (
        "deployments: {from: deployments}",
        "  - {name: Checkout, repository: acme/shop}\ndeployments: {}",
        "16: services[1].name",
        "the name 'Checkout' is taken",
    ),
    ("from: 2025-07-01", "from: 2025-07-01T10:00:00", "2: reporting.from", "without a time of day"),
    ("kind: github", "kind: githob", "4: sources[0]", "the kind of a source is one of github, git"),
    (
        "organisation: acme, ",
        "streams: [reviws], organisation: acme, ",
        "4: sources[0].streams[0]",
        "'reviews'",
    ),
    (
        "organisation: acme, ",
        "base_url: 'https://me:secret@github.acme.example/api/v3', organisation: acme, ",
        "4: sources[0].base_url",
        "the address carries credentials",
    ),
    (
        "organisation: acme, ",
        "organisation: acme, details: rest, streams: [item_details], ",
        "4: sources[0].streams[0]",
        "no stream 'item_details' here",
    ),
    ("organisation: acme, ", "repositories: [shop], ", "4: sources[0].repositories[0]", "has no owner"),
    ("organisation: acme, ", "organisation: acme, concurrency: 101, ", "4: sources[0]", "the 100 that"),
    (
        "organisation: acme, ",
        "organisation: acme, since: 2026-01-02, until: 2026-01-01, ",
        "4: sources[0]",
        "the end is exclusive",
    ),
    ("organisation: acme, ", "", "4: sources[0]", "neither an organisation nor repositories"),
    ("token_env: ASSAY_GITHUB_TOKEN", "token_env: ghp_abc-def", "4: sources[0].token_env", "form"),
    (
        "token_env: ASSAY_GITHUB_TOKEN",
        "token_environment: X",
        "4: sources[0].token_environment",
        "'token_env'",
    ),
    ("kind: git, ", "kind: git, nonsense: 1, ", "5: sources[1].nonsense", "unknown key"),
    (
        "kind: git, ",
        "kind: git, base_url: X, ",
        "5: sources[1].base_url",
        "Known here: kind, name, repositories, streams",
    ),
    ("{name: git,", "{name: github,", "5: sources[1].name", "taken"),
    ("path: clone", "path: elsewhere", "5: sources[1].repositories[0].path", "there is no folder elsewhere"),
    ("parent: commerce", "parent: trade", "8: teams[1].parent", "there is no team 'trade'"),
    ("until: 2026-01-01}", "until: 2026-02-01}", "9: teams[2].from", "End the earlier entry"),
    ("title: Commerce}", "title: Commerce, parent: payments}", "8: teams[1].parent", "own ancestor"),
    ("repository: acme/shop", "repository: other/shop", "12: services[0].repository", "no source delivers"),
    ("team: payments, from", "team: paymnts, from", "14: services[0].owners[0].team", "Add it under teams"),
    ("until: 2025-12-01}", "until: 2025-12-02}", "15: services[0].owners[1].from", "one owner at a time"),
    ("{from: deployments}", "{from: guesses}", "16: deployments.from", "'deployments'"),
    ('"^hotfix/"', '"(hotfix"', "18: rules.hotfix.branch", "not a regular expression"),
    ('"^hotfix/"', '"(?=hotfix)"', "18: rules.hotfix.branch", "cannot be matched in the warehouse"),
    ("rules:", "teams: []\nrules:", "17: teams", "second time"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clone").mkdir()
    return tmp_path


def written(folder: Path, text: str) -> Path:
    file = folder / "assay.yml"
    file.write_text(text)
    return file


def test_good_settings_are_read(folder: Path) -> None:
    settings = read_settings(written(folder, GOOD), environment={"ASSAY_GITHUB_TOKEN": "t"})
    assert isinstance(settings, Settings)
    assert isinstance(settings.sources[0], GitHubSettings)
    assert settings.services[0].owners[1].until is None


@pytest.mark.parametrize(("old", "new", "place", "hint"), FAULTS, ids=[fault[2] for fault in FAULTS])
def test_a_fault_is_named_with_its_line_key_and_remedy(
    folder: Path, old: str, new: str, place: str, hint: str
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    file = written(folder, text)
    with pytest.raises(SettingsError) as raised:
        read_settings(file, environment={"ASSAY_GITHUB_TOKEN": "t"})
    report = str(raised.value).splitlines()
    assert any(entry.startswith(f"{file}:{place}: ") and hint in entry for entry in report), report


def test_an_unset_variable_is_named_by_the_line_that_asks_for_it(folder: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"assay.yml:4: sources\[0\].token_env: .*ASSAY_GITHUB_TOKEN is not set.*export"
    ):
        read_settings(written(folder, GOOD), environment={})


def test_commands_that_need_no_source_need_no_variable(folder: Path) -> None:
    assert read_settings(written(folder, GOOD)).organisation == "acme"


def test_all_problems_are_listed_at_once_and_in_order(folder: Path) -> None:
    text = (
        GOOD.replace("Europe/Berlin", "Nowhere").replace("parent: commerce", "parent: trade") + "extra: 1\n"
    )
    settings, problems = examine(text, folder=folder)
    assert settings is None
    assert [(problem.line, problem.key) for problem in problems] == [
        (2, "reporting.time_zone"),
        (8, "teams[1].parent"),
        (19, "extra"),
    ]


def test_text_that_is_not_yaml_is_one_problem_with_its_line(folder: Path) -> None:
    settings, problems = examine("organisation: acme\nsources: [\n", folder=folder)
    assert settings is None
    assert len(problems) == 1
    assert "cannot be read as YAML" in problems[0].message


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("organisation: acme\nreporting:\n  from: 2026-02-30\n", 3, "'2026-02-30': day is out of range"),
        ("organisation: acme\nteams: &all\n  - *all\n", 2, "an alias stands inside itself"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_line(
    folder: Path, text: str, line: int, message: str
) -> None:
    settings, (problem,) = examine(text, folder=folder)
    assert settings is None
    assert (problem.line, message in problem.message) == (line, True)


@pytest.mark.parametrize("text", ["", "- a list", "just words"])
def test_a_file_without_keys_is_explained(folder: Path, text: str) -> None:
    settings, problems = examine(text, folder=folder)
    assert settings is None
    assert problems


def test_the_annotated_example_is_valid_and_mentions_every_key(folder: Path) -> None:
    text = annotated_settings("acme")
    settings, problems = examine(text, folder=folder)
    assert problems == []
    assert settings is not None
    for name, field in Settings.model_fields.items():
        assert f"{field.alias or name}:" in text


def test_the_annotated_example_stays_valid_when_its_comments_are_taken_at_their_word(folder: Path) -> None:
    lines = annotated_settings("acme").splitlines()
    shown = [
        line.replace("# ", "", 1) if line.lstrip().startswith(("# from:", "# until:", "# since:")) else line
        for line in lines
    ]
    assert examine("\n".join(shown), folder=folder)[1] == []


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "assay.yml"
    file.write_bytes("organisation: acme\n# caf\u00e9\n".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"assay\.yml:2: a byte that is not UTF-8"):
        read_settings(file)


def test_the_annotated_example_shows_every_kind_of_source_and_each_is_valid() -> None:
    shown = shown_sources()
    assert {source["kind"] for source in shown} == SOURCE_KINDS.keys()
    for source in shown:
        SOURCE_KINDS[source["kind"]].settings.model_validate(source)


@pytest.mark.parametrize("kind", SOURCE_KINDS)
def test_the_page_about_the_workspace_explains_every_key_of_every_kind(kind: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "workspace.md").read_text(encoding="utf-8")
    shared = page.partition("\n#### Every source\n")[2].partition("\n#### ")[0]
    over_http = page.partition("\n#### Every source behind an HTTP API\n")[2].partition("\n#### ")[0]
    own = page.partition(f"\n#### `{kind}`\n")[2].partition("\n#### ")[0].partition("\n### ")[0]
    settings = SOURCE_KINDS[kind].settings
    assert own, f"docs/workspace.md has no section `{kind}`"
    known = shared + own + (over_http if issubclass(settings, HttpSettings) else "")
    assert [name for name in settings.model_fields if f"`{name}`" not in known] == []


@pytest.mark.parametrize("kind", SOURCE_KINDS)
def test_unknown_streams_and_unset_variables_are_named_for_every_kind(folder: Path, kind: str) -> None:
    (source,) = [each for each in shown_sources() if each["kind"] == kind]
    first = SOURCE_KINDS[kind].streams[0].name
    document = {"organisation": "acme", "sources": [source | {"streams": [f"{first}x"]}]}
    _, problems = examine(yaml.safe_dump(document), folder=folder, environment={})
    messages = [f"{problem.message}. {problem.remedy}" for problem in problems]
    assert any(f"has no stream '{first}x' here" in each and f"'{first}'" in each for each in messages)
    asked = SOURCE_KINDS[kind].settings.model_validate(source).variables.values()
    for variable in asked:
        assert any(f"the environment variable {variable} is not set" in each for each in messages)


@pytest.mark.parametrize(
    "kind", [kind.name for kind in SOURCE_KINDS.values() if issubclass(kind.settings, HttpSettings)]
)
def test_no_address_carries_credentials(folder: Path, kind: str) -> None:
    (source,) = [each for each in shown_sources() if each["kind"] == kind]
    document = {"organisation": "acme", "sources": [source | {"base_url": "https://me:pw@host.example"}]}
    _, problems = examine(yaml.safe_dump(document), folder=folder)
    assert [problem.message for problem in problems if problem.key == "sources[0].base_url"] == [
        "the address carries credentials"
    ]
    assert "pw@" not in str(problems)


@pytest.mark.parametrize("rule", [*KINDS, *SEVERITIES])
def test_the_rules_that_stand_without_settings_would_be_accepted_as_settings(rule: SettingsSection) -> None:
    assert type(rule).model_validate(rule.model_dump()) == rule
