"""How the workbook's cells look, and how its sheets are printed."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Formats:
    """One format for each kind of cell."""

    title: Any
    header: Any
    number_header: Any
    text: Any
    note: Any
    date: Any
    instant: Any
    whole: Any
    decimal: Any
    percent: Any
    duration: Any
    percent_incomplete: Any
    whole_incomplete: Any
    duration_incomplete: Any


def make_formats(book: Any) -> Formats:
    """Add the formats to a workbook."""
    font = {"font_name": "Calibri", "font_size": 11, "valign": "top"}
    add = book.add_format
    return Formats(
        title=add({**font, "bold": True, "font_size": 16}),
        header=add({**font, "bold": True, "bg_color": "#EEF2F5", "bottom": 1, "text_wrap": True}),
        number_header=add(
            {**font, "bold": True, "bg_color": "#EEF2F5", "bottom": 1, "text_wrap": True, "align": "right"}
        ),
        text=add(font),
        note=add({**font, "font_color": "#5B6673"}),
        date=add({**font, "num_format": "yyyy-mm-dd"}),
        instant=add({**font, "num_format": "yyyy-mm-dd hh:mm:ss"}),
        whole=add({**font, "num_format": "#,##0"}),
        decimal=add({**font, "num_format": "#,##0.0##"}),
        percent=add({**font, "num_format": "0.0%"}),
        duration=add({**font, "num_format": "#,##0.0"}),
        percent_incomplete=add({**font, "num_format": '0.0%"*"'}),
        whole_incomplete=add({**font, "num_format": '#,##0"*"'}),
        duration_incomplete=add({**font, "num_format": '#,##0.0"*"'}),
    )


def fit_to_paper(sheet: Any) -> None:
    """Print landscape, one page wide."""
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
