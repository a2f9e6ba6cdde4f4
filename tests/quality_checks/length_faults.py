"""Planted faults for the conservation of what has a length."""

from tests.quality_checks.fault import Fault

LENGTH_FAULTS = (
    Fault(
        "reported_range_was_read",
        "a window was cut out of a stream",
        "update {subject} set gaps = [{{'gap_from': timestamptz '2026-01-10T00:00:00Z', "
        "'gap_until': timestamptz '2026-01-12T00:00:00Z'}}] where stream = 'issues'",
    ),
    Fault(
        "reported_range_was_read",
        "one stream of a repository stopped coming",
        "update {subject} set read_until = timestamptz '2026-02-01T00:00:00Z', "
        "gaps = [{{'gap_from': timestamptz '2026-02-01T00:00:00Z', "
        "'gap_until': timestamptz '2026-02-28T23:00:00Z'}}] where stream = 'issues'",
    ),
    Fault(
        "issues_are_in_one_status",
        "an issue is in two statuses",
        "update {subject} set is_current = true where span_number = 2",
    ),
    Fault(
        "issues_are_in_one_status",
        "an issue has no history",
        "delete from {subject} where issue_id = (select min(issue_id) from {subject})",
    ),
    Fault(
        "status_spans_fill_the_life_of_an_issue",
        "a span in the middle of the changelog is cut off",
        "delete from {subject} where span_number = 2",
    ),
    Fault(
        "status_spans_fill_the_life_of_an_issue",
        "the first span is cut off",
        "delete from {subject} where span_number = 1",
    ),
    Fault(
        "status_spans_fill_the_life_of_an_issue",
        "a span is counted in minutes",
        "update {subject} set duration_seconds = duration_seconds // 60",
    ),
    Fault(
        "exposure_adds_up_to_employment",
        "a member's day with one of the teams is lost",
        "delete from {subject} where team_id = 'commerce' and exposure_date = date '2026-01-05'",
    ),
    Fault(
        "exposure_adds_up_to_employment",
        "somebody who is away works",
        "insert into {subject} values ('second', date '2026-01-07', null, 1)",
    ),
    Fault(
        "exposure_adds_up_to_employment",
        "a share counts in full for each team",
        "update {subject} set fte_days = 0.8 where person_token = 'first'",
    ),
    Fault(
        "own_exposure_adds_up",
        "a team is lost on the way",
        "delete from {subject} where team_id = 'commerce'",
    ),
    Fault(
        "own_exposure_adds_up",
        "a roll-up counts the members of the team below as its own",
        "update {subject} set own_fte_days = own_fte_days + 0.5 where team_id = 'commerce'",
    ),
    Fault(
        "slices_tile_what_was_measured",
        "a slice without data leaves no gap",
        "delete from {subject} where slice_number = 11",
    ),
    Fault(
        "slices_tile_what_was_measured",
        "a slice counts twice",
        "insert into {subject} by name select 'answers' as objective_id, 11 as slice_number",
    ),
)
