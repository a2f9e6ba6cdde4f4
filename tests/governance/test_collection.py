"""No entry, no collection: each way in which a register can fail to allow a stream."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from governance.canonical import canonical_json
from governance.collection import CollectionRegister, KnownStreams
from governance.collection_writing import missing_entries, with_confirmation, with_entries
from governance.errors import PolicyError, RegisterError

KNOWN: KnownStreams = {
    "github": {"reviews": ("account", "free_text"), "commits": ("account", "name", "email"), "teams": ()},
    "scim": {"users": ("account", "name", "employment")},
}
TODAY = date(2026, 7, 2)
CONFIRMED = """\
entries:
  - kind: github
    streams: [reviews]
    personal_data: [account, free_text]
    purpose: Measure lead times
    legal_basis: Works agreement 2026-04
    valid_until: 2027-07-01
    confirmed_by: Ada Lovelace
    confirmed_on: 2026-07-01
"""


def register(tmp_path: Path, text: str) -> CollectionRegister:
    file = tmp_path / "collection.yml"
    file.write_text(text)
    return CollectionRegister.load(file, KNOWN)


def refusal(found: CollectionRegister, stream: str = "reviews", *, on: date = TODAY) -> str | None:
    return found.refusal("github", stream, KNOWN["github"][stream], on=on)


def test_a_confirmed_entry_allows_its_stream_and_no_other(tmp_path: Path) -> None:
    found = register(tmp_path, CONFIRMED)
    assert refusal(found) is None
    assert found.allows("github", "reviews", ("account",), on=TODAY)
    assert refusal(found, "commits") == "there is no entry for it"


def test_a_stream_without_personal_data_needs_no_entry(tmp_path: Path) -> None:
    assert refusal(CollectionRegister.load(tmp_path / "nowhere.yml", KNOWN), "teams") is None


def test_without_a_register_nothing_about_people_is_allowed(tmp_path: Path) -> None:
    assert refusal(CollectionRegister.load(tmp_path / "nowhere.yml", KNOWN)) == "there is no entry for it"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("[account, free_text]", "[account]", "the entry in line 2 does not name free_text"),
        (
            "confirmed_by: Ada Lovelace\n    confirmed_on: 2026-07-01",
            "confirmed_by: null",
            "the entry in line 2 is not confirmed",
        ),
        ("valid_until: 2027-07-01", "valid_until: 2026-07-02", "the entry in line 2 lapsed on 2026-07-02"),
        ("confirmed_on: 2026-07-01", "confirmed_on: 2026-07-03", "counts from 2026-07-03 on"),
        ("[reviews]", "[commits]", "there is no entry for it"),
    ],
)
def test_each_shortcoming_of_an_entry_refuses_the_stream(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    assert old in CONFIRMED
    assert reason in (refusal(register(tmp_path, CONFIRMED.replace(old, new))) or "allowed")


def test_one_of_several_entries_is_enough(tmp_path: Path) -> None:
    second = CONFIRMED.removeprefix("entries:\n").replace("[account, free_text]", "[account]")
    assert refusal(register(tmp_path, CONFIRMED + second)) is None


def test_two_entries_do_not_add_up_to_one(tmp_path: Path) -> None:
    one = CONFIRMED.replace("[account, free_text]", "[account]")
    other = CONFIRMED.removeprefix("entries:\n").replace("[account, free_text]", "[free_text]")
    assert refusal(register(tmp_path, one + other)) == "the entry in line 10 does not name account"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("[reviews]", "[reviws]", 3, "did you mean reviews?"),
        ("kind: github", "kind: githob", 2, "did you mean github?"),
        ("free_text]", "freetext]", 4, "did you mean free_text?"),
        ("legal_basis", "legal_bases", 6, "did you mean legal_basis?"),
        ("entries", "entry", 1, "did you mean entries?"),
        ("streams: [reviews]", "streams: reviews", 3, "streams is a list of names"),
        ("streams: [reviews]", "stream: reviews\n    streams: [reviews]", 2, "either stream"),
        ("    personal_data: [account, free_text]\n", "", 2, "lists its personal_data"),
        ("    legal_basis: Works agreement 2026-04\n", "", 2, "without legal_basis cannot be confirmed"),
        ("    confirmed_on: 2026-07-01\n", "", 2, "belong together"),
        ("confirmed_on: 2026-07-01", "confirmed_on: soon", 9, "a day such as"),
        ("valid_until: 2027-07-01", "valid_until: 2026-07-01", 7, "does not come after 2026-07-01"),
        ("purpose: Measure lead times", "purpose: 7", 5, "purpose is a text"),
    ],
)
def test_a_register_that_is_wrong_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in CONFIRMED
    with pytest.raises(RegisterError) as raised:
        register(tmp_path, CONFIRMED.replace(old, new, 1))
    assert f"collection.yml:{line}: " in str(raised.value)
    assert message in str(raised.value)


@pytest.mark.parametrize("text", ["entries: 7", "entries: [7]", "- a list"])
def test_what_is_no_register_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(PolicyError, match=r"collection\.yml"):
        register(tmp_path, text)


def test_missing_entries_are_written_to_be_confirmed_and_then_confirmed(tmp_path: Path) -> None:
    entries = missing_entries(KNOWN, [], purpose="Measure lead times")
    text = with_entries("", entries)
    found = register(tmp_path, text)
    assert {(entry.kind, entry.streams) for entry in found.entries} == {
        ("github", ("reviews",)),
        ("github", ("commits",)),
        ("scim", ("users",)),
    }
    assert refusal(found) == "the entry in line 6 is not confirmed"
    text, count = with_confirmation(
        text, confirmed_by="Ada", confirmed_on=TODAY, stated={"legal_basis": "Agreement: 4"}, kinds=["github"]
    )
    found = register(tmp_path, text)
    assert count == 2
    assert refusal(found) is None
    assert found.entries_of("github", "commits")[0].legal_basis == "Agreement: 4"
    assert found.refusal("scim", "users", KNOWN["scim"]["users"], on=TODAY) == (
        "the entry in line 20 is not confirmed"
    )


def test_a_confirmation_needs_purpose_and_legal_basis() -> None:
    text = with_entries("", missing_entries(KNOWN, []))
    with pytest.raises(RegisterError, match="line 6: the entry has no purpose yet"):
        with_confirmation(text, confirmed_by="Ada", confirmed_on=TODAY)


def test_what_people_wrote_beside_the_entries_stays(tmp_path: Path) -> None:
    text = (
        "# ours\nentries:\n- kind: github   # the code\n  streams: [reviews]\n  personal_data: [account]\n"
        "  purpose: x   # agreed\n  legal_basis: y\n"
        "- {kind: scim, stream: users, personal_data: [account], legal_basis: y, confirmed_by: }\n"
    )
    added = with_entries(text, missing_entries(KNOWN, register(tmp_path, text).entries, purpose="z"))
    assert added.startswith(text)
    confirmed, count = with_confirmation(
        added, confirmed_by="Ada: née Byron", confirmed_on=TODAY, stated={"purpose": "x", "legal_basis": "y"}
    )
    found = register(tmp_path, confirmed)
    assert count == 5
    assert all(entry.confirmed_by == "Ada: née Byron" for entry in found.entries)
    assert all(comment in confirmed for comment in ("# ours", "# the code", "# agreed"))
    again, none = with_confirmation(confirmed, confirmed_by="Grace", confirmed_on=TODAY)
    assert (again, none) == (confirmed, 0)


def test_an_empty_list_of_entries_can_be_added_to(tmp_path: Path) -> None:
    text = with_entries("# ours\nentries: []\n", missing_entries(KNOWN, []))
    assert len(register(tmp_path, text).entries) == 3
    with pytest.raises(RegisterError, match="in brackets"):
        with_entries("entries: [{kind: scim}]\n", missing_entries(KNOWN, []))


def test_the_event_of_the_governance_log_names_nobody(tmp_path: Path) -> None:
    found = register(tmp_path, CONFIRMED)
    leaf = canonical_json(found.leaf(payload_log_size=7))
    assert b"Ada" not in leaf
    assert found.sha256.encode() in leaf
    assert b'"payload_log_size":7' in leaf


def test_an_entry_that_has_lapsed_covers_nothing_any_more() -> None:
    held = [replace(entry, valid_until=TODAY) for entry in missing_entries(KNOWN, [])]
    assert missing_entries(KNOWN, held, on=TODAY) == missing_entries(KNOWN, [])
    assert missing_entries(KNOWN, held, on=TODAY - timedelta(days=1)) == []


def test_nothing_is_confirmed_that_has_lapsed_already() -> None:
    entry = replace(missing_entries(KNOWN, [])[0], purpose="x", legal_basis="y", valid_until=TODAY)
    with pytest.raises(RegisterError, match="write a later valid_until"):
        with_confirmation(with_entries("", [entry]), confirmed_by="Ada", confirmed_on=TODAY)
