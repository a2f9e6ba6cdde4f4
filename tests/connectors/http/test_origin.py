import pytest

from connectors.errors import ForeignHostError, PermanentSourceError
from connectors.http.origin import Origin

GITHUB = Origin.of("https://api.github.com")


@pytest.mark.parametrize(
    "target",
    [
        "https://api.github.com/repos?page=2",
        "https://api.github.com:443/repos?page=2",
        "HTTPS://API.GitHub.com/repos?page=2",
        "/repos?page=2",
        "?page=2",
    ],
)
def test_links_on_the_configured_host_are_followed(target: str) -> None:
    url = GITHUB.follow(target, seen_at="https://api.github.com/repos", source="github", stream="tags")
    assert GITHUB.holds(url)
    assert url.endswith("page=2")


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/repos",
        "http://api.github.com/repos",
        "https://api.github.com:8443/repos",
        "https://api.github.com.evil.example/repos",
        "https://api.github.com@evil.example/repos",
        "https://user:password@api.github.com/repos",
        "//evil.example/repos",
        "https://[::1/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://api.github.com\\@evil.example/",
        "https://evil.example\t/",
    ],
)
def test_links_to_anywhere_else_are_refused(target: str) -> None:
    with pytest.raises(ForeignHostError) as refused:
        GITHUB.follow(target, seen_at="https://api.github.com/repos", source="github", stream="tags")
    assert "github.tags at https://api.github.com/repos" in str(refused.value)


def test_backslashes_that_browsers_read_as_slashes_stay_on_the_host() -> None:
    target = "\\\\evil.example/repos"
    url = GITHUB.follow(target, seen_at="https://api.github.com/repos", source="github", stream="tags")
    assert GITHUB.target(url).startswith(b"/")
    assert url.startswith("https://api.github.com/")


@pytest.mark.parametrize(
    "base_url",
    ["api.github.com", "ftp://api.github.com", "https://user@host/", "https://host/?a=b", "https://", ""],
)
def test_a_base_url_is_scheme_host_port_and_path(base_url: str) -> None:
    with pytest.raises(PermanentSourceError):
        Origin.of(base_url)


def test_an_enterprise_server_has_a_path_prefix() -> None:
    origin = Origin.of("https://github.acme.example:8443/api/v3/")
    assert origin.url("/repos/a/b") == "https://github.acme.example:8443/api/v3/repos/a/b"
    assert origin.host_header == "github.acme.example:8443"
    assert origin.target(origin.url("/repos/a/b?x=1")) == b"/api/v3/repos/a/b?x=1"


def test_targets_are_quoted_for_the_wire() -> None:
    assert GITHUB.target("https://api.github.com/repos/a/b c?q=\u00e4") == b"/repos/a/b%20c?q=%C3%A4"


def test_ipv6_hosts_keep_their_brackets() -> None:
    origin = Origin.of("http://[::1]:8080")
    assert origin.url("/x") == "http://[::1]:8080/x"
    assert origin.holds("http://[::1]:8080/y")
