from datetime import date
from typing import Any

import pytest

from connectors.errors import PermanentSourceError
from connectors.github.config import GitHubConfig


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "neither an organisation nor repositories"),
        ({"repositories": ("shop",)}, "owner/name"),
        ({"repositories": ("acme/../../secrets",)}, "owner/name"),
        ({"repositories": ("acme/..",)}, "owner/name"),
        ({"organisation": "acme/x"}, "no GitHub login"),
        ({"organisation": "acme", "concurrency": 101}, "1 to 100"),
        ({"organisation": "acme", "concurrency": 0}, "1 to 100"),
        ({"organisation": "acme", "token": "two words"}, "token"),
        ({"organisation": "acme", "token": "a\r\nb: c"}, "token"),
        ({"organisation": "acme", "base_url": "https://me:secret@api.github.com"}, "base URL"),
        ({"organisation": "acme", "since": date(2026, 1, 2), "until": date(2026, 1, 2)}, "no time at all"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_anything_is_sent(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(PermanentSourceError, match=message) as refused:
        GitHubConfig(name="github", **settings)
    assert "secret@" not in str(refused.value)


def test_tokens_of_any_length_are_taken_and_never_shown() -> None:
    config = GitHubConfig(name="github", organisation="acme", token="ghs_" + "x" * 2000)
    assert "xxx" not in repr(config)


@pytest.mark.parametrize(
    ("base_url", "paced"),
    [
        ("https://api.github.com", 900),
        ("https://api.acme.ghe.com", 900),
        ("https://github.acme.example/api/v3", None),
        ("http://127.0.0.1:8080", None),
        ("https://notgithub.com", None),
    ],
)
def test_the_vendors_rate_is_kept_on_the_vendors_hosts(base_url: str, paced: int | None) -> None:
    assert GitHubConfig(name="github", base_url=base_url, organisation="acme").paced_per_minute == paced


def test_a_rate_may_be_set_for_any_host() -> None:
    config = GitHubConfig(
        name="github", base_url="http://127.0.0.1:8080", organisation="acme", points_per_minute=60
    )
    assert config.paced_per_minute == 60
