"""The simulated story: the same every time, and full of what makes real data hard."""

import hashlib
from collections import Counter
from datetime import date

import pytest

from connectors.sandbox import Organisation, Parameters, events, simulate


def fingerprint(organisation: Organisation) -> str:
    digest = hashlib.sha256()
    for event in organisation.timeline:
        digest.update(
            repr(
                (type(event).__name__, event.at, getattr(event, "body", ""), getattr(event, "commit_sha", ""))
            ).encode()
        )
    return digest.hexdigest()


def test_equal_parameters_give_the_same_story(small: Organisation) -> None:
    again = simulate(seed=3, months=4, services=6)
    assert fingerprint(again) == fingerprint(small)
    assert again.truth().to_document() == small.truth().to_document()


def test_another_seed_gives_another_story(small: Organisation) -> None:
    assert fingerprint(simulate(seed=4, months=4, services=6)) != fingerprint(small)


def test_events_stand_in_order_within_the_story(whole: Organisation) -> None:
    instants = [event.at for event in whole.timeline]
    assert instants == sorted(instants)
    assert whole.parameters.starts_at <= instants[0]
    assert instants[-1] < whole.parameters.ends_at


def test_the_whole_organisation_has_the_promised_size(whole: Organisation) -> None:
    company, kinds = whole.company, Counter(type(event) for event in whole.timeline)
    assert len(company.services) == 17
    assert len(company.people) >= 60
    assert len({period.name for period in company.teams if period.parent is not None}) >= 6
    assert max(Counter(service.repository for service in company.services).values()) == 4
    assert 1_500 <= kinds[events.PullRequestOpened] <= 2_000
    assert kinds[events.BuildStarted] < 5_000


def test_a_factor_multiplies_services_teams_and_people() -> None:
    one, three = simulate(factor=1).company, simulate(factor=3).company
    assert len(three.services) == 3 * len(one.services)
    assert len(three.repositories) - 1 == 3 * (len(one.repositories) - 1)
    assert len(three.people) > 2 * len(one.people)
    assert len({service.name for service in three.services}) == len(three.services)


def test_every_hard_case_happens(whole: Organisation) -> None:
    story = whole.timeline
    merges = [event for event in story if isinstance(event, events.PullRequestMerged)]
    opened = [event for event in story if isinstance(event, events.PullRequestOpened)]
    pushes = [event for event in story if isinstance(event, events.CommitsPushed)]
    reviews = [event for event in story if isinstance(event, events.ReviewSubmitted)]
    reviewed = {(event.repository, event.number) for event in reviews if "bot" not in event.reviewer}
    assert {event.method for event in merges} == {"squash", "merge", "rebase"}
    assert any(event.recorded_sha != event.commit_sha for event in merges)
    assert any((event.repository, event.number) not in reviewed for event in merges)
    assert any(event.is_forced for event in pushes)
    assert any(event.branch == "main" for event in pushes)
    assert any(event.is_draft for event in opened)
    assert any(event.author == "dependabot[bot]" for event in opened)
    assert {"tidy-review[bot]", "acme-release-bot"} < {event.reviewer for event in reviews}
    assert any(event.title.startswith("=") for event in opened)
    assert any(event.title.startswith("<script>") for event in opened)
    assert any(not event.title.isascii() for event in opened)
    assert any(isinstance(event, events.PullRequestClosed) for event in story)
    assert any(isinstance(event, events.PersonLeft) and event.is_account_deleted for event in story)
    assert any(isinstance(event, events.PersonMovedTeam) for event in story)
    assert sum(isinstance(event, events.ReorganisationHappened) for event in story) == 3
    assert {event.attempt for event in story if isinstance(event, events.BuildStarted)} == {1, 2}
    assert any(len(event.services) == 2 for event in story if isinstance(event, events.IncidentOpened))


def test_a_story_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 100"):
        simulate(factor=101)
    with pytest.raises(ValueError, match="one month"):
        simulate(months=0)


def test_parameters_survive_the_way_through_json() -> None:
    parameters = Parameters(seed=1, factor=2, months=3, until=date(2026, 1, 1), services=4)
    assert Parameters.from_document(parameters.to_document()) == parameters


def test_a_story_counts_its_months_back_from_its_end() -> None:
    assert Parameters(months=12, until=date(2026, 7, 1)).first_day == date(2025, 7, 1)
    assert Parameters(months=1, until=date(2026, 1, 1)).first_day == date(2025, 12, 1)
