"""Which incidents the tools tell of: each once, by the tool that is believed first."""

import pytest

from connectors.sandbox import Organisation
from connectors.sandbox.settings import CODE_KINDS
from connectors.sandbox.truth import IncidentTruth, Truth


def numbered(truth: Truth) -> list[IncidentTruth]:
    """The incidents that an issue tells of."""
    return [
        row for row in truth.incidents if "#" in row.incident and not row.incident.startswith("PagerDuty")
    ]


@pytest.mark.parametrize("kinds", [("jira",), ("datadog",), ("jira", "datadog", "drops")])
def test_tools_that_tell_of_all_services_change_nothing(small: Organisation, kinds: tuple[str, ...]) -> None:
    assert small.truth(kinds=(*CODE_KINDS, *kinds)).incidents == small.truth().incidents


def test_who_is_paged_counts_once_for_each_service_and_names_what_the_issue_names(
    small: Organisation,
) -> None:
    issues = small.truth().incidents
    paged = small.truth(kinds=(*CODE_KINDS, "jira", "pagerduty"))
    by_service = {(row.incident, row.services[0]): row for row in numbered(paged)}
    assert by_service.keys() == {(row.incident, service) for row in issues for service in row.services}
    for row in issues:
        for service in row.services:
            told = by_service[row.incident, service]
            assert (told.opened_at, told.resolved_at, told.caused_by, told.is_explicit) == (
                row.opened_at,
                row.resolved_at,
                row.caused_by,
                row.is_explicit,
            )


def test_an_alarm_that_went_off_twice_and_was_not_merged_is_an_incident_of_unknown_cause(
    small: Organisation,
) -> None:
    paged = small.truth(kinds=(*CODE_KINDS, "pagerduty"))
    twins = [row for row in paged.incidents if row not in numbered(paged)]
    assert {row.is_explicit for row in twins} <= {False}
    assert len(paged.responses) == len(paged.incidents)


def test_what_is_dropped_names_the_first_service_only(small: Organisation) -> None:
    dropped = small.truth(kinds=(*CODE_KINDS, "drops")).incidents
    assert [row.services for row in dropped] == [row.services[:1] for row in small.truth().incidents]
