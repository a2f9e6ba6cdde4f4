"""Tables that somebody brings: forms, faults and remedies, the command, and the page about them."""

import json
from pathlib import Path

import duckdb
import pytest

from orchestration.command import main
from orchestration.errors import UsageError
from orchestration.profiles import DatabaseTables, FolderTables, find_profile, profiles, run_profile
from orchestration.profiles.definition import shapes
from tests.dbt_project.profile_tables import Tables

DEVLAKE = find_profile("devlake_1_0")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "profiles.md"
LINKS = "project_incident_deployment_relationships"


def told() -> Tables:
    tables = Tables().deploy("a", "05-04 10:00").deploy("b", "05-05 10:00", brings=["merge-p"], since="sha-a")
    tables.pull_request("p", opened="05-04 11:00", merged="05-04 12:00", commits=["05-04 10:30"])
    tables.comment("c", "p", by="bob", at="05-04 11:15")
    return tables.incident("i", "05-05 11:00", "05-05 12:00")


def write(tables: Tables, folder: Path, form: str = "csv") -> Path:
    """Write the tables as files and as a database beside them."""
    folder.mkdir(exist_ok=True)
    with duckdb.connect(str(folder / "tables.duckdb")) as con:
        tables.attach(con)
        for table in tables.rows:
            target = folder / f"{table}.{form}"
            con.execute(
                f"copy told.\"{table}\" to '{target}'" + (" (header, force_quote *)" if form == "csv" else "")
            )
    return folder


def replace(folder: Path, table: str, before: str, after: str) -> None:
    file = folder / f"{table}.csv"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def test_csv_parquet_and_a_database_give_the_same(tmp_path: Path) -> None:
    csv = run_profile(DEVLAKE, FolderTables(write(told(), tmp_path / "csv")))
    parquet = run_profile(DEVLAKE, FolderTables(write(told(), tmp_path / "parquet", "parquet")))
    database = run_profile(DEVLAKE, DatabaseTables(tmp_path / "csv" / "tables.duckdb", "told"))
    assert csv.results == parquet.results == database.results
    (row,) = csv.results["project_pr_metrics"].to_pylist()
    assert (row["pr_coding_time"], row["pr_pickup_time"], row["deployment_commit_id"]) == (30, 15, "b")


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-04T10:00:00.000+00:00",
        "2026-05-04T12:00:00+02:00",
        "2026-05-04 10:00:00.000",
        "2026-05-04T10:00:00Z",
    ],
)
def test_instants_are_read_in_every_iso_form(tmp_path: Path, written: str) -> None:
    folder = write(told(), tmp_path / "t")
    replace(folder, "cicd_deployment_commits", "2026-05-04 10:00:00", written)
    rows = run_profile(DEVLAKE, FolderTables(folder), only=["cicd_deployment_commits"]).results
    first = rows["cicd_deployment_commits"].to_pylist()[0]
    assert first["finished_date"].isoformat() == "2026-05-04T10:00:00+00:00"


def test_the_word_null_is_an_empty_value(tmp_path: Path) -> None:
    folder = write(told(), tmp_path / "t")
    replace(folder, "pull_requests", '"2026-05-04 12:00:00"', "NULL")
    assert run_profile(DEVLAKE, FolderTables(folder)).results["project_pr_metrics"].num_rows == 0


def fault(folder: Path, *only: str) -> str:
    with pytest.raises(UsageError) as raised:
        run_profile(DEVLAKE, FolderTables(folder), only=only)
    return str(raised.value)


def test_every_missing_table_is_named_with_the_columns_that_it_needs(tmp_path: Path) -> None:
    folder = write(told(), tmp_path / "t")
    for table in ("commits_diffs", "incidents"):
        (folder / f"{table}.csv").unlink()
    message = fault(folder)
    assert (
        "there is no table commits_diffs. Add it with the columns new_commit_sha, old_commit_sha, commit_sha."
        in message
    )
    assert (
        "there is no table incidents (or issues and board_issues). Add it with the columns id, table"
        in message
    )
    assert str(folder) in message


def test_a_result_needs_only_its_own_tables(tmp_path: Path) -> None:
    folder = write(told(), tmp_path / "t")
    (folder / "commits_diffs.csv").unlink()
    (folder / "pull_requests.csv").unlink()
    assert run_profile(DEVLAKE, FolderTables(folder), only=[LINKS]).results[LINKS].num_rows == 1
    assert "there is no table pull_requests" in fault(folder, "project_pr_metrics")


def test_a_missing_column_is_named_with_its_meaning(tmp_path: Path) -> None:
    folder = write(told(), tmp_path / "t")
    replace(folder, "pull_requests", "merge_commit_sha", "sha")
    assert "pull_requests has no column merge_commit_sha: Commit that the merge left behind. Add it" in fault(
        folder
    )


def test_a_value_of_the_wrong_type_is_named_with_its_column_and_what_it_should_be(tmp_path: Path) -> None:
    folder = write(told(), tmp_path / "t")
    replace(folder, "pull_requests", "2026-05-04 12:00:00", "yesterday")
    message = fault(folder)
    assert (
        "pull_requests.merged_date holds values that are not an instant such as 2026-05-04 10:00:00"
        in message
    )
    assert "1 of them, among them 'yesterday'. Mend them, or leave them empty." in message


def test_a_column_of_the_wrong_type_is_named(tmp_path: Path) -> None:
    folder = write(told(), tmp_path / "t", "parquet")
    file = folder / "incidents.parquet"
    duckdb.sql(f"select * replace (17 as created_date) from '{file}'").write_parquet(
        str(folder / "other.parquet")
    )
    (folder / "other.parquet").replace(file)
    assert "incidents.created_date has the type INTEGER. Make its values an instant" in fault(folder)


def test_a_column_that_holds_nothing_may_have_any_type(tmp_path: Path) -> None:
    folder = write(told(), tmp_path / "t", "parquet")
    file = folder / "incidents.parquet"
    query = f"select * replace (cast(null as double) as resolution_date) from '{file}'"
    duckdb.sql(query).write_parquet(str(folder / "other.parquet"))
    (folder / "other.parquet").replace(file)
    assert run_profile(DEVLAKE, FolderTables(folder)).results[LINKS].num_rows == 1


def test_a_key_that_stands_twice_is_named(tmp_path: Path) -> None:
    tables = told().deploy("a", "05-06 10:00")
    assert "cicd_deployment_commits has 2 different rows with id = a." in fault(write(tables, tmp_path / "t"))


def test_equal_rows_are_one(tmp_path: Path) -> None:
    tables = told().deploy("a", "05-04 10:00")
    assert run_profile(DEVLAKE, FolderTables(write(tables, tmp_path / "t"))).results[LINKS].num_rows == 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: FolderTables(folder / "none"), "is no folder"),
        (lambda folder: DatabaseTables(folder / "none.duckdb"), "is no file"),
        (lambda folder: DatabaseTables(folder / "pull_requests.csv"), "cannot be read as a DuckDB database"),
        (lambda folder: DatabaseTables(folder / "tables.duckdb", "elsewhere"), "there is no table"),
    ],
)
def test_a_place_without_tables_is_named(tmp_path: Path, make: object, message: str) -> None:
    folder = write(told(), tmp_path / "t")
    with pytest.raises(UsageError, match=message):
        run_profile(DEVLAKE, make(folder))  # type: ignore[operator]


def test_issues_of_type_incident_stand_in_for_incidents(tmp_path: Path) -> None:
    folder = write(told(), tmp_path / "t")
    (folder / "incidents.csv").unlink()
    (folder / "issues.csv").write_text(
        "id,type,created_date,resolution_date\ni,INCIDENT,2026-05-05 11:00:00,\nb,BUG,2026-05-05 11:00:00,\n"
    )
    assert "there is no table board_issues" in fault(folder)
    (folder / "board_issues.csv").write_text("board_id,issue_id\nshop,i\nshop,b\n")
    rows = run_profile(DEVLAKE, FolderTables(folder)).results[LINKS].to_pylist()
    assert [(row["id"], row["deployment_id"]) for row in rows] == [("i", "D-b")]


def test_an_incident_that_is_an_issue_too_counts_once(tmp_path: Path) -> None:
    folder = write(told(), tmp_path / "t")
    (folder / "issues.csv").write_text(
        "id,type,created_date,resolution_date\n"
        "i,INCIDENT,2026-05-04 11:00:00,\nj,INCIDENT,2026-05-04 11:00:00,\n"
    )
    (folder / "board_issues.csv").write_text("board_id,issue_id\nshop,i\nshop,j\n")
    rows = run_profile(DEVLAKE, FolderTables(folder)).results[LINKS].to_pylist()
    assert {row["id"]: row["deployment_id"] for row in rows} == {"i": "D-b", "j": "D-a"}


def test_dates_of_authoring_come_from_the_commits_where_the_pull_requests_lack_them(tmp_path: Path) -> None:
    folder = write(told(), tmp_path / "t")
    (folder / "pull_request_commits.csv").write_text("pull_request_id,commit_sha\np,x\n")
    assert (
        run_profile(DEVLAKE, FolderTables(folder)).results["project_pr_metrics"]["pr_coding_time"][0].as_py()
        is None
    )
    (folder / "commits.csv").write_text("sha,authored_date\nx,2026-05-04 10:00:00\n")
    assert (
        run_profile(DEVLAKE, FolderTables(folder)).results["project_pr_metrics"]["pr_coding_time"][0].as_py()
        == 60
    )


def test_without_a_range_it_is_that_of_the_deployments(tmp_path: Path) -> None:
    rows = run_profile(DEVLAKE, FolderTables(write(told(), tmp_path / "t"))).results["values"].to_pylist()
    assert {row["metric"]: row["value"] for row in rows} == {
        "deployment_frequency": 2,
        "change_lead_time": 30 + 60 + 22 * 60,
        "change_fail_rate": 0.5,
        "failed_deployment_recovery_time": 120,
    }


def test_the_command_writes_the_same_bytes_every_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(told(), tmp_path / "t")
    for out in ("one", "two"):
        arguments = [
            "profile",
            "devlake_1_0",
            "--tables",
            str(folder),
            "--from",
            "2026-05-01",
            "--until",
            "2026-06-01",
        ]
        assert main([*arguments, "--output", str(tmp_path / out)]) == 0
    names = sorted(file.name for file in (tmp_path / "one").iterdir())
    assert names == sorted(f"{result.name}.csv" for result in DEVLAKE.results)
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert "deployment days per week" in capsys.readouterr().out.replace("\n", " ")


def test_the_command_answers_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(told(), tmp_path / "t")
    given = ["--result", LINKS, "--database", str(folder / "tables.duckdb"), "--schema", "told", "--json"]
    assert main(["profile", "devlake_1_0", *given]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["results"] == {LINKS: [{"id": "i", "project_name": "shop", "deployment_id": "D-b"}]}


@pytest.mark.parametrize(
    "arguments",
    [
        ["devlake_9"],
        ["devlake_1_0"],
        ["devlake_1_0", "--result", "everything"],
        ["devlake_1_0", "--given", "values"],
        ["devlake_1_0", "--from", "soon"],
        ["devlake_1_0", "--time-zone", "Mars/Base", "--from", "2026-05-01"],
        ["devlake_1_0", "--time-zone", "Mars/Base"],
        ["devlake_1_0", "--from", "2026-06-01", "--until", "2026-05-01"],
    ],
)
def test_a_wrong_request_ends_with_2(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    where = [] if arguments == ["devlake_1_0"] else ["--tables", str(write(told(), tmp_path / "t"))]
    assert main(["profile", *arguments, *where]) == 2
    assert capsys.readouterr().err


def test_without_a_name_the_profiles_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile"]) == 0
    assert [profile.name for profile in profiles() if profile.name not in capsys.readouterr().out] == []


def test_the_page_describes_every_table_column_formula_and_reason() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for shape in shapes().values():
        assert f"### {shape.table}\n" in page
        for column in shape.columns:
            optional = " (optional)" if column.is_optional else ""
            assert f"| `{column.name}`{optional} | {column.data_type} | {column.description} |" in page, (
                column.name
            )
    for profile in profiles():
        assert f"`{profile.name}`" in page
        for metric in profile.metrics:
            assert f"| `{metric.name}` | {metric.formula} | {metric.unit} |" in page, metric.name
        for code, sentence in profile.reasons.items():
            assert f"- `{code}`: {sentence}" in page, code
