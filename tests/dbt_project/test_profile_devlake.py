"""The profile devlake_1_0 over tables told by hand: every clause of DEFINITIONS §3 and its quirks."""

from collections.abc import Sequence
from decimal import Decimal

import duckdb
import pytest
from jinja2 import Environment

from orchestration.profiles.rendering import PROJECT
from tests.dbt_project.profile_tables import Tables, at

MAY = ("05-04 00:00", "06-01 00:00")  # Monday the 4th to Sunday the 31st: four whole weeks
METRICS = "project_pr_metrics"
LINKS = "project_incident_deployment_relationships"


def previous(tables: Tables, **more: bool) -> dict[str, str | None]:
    rows = tables.result("cicd_deployment_commits", **more)
    return {name: row["prev_success_deployment_commit_id"] for name, row in rows.items()}


def link(tables: Tables, incident: str, project: str = "shop") -> str | None:
    row = tables.result(LINKS, "project_name", "id").get((project, incident))
    return row["deployment_id"] if row else None


class TestPreviousSuccess:
    def test_the_first_has_none_and_each_other_has_the_one_that_ended_before(self) -> None:
        tables = Tables().deploy("c", "05-06 10:00").deploy("a", "05-04 10:00").deploy("b", "05-05 10:00")
        assert previous(tables) == {"a": None, "b": "a", "c": "b"}

    def test_the_order_is_that_of_the_ends_and_not_of_the_starts(self) -> None:
        tables = Tables().deploy("slow", "05-04 12:00", start="05-04 08:00")
        tables.deploy("quick", "05-04 10:00", start="05-04 09:00")
        assert previous(tables) == {"quick": None, "slow": "quick"}

    def test_ends_at_the_same_time_are_told_apart_by_id(self) -> None:
        tables = Tables().deploy("b", "05-04 10:00").deploy("a", "05-04 10:00").deploy("c", "05-04 10:00")
        assert previous(tables) == {"a": None, "b": "a", "c": "b"}

    def test_a_failure_is_neither_a_previous_success_nor_has_one(self) -> None:
        tables = Tables().deploy("a", "05-04 10:00").deploy("b", "05-05 10:00", result="FAILURE")
        assert previous(tables.deploy("c", "05-06 10:00")) == {"a": None, "b": None, "c": "a"}

    @pytest.mark.parametrize("other", [{"of": "cart"}, {"repository": "lib.git"}, {"environment": "STAGING"}])
    def test_another_scope_repository_or_environment_is_another_line(self, other: dict[str, str]) -> None:
        tables = Tables().project("shop", "cart").deploy("a", "05-04 10:00")
        tables.deploy("x", "05-05 10:00", **other).deploy("b", "05-06 10:00")
        assert previous(tables) == {"a": None, "x": None, "b": "a"}

    @pytest.mark.parametrize("fault", [{"environment": ""}, {"start": None, "end": None}])
    def test_what_has_no_environment_or_no_end_is_left_out(self, fault: dict[str, str | None]) -> None:
        tables = Tables().deploy("a", "05-04 10:00")
        told = {"end": "05-05 10:00", **fault}
        tables.deploy("x", told.pop("end"), **told)  # type: ignore[arg-type]
        assert previous(tables.deploy("b", "05-06 10:00")) == {"a": None, "x": None, "b": "a"}

    def test_several_repositories_of_one_deployment_have_their_own_lines(self) -> None:
        tables = Tables()
        for day in (4, 5):
            for repository in ("app", "lib"):
                name = f"{repository}{day}"
                tables.deploy(name, f"05-0{day} 10:00", repository=repository, deployment=f"D{day}")
        assert previous(tables) == {"app4": None, "app5": "app4", "lib4": None, "lib5": "lib4"}

    def test_links_that_the_table_brings_are_kept_unless_they_are_to_be_derived(self) -> None:
        tables = Tables().deploy("a", "05-04 10:00").deploy("b", "05-05 10:00")
        tables.deploy("c", "05-06 10:00", previous="a")
        assert previous(tables) == {"a": None, "b": None, "c": "a"}
        assert previous(tables, keep_links=False) == {"a": None, "b": "a", "c": "b"}


def reviewed() -> Tables:
    """One pull request in all its phases: 60 minutes, 30, 90 and a day."""
    tables = Tables().deploy("a", "05-01 10:00")
    tables.pull_request("p", opened="05-04 10:00", merged="05-04 12:00", commits=["05-04 09:00"])
    tables.comment("first", "p", by="bob", at="05-04 10:30")
    return tables.deploy("b", "05-05 12:00", brings=["merge-p"], since="sha-a")


class TestPullRequests:
    def test_the_phases_of_a_deployed_pull_request(self) -> None:
        row = reviewed().result(METRICS)["p"]
        assert {name: row[name] for name in row if name.startswith("pr_") and name.endswith("_time")} == {
            "pr_coding_time": 60,
            "pr_pickup_time": 30,
            "pr_review_time": 90,
            "pr_deploy_time": 1440,
            "pr_cycle_time": 60 + 120 + 1440,
        }
        assert (row["first_commit_sha"], row["first_review_id"]) == ("p-1", "first")
        assert (row["deployment_commit_id"], row["pr_deployed_date"]) == ("b", at("05-05 12:00"))

    def test_an_unmerged_pull_request_has_no_row_and_one_of_two_projects_has_two(self) -> None:
        tables = reviewed().project("all", "shop")
        tables.pull_request("open", opened="05-04 10:00", merged=None)
        assert set(tables.result(METRICS, "project_name", "id")) == {("shop", "p"), ("all", "p")}

    @pytest.mark.parametrize(
        ("opened", "minutes"),
        [
            ("05-04 09:00:00", 0),
            ("05-04 09:00:01", 1),
            ("05-04 09:01:00", 1),
            ("05-04 09:01:00.000001", 2),
            ("05-04 08:59:01", 0),  # a fraction of a minute before rounds up to none
            ("05-04 08:59:00", None),
            ("05-03 09:00:00", None),
        ],
    )
    def test_minutes_are_whole_and_rounded_up_and_negative_ones_empty(
        self, opened: str, minutes: int | None
    ) -> None:
        tables = Tables().pull_request("p", opened=opened, merged="05-05 09:00", commits=["05-04 09:00"])
        assert tables.result(METRICS)["p"]["pr_coding_time"] == minutes

    def test_coding_begins_with_the_commit_that_was_authored_first(self) -> None:
        commits = ["05-04 09:30", "05-04 09:00", "05-04 09:45"]
        tables = Tables().pull_request("p", opened="05-04 10:00", merged="05-04 12:00", commits=commits)
        row = tables.result(METRICS)["p"]
        assert (row["first_commit_sha"], row["pr_coding_time"]) == ("p-2", 60)

    def test_without_commits_the_cycle_counts_no_coding(self) -> None:
        tables = Tables().pull_request("p", opened="05-04 10:00", merged="05-04 12:00")
        row = tables.result(METRICS)["p"]
        assert (row["first_commit_sha"], row["pr_coding_time"], row["pr_cycle_time"]) == (None, None, 120)

    def test_without_comments_there_is_neither_pickup_nor_review(self) -> None:
        tables = Tables().pull_request("p", opened="05-04 10:00", merged="05-04 12:00")
        row = tables.result(METRICS)["p"]
        assert (row["first_review_id"], row["pr_pickup_time"], row["pr_review_time"]) == (None, None, None)

    def test_the_authors_own_comments_are_no_review(self) -> None:
        tables = Tables().pull_request("p", opened="05-04 10:00", merged="05-04 12:00", author="ann")
        tables.comment("own", "p", by="ann", at="05-04 10:10")
        assert tables.result(METRICS)["p"]["first_review_id"] is None
        tables.comment("late", "p", by="bob", at="05-04 11:00").comment(
            "soon", "p", by="cyd", at="05-04 10:20"
        )
        row = tables.result(METRICS)["p"]
        assert (row["first_review_id"], row["pr_pickup_time"], row["pr_review_time"]) == ("soon", 20, 100)

    def test_a_comment_of_no_account_is_nobodys(self) -> None:
        tables = Tables().pull_request("p", opened="05-04 10:00", merged="05-04 12:00")
        assert (
            tables.comment("c", "p", by=None, at="05-04 11:00").result(METRICS)["p"]["pr_pickup_time"] is None
        )

    def test_without_a_known_author_everybody_is_another(self) -> None:
        tables = Tables().pull_request("p", opened="05-04 10:00", merged="05-04 12:00", author=None)
        assert (
            tables.comment("c", "p", by="ann", at="05-04 11:00").result(METRICS)["p"]["pr_pickup_time"] == 60
        )

    def test_a_comment_after_the_merge_is_a_pickup_and_its_review_is_empty(self) -> None:
        tables = Tables().pull_request("p", opened="05-04 10:00", merged="05-04 12:00")
        row = tables.comment("c", "p", by="bob", at="05-04 13:00").result(METRICS)["p"]
        assert (row["pr_pickup_time"], row["pr_review_time"], row["pr_cycle_time"]) == (180, None, 120)

    def test_a_comment_before_the_opening_has_no_pickup_and_a_review(self) -> None:
        tables = Tables().pull_request("p", opened="05-04 10:00", merged="05-04 12:00")
        row = tables.comment("c", "p", by="bob", at="05-04 09:00").result(METRICS)["p"]
        assert (row["pr_pickup_time"], row["pr_review_time"]) == (None, 180)

    def test_a_merge_before_the_opening_leaves_the_cycle_empty(self) -> None:
        tables = Tables().pull_request(
            "p", opened="05-04 10:00", merged="05-04 08:00", commits=["05-04 07:00"]
        )
        row = tables.result(METRICS)["p"]
        assert (row["pr_coding_time"], row["pr_cycle_time"]) == (180, None)

    def test_merged_without_deployment_it_counts_coding_and_the_time_open(self) -> None:
        tables = Tables().deploy("a", "05-01 10:00").deploy("b", "05-05 10:00", brings=["x"], since="sha-a")
        tables.pull_request("p", opened="05-04 10:00", merged="05-04 12:00", commits=["05-04 09:00"])
        row = tables.result(METRICS)["p"]
        assert (row["deployment_commit_id"], row["pr_deploy_time"], row["pr_cycle_time"]) == (None, None, 180)

    def test_a_deployment_that_ended_before_the_merge_is_named_and_its_time_is_empty(self) -> None:
        tables = (
            Tables().deploy("a", "05-01 10:00").deploy("b", "05-04 11:00", brings=["merge-p"], since="sha-a")
        )
        row = tables.pull_request("p", opened="05-04 10:00", merged="05-04 12:00").result(METRICS)["p"]
        assert (row["deployment_commit_id"], row["pr_deploy_time"], row["pr_cycle_time"]) == ("b", None, 120)

    def test_a_deployment_without_a_predecessor_takes_no_pull_request(self) -> None:
        tables = Tables().deploy("a", "05-05 10:00", brings=["merge-p"])
        tables.pull_request("p", opened="05-04 10:00", merged="05-04 12:00")
        assert tables.result(METRICS)["p"]["deployment_commit_id"] is None

    @pytest.mark.parametrize("other", [{"result": "FAILURE"}, {"environment": "STAGING"}, {"of": "cart"}])
    def test_only_successful_production_deployments_of_the_project_take_it(
        self, other: dict[str, str]
    ) -> None:
        tables = Tables().project("carts", "cart")
        for name, day in (("a", 1), ("b", 5)):
            tables.deploy(
                name, f"05-0{day} 10:00", brings=["merge-p"] if name == "b" else [], since="sha-a", **other
            )
        tables.pull_request("p", opened="05-04 10:00", merged="05-04 12:00")
        assert tables.result(METRICS)["p"]["deployment_commit_id"] is None

    def test_of_several_deployments_that_contain_it_the_earliest_started_counts(self) -> None:
        tables = Tables().deploy("a", "05-01 10:00")
        tables.deploy("b", "05-05 10:00", start="05-05 09:30", brings=["merge-p"], since="sha-a")
        tables.deploy("c", "05-05 11:00", start="05-05 09:00", brings=["merge-p"], since="sha-b")
        tables.pull_request("p", opened="05-04 10:00", merged="05-04 12:00")
        row = tables.result(METRICS)["p"]
        assert (row["deployment_commit_id"], row["pr_deploy_time"]) == ("c", 23 * 60)

    def test_the_difference_must_be_to_the_previous_success_itself(self) -> None:
        tables = Tables().deploy("a", "05-01 10:00").deploy("b", "05-03 10:00")
        tables.deploy("c", "05-05 10:00", brings=["merge-p"], since="sha-a")
        tables.pull_request("p", opened="05-04 10:00", merged="05-04 12:00")
        assert tables.result(METRICS)["p"]["deployment_commit_id"] is None

    def test_a_pull_request_without_a_merge_commit_is_in_no_deployment(self) -> None:
        tables = Tables().deploy("a", "05-01 10:00").deploy("b", "05-05 10:00", brings=[""], since="sha-a")
        tables.pull_request("p", opened="05-04 10:00", merged="05-04 12:00", sha="")
        assert tables.result(METRICS)["p"]["deployment_commit_id"] is None


class TestIncidents:
    def test_it_is_the_latest_before_however_long_ago_and_strictly_before(self) -> None:
        tables = Tables().deploy("a", "01-01 10:00").deploy("b", "05-04 10:00")
        tables.incident("same instant", "05-04 10:00").incident("after", "05-04 10:00:01")
        assert link(tables, "same instant") == "D-a"
        assert link(tables, "after") == "D-b"

    def test_before_any_deployment_there_is_no_link(self) -> None:
        tables = Tables().deploy("a", "05-04 10:00").incident("i", "05-04 10:00").incident("j", "05-03 10:00")
        assert (link(tables, "i"), link(tables, "j")) == (None, None)

    def test_any_scope_of_the_project_takes_it_and_none_of_another(self) -> None:
        tables = Tables().project("shop", "cart").project("books", "books")
        tables.deploy("own", "05-04 08:00").deploy("cart", "05-04 09:00", of="cart")
        tables.deploy("books", "05-04 09:30", of="books").incident("i", "05-04 10:00", of="shop")
        assert link(tables, "i") == "D-cart"

    @pytest.mark.parametrize("other", [{"result": "FAILURE"}, {"environment": "STAGING"}])
    def test_failed_deployments_and_other_environments_take_none(self, other: dict[str, str]) -> None:
        tables = Tables().deploy("a", "05-04 08:00").deploy("b", "05-04 09:00", **other)
        assert link(tables.incident("i", "05-04 10:00"), "i") == "D-a"

    def test_of_rows_that_end_together_the_lowest_id_takes_it(self) -> None:
        tables = Tables().deploy("b", "05-04 09:00").deploy("a", "05-04 09:00")
        assert link(tables.incident("i", "05-04 10:00"), "i") == "D-a"

    def test_a_row_of_a_deployment_counts_when_it_ends_and_not_when_the_last_one_does(self) -> None:
        tables = Tables().deploy("a1", "05-04 09:00", deployment="D", repository="app")
        tables.deploy("a2", "05-04 11:00", deployment="D", repository="lib")
        assert link(tables.incident("i", "05-04 10:00"), "i") == "D"

    def test_an_incident_on_two_boards_of_a_project_has_one_link(self) -> None:
        tables = Tables().project("shop", "cart").deploy("a", "05-04 08:00")
        tables.incident("i", "05-04 10:00").incident("i", "05-04 10:00", of="cart")
        assert len(tables.run(LINKS).results[LINKS]) == 1


def frequency(tables: Tables, begin: str = MAY[0], end: str = MAY[1], **more: str) -> tuple[int, int]:
    row = tables.value("deployment_frequency", begin, end, **more)
    return int(row["value"]), row["n"]


def deployed_on(*days: str) -> Tables:
    tables = Tables()
    for place, day in enumerate(days):
        tables.deploy(f"d{place}", f"{day} 10:00")
    return tables


class TestFrequency:
    def test_several_deployments_on_a_day_are_one_day(self) -> None:
        assert frequency(deployed_on("05-04", "05-04", "05-05"), end="05-11 00:00") == (2, 1)

    def test_weeks_without_a_deployment_are_zeros(self) -> None:
        assert frequency(deployed_on("05-04", "05-05", "05-06")) == (0, 4)
        assert frequency(deployed_on("05-04", "05-05", "05-11", "05-18")) == (1, 4)

    def test_without_any_deployment_it_is_zero(self) -> None:
        assert frequency(Tables()) == (0, 4)

    def test_weeks_begin_on_monday(self) -> None:
        assert frequency(deployed_on("05-10", "05-11"), end="05-18 00:00") == (1, 2)

    def test_a_range_cuts_its_first_and_last_week(self) -> None:
        tables = deployed_on("05-05", "05-06", "05-07", "05-11", "05-12", "05-13")
        assert frequency(tables, "05-06 00:00", "05-13 00:00") == (2, 2)
        assert frequency(tables, "05-04 00:00", "05-18 00:00") == (3, 2)

    def test_a_deployment_counts_on_the_day_of_its_last_row(self) -> None:
        tables = Tables().deploy("a", "05-04 23:00", deployment="D", repository="app")
        tables.deploy("b", "05-05 01:00", deployment="D", repository="lib")
        assert frequency(tables, "05-04 00:00", "05-05 00:00") == (0, 1)
        assert frequency(tables, "05-05 00:00", "05-06 00:00") == (1, 1)

    def test_a_failed_row_does_not_move_a_deployments_day(self) -> None:
        tables = Tables().deploy("a", "05-04 23:00", deployment="D", repository="app")
        tables.deploy("b", "05-05 01:00", deployment="D", repository="lib", result="FAILURE")
        assert frequency(tables, "05-04 00:00", "05-05 00:00") == (1, 1)

    def test_days_are_those_of_the_zone(self) -> None:
        tables = Tables().deploy("a", "05-04 23:00").deploy("b", "05-05 01:00")
        assert frequency(tables, end="05-11 00:00") == (2, 1)
        assert frequency(tables, end="05-10 22:00", zone="Europe/Berlin") == (1, 1)

    @pytest.mark.parametrize("other", [{"result": "FAILURE"}, {"environment": "STAGING"}, {"of": "cart"}])
    def test_only_successful_production_deployments_of_the_project_count(self, other: dict[str, str]) -> None:
        tables = Tables().project("carts", "cart").deploy("a", "05-04 10:00", **other)
        assert frequency(tables, end="05-11 00:00") == (0, 1)


def deployed_pull_requests(*minutes: int) -> Tables:
    """Pull requests that were open for some minutes and deployed at their merge, one a day."""
    tables = Tables().deploy("d0", "05-03 10:00")
    for place, each in enumerate(minutes, start=1):
        name, day = f"p{place}", f"05-{3 + place:02}"
        tables.pull_request(name, opened=f"{day} 00:00", merged=f"{day} {each // 60:02}:{each % 60:02}")
        tables.deploy(
            f"d{place}",
            f"{day} {each // 60:02}:{each % 60:02}",
            brings=[f"merge-{name}"],
            since=f"sha-d{place - 1}",
        )
    return tables


class TestLeadTime:
    @pytest.mark.parametrize(
        ("minutes", "expected"),
        [
            ([7], 7),
            ([9, 5], 5),
            ([9, 5, 7], 7),
            ([1, 2, 3, 4], 2),
            ([5, 5, 1], 5),
            ([1, 5, 5, 5], 5),
            ([1, 1, 9], 1),
        ],
    )
    def test_it_is_the_lower_median(self, minutes: Sequence[int], expected: int) -> None:
        row = deployed_pull_requests(*minutes).value("change_lead_time", *MAY)
        assert (row["value"], row["n"]) == (expected, len(minutes))

    def test_the_end_of_the_deployment_decides_the_range_and_not_the_merge(self) -> None:
        tables = reviewed()  # merged on the 4th, deployed on the 5th at 12:00
        assert tables.value("change_lead_time", "05-04 00:00", "05-05 00:00")["n"] == 0
        assert tables.value("change_lead_time", "05-05 00:00", "05-05 12:00")["n"] == 0
        row = tables.value("change_lead_time", "05-05 12:00", "05-05 12:01")
        assert (row["value"], row["n"]) == (1620, 1)

    def test_pull_requests_without_deployment_or_cycle_are_left_out(self) -> None:
        tables = reviewed().pull_request("lost", opened="05-04 10:00", merged="05-05 11:00")
        tables.pull_request("odd", opened="05-04 10:00", merged="05-04 08:00", sha="merge-p")
        row = tables.value("change_lead_time", *MAY)
        assert (row["value"], row["n"]) == (1620, 1)

    def test_without_any_it_is_empty(self) -> None:
        row = Tables().value("change_lead_time", *MAY)
        assert (row["value"], row["n"]) == (None, 0)

    def test_given_metrics_of_pull_requests_are_taken_as_they_are(self) -> None:
        tables = reviewed()
        tables.rows[METRICS] = []
        with_given = _with_given(tables, METRICS, pr_cycle_time="77", deployment_commit_id="b", id="p")
        row = with_given.value("change_lead_time", *MAY, given=[METRICS])
        assert row["value"] == 77


def _with_given(tables: Tables, table: str, **row: str) -> "GivenBeside":
    return GivenBeside(tables.rows, extra={table: {"project_name": "shop", **row}})


class GivenBeside(Tables):
    """Tables with one more table of one row."""

    def __init__(self, rows: dict[str, list[dict[str, object]]], *, extra: dict[str, dict[str, str]]) -> None:
        self.rows = {name: each for name, each in rows.items() if name not in extra}
        self.extra = extra

    def attach(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write the rows and the one more."""
        super().attach(connection)
        for table, row in self.extra.items():
            picked = ", ".join(f"'{value}' as {name}" for name, value in row.items())
            connection.execute(f"create table told.{table} as select {picked}")

    def relation(self, connection: duckdb.DuckDBPyConnection, table: str) -> str | None:
        """Return the table that was written."""
        return f"told.{table}" if table in self.extra else super().relation(connection, table)


class TestFailRate:
    def test_a_deployment_with_two_incidents_failed_once(self) -> None:
        tables = deployed_on("05-04", "05-05", "05-06")
        tables.incident("i", "05-04 11:00").incident("j", "05-04 12:00")
        row = tables.value("change_fail_rate", *MAY)
        assert (row["value"], row["numerator"], row["n"]) == (Decimal("0.333333333"), 1, 3)

    def test_an_incident_after_the_range_fails_the_deployment_within_it(self) -> None:
        tables = deployed_on("05-04").incident("i", "06-20 10:00")
        assert tables.value("change_fail_rate", *MAY)["value"] == 1

    def test_an_incident_in_the_range_of_a_deployment_before_it_counts_nowhere(self) -> None:
        tables = deployed_on("05-01").incident("i", "05-10 10:00")
        row = tables.value("change_fail_rate", *MAY)
        assert (row["value"], row["n"]) == (None, 0)

    def test_rows_of_one_deployment_are_one_deployment(self) -> None:
        tables = Tables().deploy("a", "05-04 09:00", deployment="D", repository="app")
        tables.deploy("b", "05-04 10:00", deployment="D", repository="lib").incident("i", "05-04 11:00")
        row = tables.value("change_fail_rate", *MAY)
        assert (row["value"], row["n"]) == (1, 1)

    def test_given_links_are_taken_as_they_are(self) -> None:
        tables = deployed_on("05-04", "05-05").incident("i", "05-06 10:00")
        assert tables.value("change_fail_rate", *MAY)["numerator"] == 1
        given = _with_given(tables, LINKS, id="nobody", deployment_id="D-d0")
        assert given.value("change_fail_rate", *MAY, given=[LINKS])["numerator"] == 0
        given = _with_given(tables, LINKS, id="i", deployment_id="D-d0")
        row = given.value("failed_deployment_recovery_time", *MAY, given=[LINKS])
        assert row["n"] == 0


def recovery(tables: Tables, begin: str = MAY[0], end: str = MAY[1]) -> tuple[Decimal | None, int]:
    row = tables.value("failed_deployment_recovery_time", begin, end)
    return row["value"], row["n"]


class TestRecovery:
    def test_it_runs_from_the_end_of_the_deployment_to_the_resolution(self) -> None:
        tables = deployed_on("05-04").incident("i", "05-04 11:00", "05-04 12:30:59")
        assert recovery(tables) == (150, 1)

    def test_it_runs_from_the_last_row_of_the_deployment(self) -> None:
        tables = Tables().deploy("a", "05-04 09:00", deployment="D", repository="app")
        tables.deploy("b", "05-04 11:00", deployment="D", repository="lib")
        assert recovery(tables.incident("i", "05-04 10:00", "05-04 12:00")) == (60, 1)

    def test_both_ends_must_lie_in_the_range(self) -> None:
        tables = deployed_on("05-04").incident("i", "05-04 11:00", "05-06 10:00")
        assert recovery(tables, "05-04 00:00", "05-06 00:00") == (None, 0)
        assert recovery(tables, "05-05 00:00", "05-07 00:00") == (None, 0)
        assert recovery(tables, "05-04 10:00", "05-06 10:01") == (48 * 60, 1)
        assert recovery(tables, "05-04 10:00", "05-06 10:00") == (None, 0)

    def test_an_open_incident_fails_its_deployment_and_has_no_recovery(self) -> None:
        tables = deployed_on("05-04").incident("i", "05-04 11:00")
        assert recovery(tables) == (None, 0)
        assert tables.value("change_fail_rate", *MAY)["value"] == 1

    def test_two_incidents_of_a_deployment_are_two_recoveries_and_the_lower_counts(self) -> None:
        tables = deployed_on("05-04").incident("i", "05-04 11:00", "05-04 12:00")
        assert recovery(tables.incident("j", "05-04 11:00", "05-04 20:00")) == (120, 2)


@pytest.mark.parametrize(
    "values",
    [[3], [3, 4], [4, 3, 8], [1, 2, 3, 4], [2, 2], [2, 2, 9], [1, 9, 9, 9], [1, 1, 9, 9], [7, 1, 7, 3, 7]],
)
def test_the_lower_median_is_the_largest_value_with_a_percent_rank_of_at_most_one_half(
    values: Sequence[int],
) -> None:
    macros = (PROJECT / "macros" / "profiles_formulas.sql").read_text(encoding="utf-8")
    expression = Environment(autoescape=False).from_string(macros + "{{ lower_median('v') }}").render()  # noqa: S701
    con = duckdb.connect(":memory:")
    con.execute("create table t as select unnest($1) as v", [list(values)])
    ranked = "select max(v) from (select v, percent_rank() over (order by v) as r from t) where r <= 0.5"
    assert con.sql(f"select {expression} from t").fetchall() == con.sql(ranked).fetchall()
