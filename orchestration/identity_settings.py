"""What the settings say about identities, as governance understands it."""

from urllib.parse import urlsplit

from connectors.codeowners.settings import CodeownersSettings
from connectors.settings import HttpSettings
from governance.identity.rules import ALWAYS, FOR_EVER, IdentityRules, MappedPerson
from orchestration.settings import Settings
from orchestration.settings.models import midnight

_NOREPLY_KINDS = ("github", "gitlab")


def identity_rules(settings: Settings) -> IdentityRules:
    """Return what the settings say about identities."""
    zone, plain = settings.reporting.time_zone, IdentityRules()
    dialects = {str(each.dialect) for each in settings.sources if isinstance(each, CodeownersSettings)}
    return IdentityRules(
        people=tuple(
            MappedPerson(
                person.name,
                person.accounts,
                midnight(person.from_, zone) if person.from_ else ALWAYS,
                midnight(person.until, zone) if person.until else FOR_EVER,
            )
            for person in settings.people
        ),
        shared_mailboxes=settings.identity.shared_mailboxes,
        email_from=settings.identity.email_from,
        noreply_hosts={**plain.noreply_hosts, **_noreply_hosts(settings)},
        codeowners_of=tuple(sorted(dialects & set(_NOREPLY_KINDS))) or plain.codeowners_of,
    )


def _noreply_hosts(settings: Settings) -> dict[str, str]:
    """Servers of one's own give no-reply addresses of their own: `users.noreply.<host>`."""
    return {
        f"users.noreply.{urlsplit(source.base_url).hostname}": source.kind
        for source in settings.sources
        if isinstance(source, HttpSettings) and source.kind in _NOREPLY_KINDS
    }
