"""Text that a spreadsheet must not run.

A cell that starts with `=`, `+`, `-`, `@`, tab, carriage return or line feed is read as a formula, or
slips past a reader (OWASP, "CSV Injection"); in some locales so are the full-width forms of the four
signs. Such text gets an apostrophe in front, and stays text. Control characters that XML 1.0, and so a
workbook, cannot hold are replaced.
"""

import re

# both patterns mean the same to Python and to RE2, which DuckDB uses
_RISKY_START = "^[ \\t\\r\\n]*[=+\\-@\uff1d\uff0b\uff0d\uff20]|^[\\t\\r\\n]"
_NOT_XML = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\ufffe\uffff]"
_REPLACEMENT = "\ufffd"


def neutral_text(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    shown = re.sub(_NOT_XML, _REPLACEMENT, text)
    return f"'{shown}" if re.match(_RISKY_START, shown) else shown


def neutral_text_sql(expression: str) -> str:
    """Return the same rule as a DuckDB expression over a VARCHAR expression."""
    shown = f"regexp_replace({expression}, '{_NOT_XML}', '{_REPLACEMENT}', 'g')"
    return f"case when regexp_matches({shown}, '{_RISKY_START}') then '''' || {shown} else {shown} end"
