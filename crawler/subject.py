"""What `scrapy explain` is asked about: a URL or a file, its site, and what is known of the site."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from scrapy.http import Response

from crawler.errors import UserError
from crawler.frontier import headers_of
from crawler.sites import SITES, Site, load_sites
from pipelines.body.site_history import SiteHistory
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Page
from pipelines.store.cases import read_case
from pipelines.store.errors import StoreError
from pipelines.store.ledger import Ledger
from pipelines.urls import BadUrl, given_url
from pipelines.urls.site_names import site_name

_ARGUMENTS = ("file", "url", "case", "site", "sites")
# A file of unknown address: reserved, so that it is nobody's (RFC 2606).
_NO_ADDRESS = "http://page.invalid/"


@dataclass(frozen=True, slots=True)
class Subject:
    """`site` is None when no site file is about the page; `name` is the site's all the same.

    `case` is a page that was kept with an alarm, read from `file`.
    """

    url: str
    file: Path | None
    site: Site | None
    name: str
    case: Page | None = None

    @property
    def place(self) -> str:
        """How to name it in a message."""
        return str(self.file) if self.file else self.url

    def about(self, page: Page, known_pages: int) -> tuple[str, str]:
        """Two lines: which page this is, and as whose it is read."""
        asked = page.url if self.url == page.url else f"{page.url} (asked for: {self.url})"
        if self.site is None and self.url == _NO_ADDRESS:
            return f"{self.file}, address unknown", "as a page of no site"
        said = f"as a page of {self.name}{'' if self.site else ', which has no site file'}"
        said += f"; {known_pages or 'none'} of its articles known"
        if page.rules_off:
            said += f"; rules off: {', '.join(page.rules_off)}"
        return f"{self.file}, as {asked}" if self.file else asked, said

    def known(self, ledger: Path) -> SiteHistory:
        """What earlier runs learnt of the site; raises `StoreError`."""
        if not ledger.is_file():
            return SiteHistory(DEFAULT_POLICY)
        opened = Ledger(ledger, read_only=True)
        try:
            return opened.site_history(self.name)
        finally:
            opened.close()

    def page_of_file(self) -> Page:
        """The file as a page; raises `UserError`."""
        assert self.file is not None
        if self.case is not None:
            return self._page_of_case(self.case)
        try:
            body = self.file.read_bytes()
        except OSError as error:
            raise UserError(f"{self.file}: cannot read the page: {error.strerror}") from None
        return self._page(self.url, body, (), None, None)

    def _page_of_case(self, case: Page) -> Page:
        """As it was fetched; what the site file says today counts."""
        if self.site is None:
            return case
        return replace(
            case,
            country=self.site.country,
            site_language=self.site.language,
            timezone=self.site.timezone,
            rules_off=self.site.rules_off,
        )

    def page_of_response(self, response: Response, *, obeys_robots: bool) -> Page:
        """The response as a page."""
        robots = "allowed" if obeys_robots else None
        return self._page(response.url, response.body, headers_of(response), response.status, robots)

    def _page(
        self,
        url: str,
        body: bytes,
        headers: tuple[tuple[str, str], ...],
        status: int | None,
        robots: str | None,
    ) -> Page:
        return Page(
            url=url,
            url_requested=self.url,
            body=body,
            headers=headers,
            http_status=status,
            fetched_at=datetime.now(UTC),
            site=self.name,
            run_id="explain",
            country=self.site.country if self.site else None,
            site_language=self.site.language if self.site else None,
            timezone=self.site.timezone if self.site else None,
            rules_off=self.site.rules_off if self.site else (),
            robots=robots,
        )


def subject(args: list[str], arguments: dict[str, str]) -> Subject:
    """What the command line asks for; raises `UserError` before anything is read or fetched."""
    if unknown := arguments.keys() - set(_ARGUMENTS):
        raise UserError(f"unknown argument {sorted(unknown)[0]!r}; known are {', '.join(_ARGUMENTS)}")
    others = arguments.keys() & {"file", "url"}
    if len(args) > 1 or (args and others) or ("case" in arguments and (args or others)):
        raise UserError("one page at a time: a URL, -a case=FILE, or -a file=FILE with its -a url=URL")
    if "case" in arguments:
        return _of_case(Path(arguments["case"]), arguments)
    file = Path(arguments["file"]) if "file" in arguments else None
    given = args[0] if args else arguments.get("url")
    if given is None and file is None:
        raise UserError("no page given: a URL, -a file=FILE or -a case=FILE")
    if file is not None:
        _refuse_no_file(file)
    try:
        url = given_url(given) if given is not None else _NO_ADDRESS
    except BadUrl as error:
        raise UserError(str(error)) from None
    site = _site(url, arguments)
    return Subject(url, file, site, site.name if site else site_name(url))


def _refuse_no_file(file: Path) -> None:
    if not file.is_file():
        raise UserError(f"{file}: {'is no file' if file.exists() else 'there is no such file'}")


def _of_case(file: Path, arguments: dict[str, str]) -> Subject:
    """A page that was kept with an alarm; its record says of which site it is."""
    _refuse_no_file(file)
    try:
        page = read_case(file)
    except StoreError as error:
        raise UserError(str(error)) from None
    folder = arguments.get("sites", SITES)
    site: Site | None
    if "site" in arguments:
        (site,) = load_sites(folder, arguments["site"])
    else:
        has_files = "sites" in arguments or any(Path(folder).glob("*.toml"))
        known = load_sites(folder) if has_files else ()
        site = next((each for each in known if each.name == page.site), None)
    return Subject(page.url_requested or page.url, file, site, page.site, page)


def _site(url: str, arguments: dict[str, str]) -> Site | None:
    """The site named, or the one whose front page is nearest above the URL."""
    folder = arguments.get("sites", SITES)
    if "site" in arguments:
        return load_sites(folder, arguments["site"])[0]
    if "sites" not in arguments and not any(Path(folder).glob("*.toml")):
        return None
    host, path = _place(url)
    above: dict[int, Site] = {}
    for site in load_sites(folder):
        its_host, its_path = _place(site.start)
        if its_host == host and f"{path}/".startswith(f"{its_path.rstrip('/')}/"):
            above[len(its_path)] = site
    return above[max(above)] if above else None


def _place(url: str) -> tuple[str, str]:
    """Host without "www.", with its port, and path."""
    parts = urlsplit(url)
    return parts.netloc.lower().removeprefix("www."), parts.path
