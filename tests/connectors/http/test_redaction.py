import pytest

from connectors.http.redaction import kept_headers, redact_url


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://h/x?access_token=abc&page=2", "https://h/x?access_token=***&page=2"),
        ("https://h/x?page=2&PRIVATE_TOKEN=abc", "https://h/x?page=2&PRIVATE_TOKEN=***"),
        ("https://user:pass@h/x", "https://***@h/x"),
        ("https://h/x?api_key=a&app-key=b&sig=c", "https://h/x?api_key=***&app-key=***&sig=***"),
        ("https://h/x?after=Y3Vy&nextPageToken=abc", "https://h/x?after=Y3Vy&nextPageToken=abc"),
        ("https://h/a@b?monkey=1", "https://h/a@b?monkey=1"),
        ("https://h/x", "https://h/x"),
    ],
)
def test_secrets_in_urls_are_masked_and_paging_is_left_alone(url: str, kept: str) -> None:
    assert redact_url(url) == kept


def test_only_listed_headers_are_kept_and_links_are_masked() -> None:
    headers = {
        "Set-Cookie": "session=1",
        "Authorization": "Bearer abc",
        "X-GitHub-SSO": "required; url=https://x",
        "ETag": '"1"',
        "Link": '<https://h/x?access_token=abc&page=2>; rel="next"',
        "X-RateLimit-Remaining": "12",
    }
    assert kept_headers(headers) == {
        "etag": '"1"',
        "link": '<https://h/x?access_token=***&page=2>; rel="next"',
        "x-ratelimit-remaining": "12",
    }
