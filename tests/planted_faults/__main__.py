"""Writes `docs/planted-faults.md`: `python -m tests.planted_faults`."""

from pathlib import Path

from tests.planted_faults.page import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "planted-faults.md"

if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
