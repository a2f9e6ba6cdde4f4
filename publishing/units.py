"""How values are shown: durations in hours or days, shares in percent, counts as they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_HOURS_UNTIL = 72 * _HOUR  # beyond three days a duration reads better in days
EMPTY = "\u2013"


@dataclass(frozen=True, slots=True)
class Scale:
    """A unit to show values in: the value is divided by `divisor`."""

    divisor: Decimal
    suffix: str
    title: str

    def apply(self, value: Decimal) -> float:
        """Return the value in this unit, for a chart or a cell."""
        return float(value / self.divisor)


MINUTES = Scale(Decimal(_MINUTE), "min", "minutes")
HOURS = Scale(Decimal(_HOUR), "h", "hours")
DAYS = Scale(Decimal(_DAY), "d", "days")
PERCENT = Scale(Decimal("0.01"), "%", "percent")
PLAIN = Scale(Decimal(1), "", "")


def scale_for(unit: str, values: list[Decimal]) -> Scale:
    """Choose one unit for values that stand together: the greatest decides."""
    if unit == "ratio":
        return PERCENT
    if unit != "seconds":
        return Scale(Decimal(1), "", unit)
    greatest = max(values, default=Decimal(0))
    if greatest < _HOUR:
        return MINUTES
    return HOURS if greatest < _HOURS_UNTIL else DAYS


def typical_scale(unit: str, values: Iterable[Decimal | None]) -> Scale:
    """Choose one unit by the median: a single outlier must not turn everybody's hours into days."""
    present = sorted(value for value in values if value is not None)
    return scale_for(unit, [present[len(present) // 2]] if present else [])


def shown(value: Decimal | None, unit: str, scale: Scale | None = None) -> str:
    """Spell a value with its unit; an empty value is a dash, never a zero."""
    if value is None:
        return EMPTY
    chosen = scale or scale_for(unit, [abs(value)])
    number = value / chosen.divisor
    return f"{_rounded(number, unit)}\u202f{chosen.suffix}" if chosen.suffix else _rounded(number, unit)


def shown_interval(low: Decimal | None, high: Decimal | None, unit: str, scale: Scale | None = None) -> str:
    """Spell an interval in one unit, or nothing when it is unknown."""
    if low is None or high is None:
        return ""
    chosen = scale or scale_for(unit, [abs(high)])
    ends = f"{_rounded(low / chosen.divisor, unit)} to {_rounded(high / chosen.divisor, unit)}"
    return f"{ends}\u202f{chosen.suffix}" if chosen.suffix else ends


def _rounded(number: Decimal, unit: str) -> str:
    """Round half up: one decimal below a hundred, none above or for whole counts."""
    is_whole = number == number.to_integral_value()
    if unit not in {"seconds", "ratio"} and is_whole:
        step = Decimal(1)
    else:
        step = Decimal("0.1") if abs(number) < 100 else Decimal(1)  # noqa: PLR2004 - three figures
    return f"{number.quantize(step, ROUND_HALF_UP):,}".replace(",", "\u202f")
