"""The panels of the peer's DORA dashboard as questions: its SQL, ours, and answers that can be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from string import Template
from typing import Any

from orchestration.profiles.rendering import relation, rendered

DASHBOARD = Path(__file__).parent / "dashboard"
FOUR_DECIMALS = Decimal("0.0001")
MINUTES_AN_HOUR = 60

Answer = Mapping[str, Decimal | None]
"""Values by month such as 2026-01; a single value stands under an empty text."""


class DifferenceError(AssertionError):
    """Two ways of asking gave two answers: there is nothing to compare the times of."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a dashboard is opened for: one project, and a quarter of whole months in UTC."""

    project: str
    begins: date
    ends: date

    @property
    def months(self) -> tuple[str, ...]:
        """The months, such as 2026-01."""
        first = self.begins.year * 12 + self.begins.month - 1
        last = self.ends.year * 12 + self.ends.month - 1
        return tuple(f"{month // 12}-{month % 12 + 1:02}" for month in range(first, last))

    @property
    def to_at(self) -> str:
        """The last second: the dashboard's ranges hold both of their ends."""
        return f"{self.ends - timedelta(days=1)} 23:59:59"


@dataclass(frozen=True, slots=True)
class Question:
    """One panel.

    Attributes:
        name: Its name, and that of the file with the dashboard's SQL.
        metric: The profile's metric that answers it.
        column: Its column that does.
        is_monthly: Whether it asks for each month instead of the whole range.
        is_in_hours: Whether the panel divides minutes by sixty.
        has_decimals: Whether MariaDB divides, which leaves four decimals.
        nothing: What the panel shows where there is nothing to measure.
        own_sql: SQL over the profile's models where none of its metrics means the same.
    """

    name: str
    metric: str
    column: str = "value"
    is_monthly: bool = False
    is_in_hours: bool = False
    has_decimals: bool = False
    nothing: Decimal | None = None
    own_sql: str | None = None

    @property
    def is_published(self) -> bool:
        """Whether the mart holds the answer."""
        return self.own_sql is None

    def dashboard_sql(self, asked: Asked) -> str:
        """The panel's SQL for MariaDB."""
        text = (DASHBOARD / f"{self.name.replace(' ', '_')}.sql").read_text(encoding="utf-8")
        return Template(text).substitute(
            project=asked.project, from_at=f"{asked.begins} 00:00:00", to_at=asked.to_at
        )

    def formula_sql(self) -> str:
        """The same by the profile's models, for DuckDB; its parameter is the project."""
        return self.own_sql or (
            f"select range_id, {self.column} from ({rendered(f'int_devlake_1_0__{self.metric}')}) "
            f"where project_name = $project and range_id like '{self._grain}:%'"
        )

    def published_sql(self) -> str:
        """The same from the published mart; its parameters are the project's kind and id, and the range."""
        column = {"value": "profile_value", "n": "profile_n"}[self.column]
        return (
            f"select period_start, {column} from marts.mart_profile_comparison "
            f"where profile = 'devlake_1_0' and metric = '{self.metric}' and scope_kind = $kind "
            f"and scope_id = $id and period_grain = '{self._grain}' "
            "and period_start >= $begins and period_end <= $ends"
        )

    def from_dashboard(self, rows: Sequence[Sequence[str | None]]) -> Answer:
        """The answer of rows that MariaDB gave."""
        if self.is_monthly:
            return {f"20{month}".replace("/", "-"): _decimal(value) for month, value in rows}
        ((value,),) = rows
        return {"": _decimal(value)}

    def from_ours(self, rows: Sequence[Sequence[Any]], asked: Asked) -> Answer:
        """The answer of rows that DuckDB gave, in the panel's unit and with its decimals."""
        if not self.is_monthly:
            return {"": self._shown(rows[0][1] if rows else None)}
        found = {str(period).removeprefix("month:")[:7]: value for period, value in rows}
        return {month: self._shown(found.get(month)) for month in asked.months}

    @property
    def _grain(self) -> str:
        return "month" if self.is_monthly else "quarter"

    def _shown(self, value: Decimal | int | None) -> Decimal | None:
        if value is None:
            return self.nothing
        exact = Decimal(value) / (MINUTES_AN_HOUR if self.is_in_hours else 1)
        return exact.quantize(FOUR_DECIMALS, ROUND_HALF_UP) if self.has_decimals else exact


RECOVERIES_BY_MONTH = f"""
    select
        'month:' || strftime(recoveries.deployed_at, '%Y-%m-01') as range_id,
        list_extract(list_sort(list(recoveries.recovery_minutes)), (count(*) + 1) // 2) as value
    from {relation("int_devlake_1_0__recoveries")} as recoveries
    inner join {relation("int_domain__ranges")} as ranges
        on ranges.from_at <= recoveries.deployed_at and recoveries.deployed_at < ranges.until_at
        and ranges.from_at <= recoveries.resolved_at and recoveries.resolved_at < ranges.until_at
    where recoveries.project_name = $project and ranges.range_id like 'quarter:%'
    group by all
"""
"""The panel counts a recovery in its deployment's month, wherever in the range it ends; the profile counts it
only where it ends within that month."""

ZERO = Decimal(0)
QUESTIONS = (
    Question("deployment frequency", "deployment_frequency"),
    Question("change lead time", "change_lead_time"),
    Question("change failure rate", "change_fail_rate", has_decimals=True),
    Question("recovery time", "failed_deployment_recovery_time"),
    Question("deployments by month", "change_fail_rate", column="n", is_monthly=True, nothing=ZERO),
    Question(
        "change lead time by month",
        "change_lead_time",
        is_monthly=True,
        is_in_hours=True,
        has_decimals=True,
        nothing=ZERO,
    ),
    Question("change failure rate by month", "change_fail_rate", is_monthly=True, has_decimals=True),
    Question(
        "recovery time by month",
        "failed_deployment_recovery_time",
        is_monthly=True,
        is_in_hours=True,
        has_decimals=True,
        nothing=ZERO,
        own_sql=RECOVERIES_BY_MONTH,
    ),
)


def require_equal(question: Question, asked: Asked, answers: Mapping[str, Answer]) -> None:
    """Refuse to go on where two ways of asking differ.

    Raises:
        DifferenceError: They do; the message shows every answer.
    """
    if len({tuple(sorted(answer.items())) for answer in answers.values()}) > 1:
        told = "\n".join(
            f"  {name}: " + ", ".join(f"{month} {value}".strip() for month, value in answer.items())
            for name, answer in answers.items()
        )
        raise DifferenceError(f"{question.name} of {asked.project} has different answers:\n{told}")


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)
