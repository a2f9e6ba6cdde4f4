"""Run expectation suites with Great Expectations: the only module that imports it, and only when it runs.

The import takes seconds and some 270 MB, so that nothing which merely lists checks may reach it. Frames
come from DuckDB as Arrow and keep Arrow's types, so that an integer column with NULLs stays one.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import duckdb

from quality_checks.results import OFFENDERS_SHOWN, CheckResult
from quality_checks.suites import Expectation, Suite


def run_suites(con: duckdb.DuckDBPyConnection, suites: Iterable[Suite], *, scope: str) -> list[CheckResult]:
    """Validate each suite's slice; a suite that cannot be read is red in all its expectations.

    Args:
        con: A connection to the warehouse.
        suites: The suites to run; those that do not apply give no result.
        scope: What the results say they looked at.
    """
    results: list[CheckResult] = []
    context = _context()
    for suite in suites:
        try:
            if not _applies(con, suite):
                continue
            frame = _frame(con, suite)
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            results += [
                _result(suite, expectation, scope=scope, failure=reason, subject=subject)
                for expectation in suite.expectations
                for subject in suite.subjects or (suite.subject,)
            ]
            continue
        results += _validate(context, suite, frame, scope=scope)
    return results


def _context() -> Any:
    import great_expectations as gx  # noqa: PLC0415 - seconds and 270 MB, only when suites run

    context: Any = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)  # noqa: FBT003 - their signature
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    return context


def _applies(con: duckdb.DuckDBPyConnection, suite: Suite) -> bool:
    if suite.applies_sql is None:
        return True
    row = con.execute(suite.applies_sql).fetchone()
    return row is not None and bool(row[0])


def _frame(con: duckdb.DuckDBPyConnection, suite: Suite) -> Any:
    import pandas as pd  # noqa: PLC0415 - loaded with Great Expectations, not before

    return con.execute(suite.slice_sql).to_arrow_table().to_pandas(types_mapper=pd.ArrowDtype)


def _validate(context: Any, suite: Suite, frame: Any, *, scope: str) -> list[CheckResult]:
    import great_expectations as gx  # noqa: PLC0415 - see _context

    source = context.data_sources.add_or_update_pandas(suite.name)
    batches = source.add_dataframe_asset(suite.name).add_batch_definition_whole_dataframe(suite.name)
    expectations = [
        getattr(gx.expectations, declared.kind)(**declared.arguments, meta={"name": declared.name})
        for declared in suite.expectations
    ]
    report = batches.get_batch({"dataframe": frame}).validate(
        gx.ExpectationSuite(name=suite.name, expectations=expectations),
        result_format={
            "result_format": "COMPLETE" if suite.subjects else "SUMMARY",
            "unexpected_index_column_names": [*suite.key, *(("subject",) if suite.subjects else ())],
            "partial_unexpected_count": OFFENDERS_SHOWN,
        },
    )
    outcomes = {outcome.expectation_config.meta["name"]: outcome for outcome in report.results}
    return [
        result
        for declared in suite.expectations
        for result in (
            _outcomes_by_subject(suite, declared, outcomes[declared.name], frame, scope=scope)
            if suite.subjects
            else [_outcome(suite, declared, outcomes[declared.name], scope=scope)]
        )
    ]


def _outcomes_by_subject(
    suite: Suite, declared: Expectation, outcome: Any, frame: Any, *, scope: str
) -> Iterator[CheckResult]:
    """Part one outcome over many relations into a result for each, said of its own rows alone."""
    failure = _raised(outcome.exception_info)
    present = frame[frame[declared.arguments["column"]].notna()]
    counts = {str(name): int(count) for name, count in present["subject"].value_counts().items()}
    outside: dict[str, list[Mapping[str, object]]] = {}
    for item in () if failure else outcome.result.get("unexpected_index_list") or ():
        outside.setdefault(str(item["subject"]), []).append(item)
    for subject in suite.subjects:
        found = outside.get(subject, [])
        count = counts.get(subject, 0)
        yield _result(
            suite,
            declared,
            subject=subject,
            scope=scope,
            is_passed=not found and not failure,
            observed=f"{len(found)} of {count} outside" if count else "too little history to compare",
            offenders=tuple(_offender(item, suite.key) for item in found[:OFFENDERS_SHOWN]),
            offender_count=len(found),
            failure=failure,
        )


def _outcome(suite: Suite, declared: Expectation, outcome: Any, *, scope: str) -> CheckResult:
    if failure := _raised(outcome.exception_info):
        return _result(suite, declared, scope=scope, failure=failure)
    found = outcome.result
    if "observed_value" in found:
        return _result(
            suite,
            declared,
            scope=scope,
            is_passed=bool(outcome.success),
            observed=str(found["observed_value"]),
        )
    outside = int(found["unexpected_count"])
    return _result(
        suite,
        declared,
        scope=scope,
        is_passed=bool(outcome.success),
        observed=f"{outside} of {found['element_count']} rows outside",
        offenders=tuple(
            _offender(item, suite.key) for item in found.get("partial_unexpected_index_list") or ()
        ),
        offender_count=outside,
    )


def _offender(item: Mapping[str, object], key: tuple[str, ...]) -> str:
    """The row's key, then the values that broke the rule."""
    place = " ".join(str(item[name]) for name in key)
    values = ", ".join(f"{name} {value}" for name, value in item.items() if name not in (*key, "subject"))
    return f"{place}: {values}" if values else place


def _raised(information: Mapping[str, Any]) -> str | None:
    """The first exception's message: Great Expectations nests them by metric, or does not."""
    if information.get("exception_message"):
        return str(information["exception_message"]).splitlines()[0]
    for nested in information.values():
        if isinstance(nested, Mapping) and nested.get("exception_message"):
            return str(nested["exception_message"]).splitlines()[0]
    return None


def _result(
    suite: Suite,
    declared: Expectation,
    *,
    scope: str,
    is_passed: bool = False,
    observed: str = "nothing",
    offenders: tuple[str, ...] = (),
    offender_count: int = 0,
    failure: str | None = None,
    subject: str | None = None,
) -> CheckResult:
    words = f"{observed}." if failure is None else f"The expectation could not run: {failure}"
    return CheckResult(
        name=declared.name,
        subject=subject or suite.subject,
        layer="expectations",
        severity=declared.severity,
        is_passed=is_passed,
        observed=observed,
        expected=_asked(declared.arguments),
        scope=scope,
        offenders=offenders,
        offender_count=offender_count,
        message=f"{declared.sentence} {words}",
        remedy="" if is_passed else suite.remedy,
        owner=suite.owner,
    )


def _asked(arguments: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in arguments.items() if value is not None)
