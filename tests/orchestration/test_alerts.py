"""Each cause is told once when it begins, once when it is over, and never lost on the way."""

import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from orchestration.alerts.announcing import announce
from orchestration.alerts.causes import Cause, Observation, observe
from orchestration.alerts.notices import Notice
from orchestration.alerts.sending import send
from orchestration.alerts.state import load_state
from orchestration.dbt_runner import NodeOutcome
from orchestration.run_record import RunRecord, StreamFailure
from orchestration.settings.alerts import AlertChannel, Alerts
from quality_checks.results import CheckResult
from tests.orchestration.listening import SECRET, Webhook, mail_server, webhook

MONDAY = datetime(2026, 5, 4, 2, 0, tzinfo=UTC)
SOURCE = Cause(
    "source", "github.issues", "blocking", "github.issues could not be read", "Wait", "assay doctor"
)
LOOKED = Observation(streams=frozenset({"github.issues"}), streams_known=frozenset({"github.issues"}))
AWAY = Observation(streams_known=frozenset({"github.issues"}))
FAILED = replace(AWAY, causes=(SOURCE,))


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as listening:
        yield listening


class Runs:
    """A workspace whose runs end one after the other, an hour apart."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.file = folder / "alerts.json"
        self.at = MONDAY
        self.environment: dict[str, str] = {}
        channel = {"name": "team", "url_env": "CHANNEL"}
        self.alerts = Alerts.model_validate({"channels": [channel], **settings})

    def end(self, observation: Observation, **named: Any) -> list[str]:
        self.at += timedelta(hours=1)
        return announce(
            self.file,
            self.alerts,
            observation,
            organisation="acme",
            run_id=f"run at {self.at}",
            at=self.at,
            environment=self.environment,
            **named,
        )


def deliver_here(
    notices: Sequence[tuple[AlertChannel, Notice]], *, environment: Mapping[str, str], **_: float
) -> Iterator[tuple[AlertChannel, Notice, str | None]]:
    """Hand notices to apprise in this process: a second less for each than in one of its own."""
    for channel, notice in notices:
        address = environment[channel.url_env]
        yield channel, notice, send(address, title=notice.title, body=notice.body, kind=notice.kind)


@pytest.fixture
def runs(tmp_path: Path, hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Runs:
    monkeypatch.setattr("orchestration.alerts.announcing.deliver", deliver_here)
    made = Runs(tmp_path)
    made.environment["CHANNEL"] = hook.url
    return made


@pytest.fixture
def real_runs(tmp_path: Path, hook: Webhook) -> Runs:
    """Runs that send as in life, each notice by a process of its own."""
    made = Runs(tmp_path)
    made.environment["CHANNEL"] = hook.url
    return made


def test_a_cause_is_told_when_it_begins_and_when_it_is_over_and_not_between(
    runs: Runs, hook: Webhook
) -> None:
    for observation in (FAILED, FAILED, AWAY, LOOKED, LOOKED):
        assert runs.end(observation) == []
    assert hook.titles() == ["Assay acme: 1 blocking", "Assay acme: 1 recovered"]
    began, over = (each["message"] for each in hook.heard)
    for part in ("github.issues could not be read", "since 2026-05-04 03:00 UTC", "Wait", "assay doctor"):
        assert part in began
    assert "from 2026-05-04 03:00 UTC to 2026-05-04 06:00 UTC" in over
    assert load_state(runs.file).open == {}


def test_what_a_run_did_not_look_at_neither_recovers_nor_repeats(runs: Runs, hook: Webhook) -> None:
    runs.alerts = Alerts.model_validate(runs.alerts.model_dump() | {"repeat_hours": 1})
    for observation in (FAILED, AWAY, AWAY, AWAY):
        runs.end(observation)
    assert len(hook.heard) == 1
    assert [each.cause for each in load_state(runs.file).standing()] == [SOURCE]


def test_a_cause_that_lasts_is_told_again_only_after_the_stated_hours(runs: Runs, hook: Webhook) -> None:
    runs.alerts = Alerts.model_validate(runs.alerts.model_dump() | {"repeat_hours": 3})
    for _ in range(6):
        runs.end(FAILED)
    assert hook.titles() == ["Assay acme: 1 blocking"] * 2


def test_a_cause_that_becomes_worse_is_told_again_and_one_that_becomes_better_is_not(
    runs: Runs, hook: Webhook
) -> None:
    mild = replace(FAILED, causes=(replace(SOURCE, severity="warning"),))
    for observation in (mild, FAILED, mild, FAILED):
        runs.end(observation)
    assert hook.titles() == ["Assay acme: 1 warning", "Assay acme: 1 blocking"]


def test_many_causes_at_once_are_one_notice_with_the_worst_first(runs: Runs, hook: Webhook) -> None:
    many = [replace(SOURCE, subject=f"s.{n}", what=f"s.{n} broke", severity="warning") for n in range(100)]
    runs.end(Observation(causes=(*many, SOURCE)))
    assert hook.titles() == ["Assay acme: 1 blocking, 100 warning"]
    body = hook.heard[0]["message"]
    assert body.startswith("BLOCKING: github.issues")
    assert "and 81 more" in body
    assert len(load_state(runs.file).standing()) == 101


def test_a_channel_hears_only_what_it_asked_for(tmp_path: Path) -> None:
    check = Cause("check", "rows_agree marts.m", "warning", "a check is red", "Look", "assay status")
    with webhook() as grave, webhook() as checks:
        runs = Runs(
            tmp_path,
            channels=[
                {"name": "grave", "url_env": "GRAVE", "severity": "blocking"},
                {"name": "checks", "url_env": "CHECKS", "causes": ["check"]},
            ],
        )
        runs.environment |= {"GRAVE": grave.url, "CHECKS": checks.url}
        runs.end(Observation(causes=(SOURCE, check)))
    assert grave.titles() == ["Assay acme: 1 blocking"]
    assert checks.titles() == ["Assay acme: 1 warning"]


def test_a_notice_that_nobody_accepts_is_tried_in_the_next_run(real_runs: Runs, hook: Webhook) -> None:
    hook.status = 503
    (problem,) = real_runs.end(FAILED)
    assert "team was not told: it was answered with 503" in problem
    assert SECRET not in problem
    hook.status = 200
    assert real_runs.end(AWAY) == []
    assert hook.titles() == ["Assay acme: 1 blocking"] * 2
    assert load_state(real_runs.file).undelivered == {}


def test_a_recovery_that_nobody_accepts_is_tried_again_too(runs: Runs, hook: Webhook) -> None:
    runs.end(FAILED)
    hook.status = 500
    runs.end(LOOKED)
    hook.status = 200
    runs.end(AWAY)
    assert hook.titles()[1:] == ["Assay acme: 1 recovered"] * 2
    assert load_state(runs.file).open == {}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "the environment variable CHANNEL is not set or empty"),
        (f"nonsense {SECRET}", "no form that apprise knows"),
        (f"telegraph://{SECRET}@station/", "no form that apprise knows"),
        (f"json://127.0.0.1:9/{SECRET}", "no connection"),
        (f"mailto://user:{SECRET}@127.0.0.1:9?from=b@acme.example&to=a@acme.example", "no connection"),
    ],
)
def test_an_address_that_does_not_work_is_said_without_being_shown(
    tmp_path: Path, address: str, said: str
) -> None:
    runs = Runs(tmp_path)
    runs.environment["CHANNEL"] = address
    (problem,) = runs.end(FAILED)
    assert said in problem
    assert SECRET not in problem + runs.file.read_text()
    assert load_state(runs.file).undelivered["team"][1] == runs.at


def test_a_server_that_drips_does_not_keep_a_run(real_runs: Runs, hook: Webhook) -> None:
    """Every byte resets the time limit of a socket: such an answer would take hours."""
    hook.drip_seconds = 0.5
    begun = time.monotonic()
    (problem,) = real_runs.end(FAILED, patience_seconds=3.0)
    assert "within 3 s" in problem
    assert time.monotonic() - begun < 8


def test_a_run_that_is_killed_before_it_remembers_tells_again_rather_than_never(
    real_runs: Runs, hook: Webhook
) -> None:
    """The process dies after the server has accepted the notice and before the state is written."""
    script = textwrap.dedent(
        f"""
        import os, signal
        from datetime import datetime
        from pathlib import Path
        import orchestration.alerts.announcing as announcing
        from tests.orchestration.test_alerts import FAILED, MONDAY, Runs

        announcing._remember = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        runs = Runs(Path({str(real_runs.file.parent)!r}))
        runs.environment["CHANNEL"] = {hook.url!r}
        runs.end(FAILED)
        """
    )
    ended = subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    assert len(hook.heard) == 1
    assert load_state(real_runs.file).standing()[0].since == MONDAY + timedelta(hours=1)
    real_runs.at += timedelta(hours=1)
    real_runs.end(AWAY)
    assert hook.titles() == ["Assay acme: 1 blocking"] * 2
    assert "since 2026-05-04 03:00 UTC" in hook.heard[1]["message"]


def test_a_damaged_file_means_that_everything_is_told_again(runs: Runs, hook: Webhook) -> None:
    runs.end(FAILED)
    runs.file.write_text('{"open": {"source:gith')
    assert runs.end(FAILED) == []
    assert len(hook.heard) == 2


def test_a_state_that_cannot_be_written_is_a_line_and_no_failure(runs: Runs) -> None:
    runs.file.mkdir()
    (problem,) = runs.end(FAILED)
    assert "cannot be written" in problem


def test_a_letter_goes_by_smtp(tmp_path: Path) -> None:
    with mail_server() as (address, box):
        runs = Runs(tmp_path)
        runs.environment["CHANNEL"] = address
        assert runs.end(FAILED) == []
    (letter,) = box.letters
    assert letter.rcpt_tos == ["team@acme.example"]
    message = message_from_bytes(letter.content or b"")
    assert message["Subject"] == "Assay acme: 1 blocking"
    text = "".join(str(part.get_payload(decode=True)) for part in message.walk() if not part.is_multipart())
    assert "github.issues could not be read" in text


def test_a_source_from_which_nothing_new_comes_is_told_of_after_the_stated_hours(
    runs: Runs, hook: Webhook
) -> None:
    runs.alerts = Alerts.model_validate(
        runs.alerts.model_dump() | {"freshness": [{"source": "push", "hours": 2}]}
    )
    for pages in (5, 5, 6, 6, 6, 6, 7):
        runs.end(Observation(), pages={"push": pages})
    assert hook.titles() == ["Assay acme: 1 warning", "Assay acme: 1 recovered"]
    assert "nothing new has arrived from push for more than 2 hours" in hook.heard[0]["message"]


def red(name: str, severity: Any = "blocking", *, is_passed: bool = False) -> CheckResult:
    return CheckResult(
        name,
        "marts.m",
        "marts",
        severity,
        is_passed,
        "1",
        "0",
        "all",
        ("Ada",),
        3,
        "Ada is wrong",
        "Look",
        "o",
    )


def test_what_a_run_says_becomes_causes_that_name_nothing_a_source_delivered() -> None:
    record = RunRecord("run")
    record.failures = [
        StreamFailure("github", "issues", "github.issues at /users/ada: it said: Ada", is_transient=True),
        StreamFailure("github", "teams", "not tried", is_transient=True, is_tried=False),
    ]
    record.outcomes = [
        NodeOutcome("model.x", "stg_x", "model", "error", 1.0, None, None, "could not convert 'Ada'")
    ]
    record.checks = [red("rows_agree"), red("shift", "warning"), red("fine", is_passed=True)]
    found = {cause.key: cause for cause in observe(record, is_failed=True).causes}
    assert {key: cause.severity for key, cause in found.items()} == {
        "source:github.issues": "blocking",
        "build:model stg_x": "blocking",
        "check:rows_agree marts.m": "blocking",
        "check:shift marts.m": "warning",
        "publication:publication": "blocking",
    }
    assert "ada" not in str(found).lower()


def test_a_step_that_fails_on_its_own_is_a_cause_until_a_run_publishes() -> None:
    record = RunRecord("run", failed_steps=("commit_graph",))
    (cause,) = observe(record, is_failed=True).causes
    assert (cause.key, cause.severity) == ("build:run", "blocking")
    assert "commit_graph" in cause.what
    assert not observe(RunRecord("next"), is_failed=False).is_over("build", "run")
    assert observe(RunRecord("last", publication="p"), is_failed=False).is_over("build", "run")


def test_a_refused_publication_is_a_cause_until_one_is_made() -> None:
    refused = observe(RunRecord("run", failed_steps=("publication",)), is_failed=True)
    assert [cause.kind for cause in refused.causes] == ["publication"]
    assert not observe(RunRecord("next")).is_over("publication", "publication")
    assert observe(RunRecord("last", publication="p")).is_over("publication", "publication")


def test_a_check_that_gave_no_result_is_not_over_unless_nobody_declares_it_any_more() -> None:
    record = RunRecord("run", checks=[red("other", is_passed=True)])
    known = {("rows_agree", "marts.m"), ("other", "marts.m")}
    looked = observe(record, checks_known=known)
    assert looked.is_over("check", "other marts.m")
    assert not looked.is_over("check", "rows_agree marts.m")
    assert looked.is_over("check", "gone marts.m")
    assert not observe(RunRecord("run")).is_over("check", "gone marts.m")


def test_a_stream_that_is_read_no_more_cannot_fail_any_more() -> None:
    observation = Observation(streams_known=frozenset({"github.issues"}))
    assert observation.is_over("source", "jira.issues")
    assert not observation.is_over("source", "github.issues acme/shop")


def test_no_address_stands_among_the_arguments_of_a_process(real_runs: Runs, hook: Webhook) -> None:
    hook.looks_at_processes = True
    assert real_runs.end(FAILED) == []
    assert "orchestration.alerts.sending" in hook.processes
    assert SECRET not in hook.processes
