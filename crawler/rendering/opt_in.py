"""Which sites are rendered, and what a run needs for it; nothing here imports the extra."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any

from scrapy.settings import BaseSettings

from crawler.config import checked_number
from crawler.errors import UserError
from crawler.sites import Site

_HANDLER = "crawler.rendering.handler.RenderingHandler"
_ARGUMENTS = (
    # Both speak UDP, which would pass by the gate.
    "--disable-quic",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    # MiB of JavaScript objects: a page that fills them crashes alone.
    "--js-flags=--max-old-space-size=512",
)
# What the browser gets to see of our environment: pages of strangers run in it.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")


def request_meta(site: Site) -> dict[str, object]:
    """Meta of a request for a page of `site`: article, front page, section; not feed, sitemap, robots.txt."""
    return {"playwright": True} if site.render else {}


def switch_on(settings: BaseSettings, sites: Iterable[Site]) -> None:
    """Set what rendering needs if a site asks for it; raises `UserError` naming the site and the mend."""
    asking = next((site.name for site in sites if site.render), None)
    if asking is None:
        return
    where = f"site {asking!r}: key 'render'"
    if find_spec("scrapy_playwright") is None:
        raise UserError(f"{where}: scrapy-playwright is not installed; `make render` installs it")
    named = settings.get("NEWS_CHROMIUM")
    browser = shutil.which(named or "chromium")
    if browser is None:
        what = f"NEWS_CHROMIUM={named} is no program" if named else "there is no `chromium` on the PATH"
        raise UserError(f"{where}: {what}; `make render` installs Debian's")
    checked_number(settings, "NEWS_RENDER_SECONDS", 0.1)
    checked_number(settings, "NEWS_RENDER_PAGES", 1)
    handlers = settings.getdict("DOWNLOAD_HANDLERS") | {"http": _HANDLER, "https": _HANDLER}
    settings.set("DOWNLOAD_HANDLERS", handlers, settings.getpriority("DOWNLOAD_HANDLERS") or 0)
    settings.set("PLAYWRIGHT_LAUNCH_OPTIONS", launch_options(browser, root=os.geteuid() == 0), "project")


def launch_options(browser: str, *, root: bool) -> dict[str, Any]:
    """How Chromium is started; its own sandbox is off only for root, for whom it does not work."""
    return {
        "executable_path": browser,
        "chromium_sandbox": not root,
        "args": list(_ARGUMENTS),
        "env": {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        # A first Ctrl-C lets pages in flight finish; the browser ends with the run.
        "handle_sigint": False,
        "handle_sigterm": False,
        "handle_sighup": False,
    }
