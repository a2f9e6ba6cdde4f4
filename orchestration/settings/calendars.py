"""Calendars of working time: whose hours a business-hours duration counts."""

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from connectors.settings import Date, Name, SettingsSection
from orchestration.settings.value_types import Hours, TimeZone

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
DEFAULT_CALENDAR = "default"
OFFICE_HOURS: dict[Weekday, Hours] = dict.fromkeys(WEEKDAYS[:5], "09:00-17:00")


class Calendar(SettingsSection):
    """Working hours on the days [from, until) of a calendar; a later entry of the same name continues it."""

    name: Name
    time_zone: TimeZone
    hours: dict[Weekday, Hours] = Field(default_factory=lambda: dict(OFFICE_HOURS))
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    subdivision: str | None = None
    days_off: tuple[Date, ...] = ()
    working_days: tuple[Date, ...] = ()
    from_: Date | None = Field(default=None, alias="from")
    until: Date | None = None

    @model_validator(mode="after")
    def _holidays_are_known(self) -> Self:
        if self.subdivision and not self.country:
            raise PydanticCustomError("calendar", "a subdivision needs its country")
        if self.country:
            _check_place(self.country, self.subdivision)
        return self


def _check_place(country: str, subdivision: str | None) -> None:
    import holidays  # noqa: PLC0415 - only where a calendar names a country

    subdivisions = holidays.list_supported_countries().get(country)
    if subdivisions is None:
        raise PydanticCustomError(
            "calendar", "no holidays are known of country '{country}'", {"country": country}
        )
    if subdivision and subdivision not in subdivisions:
        raise PydanticCustomError(
            "calendar",
            "no holidays are known of '{subdivision}' in {country}; known: {known}",
            {"subdivision": subdivision, "country": country, "known": ", ".join(subdivisions)},
        )
