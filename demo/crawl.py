"""Serves the newsroom, lets `scrapy crawl news` loose on it, and stops it again."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from demo.content import write_site_files
from demo.server import Newsroom

# The newsroom is ours and on this machine: no delay is owed to it.
_AT_EASE = {
    "DOWNLOAD_DELAY": "0",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "8",
    "LOG_LEVEL": "WARNING",
    "NEWS_CONTACT": "https://khabar.invalid/demo",
}
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


def crawl_command(newsroom: Newsroom, sites: Path, output: Path) -> list[str]:
    """The crawl of a running newsroom, as a person would type it."""
    hosts = [urlsplit(start).netloc for start in newsroom.starts().values()]
    settings = _AT_EASE | {"NEWS_OUTPUT": str(output), "NEWS_ALLOW_PRIVATE": ",".join(hosts)}
    command = [sys.executable, "-m", "scrapy", "crawl", "news", "-a", f"sites={sites}"]
    for name, value in settings.items():
        command += ["-s", f"{name}={value}"]
    return command


def environment() -> dict[str, str]:
    """The environment without proxies: the newsroom is not behind one."""
    return {name: value for name, value in os.environ.items() if name.lower() not in _PROXIES}


def crawl(output: Path, port: int, log: Path | None = None) -> int:
    """Crawl the newsroom into `output`; the crawl's exit code."""
    with Newsroom(port, log) as newsroom, tempfile.TemporaryDirectory() as folder:
        write_site_files(Path(folder), newsroom.port)
        print(f"The demo newsroom is open: {', '.join(newsroom.starts().values())}", flush=True)
        command = crawl_command(newsroom, Path(folder), output)
        return subprocess.run(command, env=environment(), check=False).returncode
