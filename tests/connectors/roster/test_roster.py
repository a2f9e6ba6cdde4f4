import csv
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from connectors.files import chunks
from connectors.roster.settings import RosterSettings
from tests.connectors.files.file_source import current, extract, given, opened
from tests.connectors.workspace import landed, open_store, windows

HEADER = (
    "person_id,name,email,manager_id,employment_from,employment_until,valid_from,valid_until,fte_ratio,team\n"
)
ADA = "p1,Ada Example,ada@example.invalid,,2024-01-01,,2024-01-01,2025-01-01,1,payments\n"
ADA_PART_TIME = "p1,Ada Example,ada@example.invalid,p2,2024-01-01,,2025-01-01,,0.5,payments\n"
BO = 'p2,"Bo ""B"" Example\nof the second line",bo@example.invalid,,2023-05-01,2026-05-01,,,1,search\n'


def roster(folder: Path, text: str | bytes, *, name: str = "people.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusal(tmp_path: Path, text: str | bytes, **settings: object) -> str:
    """Extract a roster that is refused: nothing of it lands; the message."""
    roster(tmp_path, text)
    with open_store(tmp_path / "ws") as store:
        reports = extract(store, tmp_path, kind="roster", people="people.csv", **settings)
        assert landed(store, "files") == []
        assert windows(store, "files") == []
        (failure,) = reports["files"].failures
        return str(failure.error)


def test_a_roster_is_landed_as_given_and_as_records(tmp_path: Path) -> None:
    text = HEADER + ADA + ADA_PART_TIME + BO
    roster(tmp_path, text)
    with open_store(tmp_path / "ws") as store:
        reports = extract(store, tmp_path, kind="roster", people="people.csv")
        assert given(store, "people") == text.encode()
        (page,) = landed(store, "files")
        assert (page["url"], page["method"]) == ("file:people.csv?part=0", "FILE")
        assert str(tmp_path) not in page["headers"]
        people = current(store, "employments")
        assert [(row["line"], row["person"]["id"], row["valid_from"]) for row in people] == [
            (2, "p1", "2024-01-01"),
            (3, "p1", "2025-01-01"),
            (4, "p2", "2023-05-01"),
        ]
        assert people[1]["manager"] == {"id": "p2"}
        assert people[1]["fte_ratio"] == 0.5
        assert people[2]["valid_until"] == "2026-05-01"
        assert reports["employments"].records == 3
        assert windows(store, "employments")[0]["claimed_total"] == 3


def test_an_unchanged_roster_gives_no_new_page(tmp_path: Path) -> None:
    path = roster(tmp_path, HEADER + ADA)
    with open_store(tmp_path / "ws") as store:
        extract(store, tmp_path, kind="roster", people="people.csv")
        os.utime(path, (1, 1))
        reports = extract(store, tmp_path, run_id="again", kind="roster", people="people.csv")
        assert [(each.pages, each.reused_pages) for each in reports.values()] == [
            (0, 1),
            (0, 1),
            (0, 0),
            (0, 0),
        ]
        assert [row["is_changed"] for row in windows(store, "employments")] == [True, False]


def test_somebody_removed_leaves_the_current_set_and_stays_in_evidence(tmp_path: Path) -> None:
    roster(tmp_path, HEADER + ADA + BO)
    with open_store(tmp_path / "ws") as store:
        extract(store, tmp_path, kind="roster", people="people.csv")
        roster(tmp_path, HEADER + ADA)
        extract(store, tmp_path, run_id="later", kind="roster", people="people.csv")
        assert [row["person"]["id"] for row in current(store, "employments")] == ["p1"]
        assert len(landed(store, "files")) == 2
        roster(tmp_path, HEADER + ADA + BO)
        reports = extract(store, tmp_path, run_id="back", kind="roster", people="people.csv")
        assert reports["files"].pages == 0, "the bytes are held already"
        assert len(current(store, "employments")) == 2


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda path: path.unlink(), "not there"),
        (lambda path: path.write_text(HEADER + 'p1,"Ada'), "cut off"),
        (lambda path: path.write_text(HEADER + "p1,Ada,x@example.invalid"), "line 2: The row has 3 fields"),
        (lambda path: path.write_text(HEADER), "no rows"),
        (lambda path: path.write_text(""), "no header"),
    ],
)
def test_a_roster_that_vanishes_or_is_cut_off_keeps_the_old_set(
    tmp_path: Path, damage: Callable[[Path], object], said: str
) -> None:
    path = roster(tmp_path, HEADER + ADA)
    with open_store(tmp_path / "ws") as store:
        extract(store, tmp_path, kind="roster", people="people.csv")
        damage(path)
        reports = extract(store, tmp_path, run_id="later", kind="roster", people="people.csv")
        (failure,) = reports["files"].failures
        assert said in str(failure.error)
        assert reports["files"].windows_closed == 0
        assert len(current(store, "employments")) == 1
        assert not opened(store, tmp_path, kind="roster", people="people.csv").check()[0].is_ok


def test_a_roster_that_grows_while_it_is_read_is_left_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = roster(tmp_path, HEADER + ADA)
    look = os.fstat

    def growing(descriptor: int) -> os.stat_result:
        seen = look(descriptor)
        with path.open("a") as file:
            file.write(BO)
        return seen

    with open_store(tmp_path / "ws") as store:
        source = opened(store, tmp_path, kind="roster", people="people.csv")
        monkeypatch.setattr("connectors.files.snapshots.os.fstat", growing)
        (failure,) = source.extract("files", run_id="run").failures
        assert failure.is_transient
        assert "still being written" in str(failure.error)
        assert landed(store, "files") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            HEADER + ADA.replace("2024-01-01,,", "01.02.2024,,"),
            "line 2, column 'employment_from': '01.02.2024'",
        ),
        (HEADER + BO + ADA.replace(",1,", ",1.2,"), "line 4, column 'fte_ratio': '1.2' lies outside"),
        (HEADER + ADA.replace(",1,", ",-0.1,"), "line 2, column 'fte_ratio': '-0.1' lies outside"),
        (HEADER + ADA.replace(",1,", ",full,"), "line 2, column 'fte_ratio': 'full' is no number"),
        (HEADER + ADA + ADA, "line 3, column 'valid_from': The period overlaps that of line 2"),
        (HEADER + ADA.replace("2025-01-01", "2023-01-01"), "line 2, column 'valid_until': The period ends"),
        (HEADER + ADA.replace("2024-01-01,2025", "2023-01-01,2025"), "outside the employment"),
        (HEADER + ADA.replace("p1", " "), "line 2, column 'person_id': The cell is empty"),
        (HEADER.replace("team", "salary") + ADA, "line 1, column 'salary': Nobody reads this column"),
        (HEADER.replace("team", "Leave-Type") + ADA, "column 'Leave-Type': The column would tell why"),
        (HEADER.replace("team", "name") + ADA, "There are two columns of this name"),
        (HEADER.replace("employment_from", "start") + ADA, "There is no column 'employment_from'"),
        ((HEADER + ADA).replace("Ada", "Adá").encode("latin-1"), "not UTF-8"),
    ],
)
def test_what_cannot_be_right_is_refused_whole_by_line_and_column(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    assert said in refusal(tmp_path, text)


def test_an_error_never_shows_names_or_addresses(tmp_path: Path) -> None:
    message = refusal(tmp_path, HEADER + ADA + ADA)
    assert "Ada" not in message
    assert "@" not in message


def test_exports_of_spreadsheets_are_read(tmp_path: Path) -> None:
    lines = (
        "\ufeffsep=;\r\n"
        "Personalnummer;Eintritt;Austritt;Beschäftigungsgrad;team\r\n"
        '"p1";01.03.2024;31.12.2025;0,8;"a;b"\r\n'
        "p2;01.03.2024;;80 %;\r\n;;;;\r\n"
    )
    roster(tmp_path, lines)
    names = {
        "person_id": "personalnummer",
        "employment_from": "Eintritt",
        "employment_until": "Austritt",
        "fte_ratio": "Beschäftigungsgrad",
    }
    settings = {"columns": names, "date_format": "%d.%m.%Y", "end_dates": "inclusive"}
    with open_store(tmp_path / "ws") as store:
        extract(store, tmp_path, kind="roster", people="people.csv", **settings)
        assert given(store, "people") == lines.encode()
        first, second = current(store, "employments")
        assert (first["line"], first["employment_until"], first["fte_ratio"]) == (3, "2026-01-01", 0.8)
        assert (first["team"], second["team"], second["fte_ratio"]) == ("a;b", None, 0.8)


def test_records_are_made_anew_from_evidence_when_the_settings_read_a_file_otherwise(tmp_path: Path) -> None:
    path = roster(tmp_path, HEADER + BO)
    with open_store(tmp_path / "ws") as store:
        extract(store, tmp_path, kind="roster", people="people.csv")
        path.unlink()
        source = opened(store, tmp_path, kind="roster", people="people.csv", end_dates="inclusive")
        report = source.extract("employments", run_id="again")
        assert (report.pages, report.failures) == (1, ())
        assert current(store, "employments")[0]["employment_until"] == "2026-05-02"


def test_leave_is_days_and_never_their_kind(tmp_path: Path) -> None:
    roster(tmp_path, HEADER + ADA)
    roster(tmp_path, "person_id,from_date,until_date\np1,2026-02-02,2026-02-09\n", name="leave.csv")
    settings = {"kind": "roster", "people": "people.csv", "leave": "leave.csv"}
    with open_store(tmp_path / "ws") as store:
        extract(store, tmp_path, **settings)
        (away,) = current(store, "leave")
        assert away == {
            "line": 2,
            "person": {"id": "p1"},
            "from_date": "2026-02-02",
            "until_date": "2026-02-09",
        }
        roster(tmp_path, "person_id,from_date,until_date,why\np1,2026-02-02,2026-02-09,x\n", name="leave.csv")
        reports = extract(store, tmp_path, run_id="later", **settings)
        assert "never their kind" in str(reports["leave_files"].failures[0].error)
        assert reports["files"].failures == ()
        assert len(current(store, "leave")) == 1


def test_a_column_that_tells_why_people_are_away_cannot_be_accepted() -> None:
    for name in ("sick_days", "absence_reason", "Abwesenheitsart", "leave type"):
        with pytest.raises(ValidationError, match="never kept"):
            RosterSettings(name="r", kind="roster", people=Path("p.csv"), accepted_columns=(name,))
    assert RosterSettings(name="r", kind="roster", people=Path("p.csv"), accepted_columns=("cost_center",))


def test_only_what_is_asked_for_is_landed(tmp_path: Path) -> None:
    roster(tmp_path, HEADER + ADA)
    roster(tmp_path, "person_id,from_date,until_date\np1,2026-02-02,2026-02-09\n", name="leave.csv")
    with open_store(tmp_path / "ws") as store:
        reports = extract(
            store, tmp_path, kind="roster", people="people.csv", leave="leave.csv", streams=["employments"]
        )
        assert list(reports) == ["files", "employments"]
        assert [row["scope"] for row in landed(store, "files")] == ["people"]


def test_big_rosters_are_cut_at_record_borders_and_agree_with_another_parser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks.chunks_of, "__kwdefaults__", {"limit": 300})
    rows = [f'q{number},"Name ""{number}""\n, of {number}",,,2024-01-01,,,,1,t\n' for number in range(60)]
    roster(tmp_path, HEADER + "".join(rows))
    with open_store(tmp_path / "ws") as store:
        extract(store, tmp_path, kind="roster", people="people.csv")
        pages = landed(store, "files")
        assert len(pages) > 5
        assert all(row["body"].decode().count('"') % 2 == 0 and row["body"].endswith(b"\n") for row in pages)
        other = list(csv.DictReader(io.StringIO(given(store, "people").decode(), newline="")))
        assert [row["person"]["name"] for row in current(store, "employments")] == [
            row["name"] for row in other
        ]
