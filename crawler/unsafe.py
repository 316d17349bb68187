"""Settings of Scrapy's that would undo what Khabar promises; each is refused with its reason."""

from __future__ import annotations

from scrapy.settings import BaseSettings

from crawler.errors import UserError
from pipelines.masking import hidden

# Scrapy writes pickles there and reads them back; whoever can write such a file runs code with our rights.
_PICKLES = {
    "JOBDIR": "the ledger resumes a run that was stopped; leave it out",
    "HTTPCACHE_ENABLED": "pages are kept in the WARC; leave it out",
}


def refuse_unsafe(settings: BaseSettings) -> None:
    """Raises `UserError` for a setting that reads pickles, or that would tell strangers a password."""
    for name, mend in _PICKLES.items():
        if settings.get(name) not in (None, "", "0", "False", "false", False, 0):
            raise UserError(f"{name}={settings.get(name)!r}: Scrapy would read pickles there; {mend}")
    contact = settings.get("NEWS_CONTACT") or ""
    if hidden(contact) != contact or not contact.isprintable():
        raise UserError(
            f"NEWS_CONTACT={hidden(contact)!r}: it is sent to every host: no password, no control characters"
        )
