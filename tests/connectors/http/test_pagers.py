import msgspec
import pytest

from connectors.http.answers import Answer
from connectors.http.pagers import (
    Cursor,
    LinkHeader,
    Offset,
    PageNumber,
    Pager,
    SinglePage,
    Token,
    link_relation,
    parameter_of,
    value_at,
    with_parameters,
)
from tests.connectors.workspace import FakeTime

URL = "https://api.example.com/things"


def answer(body: object = None, **headers: str) -> Answer:
    return Answer(URL, 200, headers, msgspec.json.encode(body), FakeTime().now)


def test_a_single_page_has_no_next() -> None:
    assert SinglePage().first(URL) == URL
    assert SinglePage().following(URL, answer(), record_count=100) is None


def test_the_link_header_names_the_next_page() -> None:
    link = f'<{URL}?page=1>; rel="prev", <{URL}?after=Y3Vyc29y%3D&per_page=100>; rel="next"'
    pager = LinkHeader()
    assert pager.first(URL) == f"{URL}?per_page=100"
    assert pager.following(URL, answer(link=link), record_count=3) == f"{URL}?after=Y3Vyc29y%3D&per_page=100"
    assert pager.following(URL, answer(), record_count=100) is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('<https://a/x>; rel="next"', "https://a/x"),
        ("<https://a/x>; rel=next", "https://a/x"),
        ('<https://a/x>; title="a, b"; rel="next"', "https://a/x"),
        ('<https://a/1>; rel="first last", </2>; REL="prev next"', "/2"),
        ('<https://a/x,y>; rel="next"', "https://a/x,y"),
        ('<https://a/x>; rel="nextish"', None),
        ("", None),
        (None, None),
    ],
)
def test_relations_are_found_in_link_headers(header: str | None, expected: str | None) -> None:
    assert link_relation(header, "next") == expected


def test_numbered_pages_end_with_a_page_that_is_not_full() -> None:
    pager = PageNumber(size=50)
    first = pager.first(URL)
    assert first == f"{URL}?page=1&per_page=50"
    second = pager.following(first, answer(), record_count=50)
    assert second == f"{URL}?page=2&per_page=50"
    assert pager.following(second, answer(), record_count=49) is None


def test_offsets_count_what_came_and_end_at_the_total() -> None:
    pager = Offset(size=50, parameter="startAt", size_parameter="maxResults", total_path=("total",))
    first = pager.first(URL)
    assert first == f"{URL}?startAt=0&maxResults=50"
    second = pager.following(first, answer({"total": 60}), record_count=50)
    assert second is not None
    assert parameter_of(second, "startAt") == "50"
    assert pager.following(second, answer({"total": 60}), record_count=10) is None


def test_offsets_may_be_ended_by_a_flag_or_by_a_short_page() -> None:
    flagged = Offset(more_path=("more",))
    first = flagged.first(URL)
    assert (
        parameter_of(flagged.following(first, answer({"more": True}), record_count=25) or "", "offset")
        == "25"
    )
    assert flagged.following(first, answer({"more": False}), record_count=100) is None
    assert Offset().following(first, answer(), record_count=99) is None
    assert Offset().following(first, answer(), record_count=100) is not None


def test_an_empty_page_ends_an_offset_listing_that_promises_more() -> None:
    assert Offset(total_path=("total",)).following(URL, answer({"total": 9}), record_count=0) is None


def test_a_cursor_is_the_link_in_the_body() -> None:
    pager = Cursor(path=("links", "next"))
    assert pager.following(URL, answer({"links": {"next": "/things?c=2"}}), record_count=1) == "/things?c=2"
    assert pager.following(URL, answer({"links": {"next": None}}), record_count=1) is None
    assert pager.following(URL, answer({}), record_count=1) is None


def test_a_token_is_passed_back_until_it_is_missing_or_repeats() -> None:
    pager = Token()
    second = pager.following(URL, answer({"nextPageToken": "a b"}), record_count=0)
    assert second == f"{URL}?nextPageToken=a%20b"
    assert pager.following(second, answer({"nextPageToken": "a b"}), record_count=5) is None
    assert pager.following(second, answer({"isLast": True}), record_count=5) is None
    assert pager.following(URL, answer({"nextPageToken": ""}), record_count=5) is None


def test_a_value_is_found_without_decoding_the_rest() -> None:
    assert value_at(b'{"a":{"b":[1,2]},"c":1e400}', ("a", "b")) == [1, 2]
    assert value_at(b"[1]", ("a",)) is None


def test_parameters_are_replaced_and_the_rest_kept() -> None:
    assert with_parameters("/x?a=1&b=&c=3", {"a": "2"}) == "/x?a=2&b=&c=3"


@pytest.mark.parametrize("pager", [SinglePage(), LinkHeader(), PageNumber(), Offset(), Cursor(), Token()])
def test_every_pager_keeps_the_parameters_of_the_listing(pager: Pager) -> None:
    assert parameter_of(pager.first(f"{URL}?state=all"), "state") == "all"
