"""Where feeds and sitemaps usually stand, for sites that name none."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

# Ordered by how many of 796 hosts with a feed on their own host name it in their pages: 425, 21, 13, 8, 5.
_FEEDS = ("feed/", "rss.xml", "rss/", "feed.xml", "atom.xml")
# The protocol's own name first, then those of the common plug-ins.
_SITEMAPS = ("sitemap.xml", "sitemap_index.xml", "news-sitemap.xml", "sitemap-news.xml")


def usual_places(start: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Addresses of feeds and of sitemaps to try for a site that starts at `start`, the likeliest first.

    A site that is a folder of a host has its own below the folder; those of the host are not its.

    >>> usual_places("https://example.org/arabic")[0][0]
    'https://example.org/arabic/feed/'
    """
    parts = urlsplit(start)
    path = parts.path.rstrip("/")
    if "." in path.rpartition("/")[2]:  # a page, not a folder: "/ar/index.html"
        path = path.rpartition("/")[0]
    folder = f"{parts.scheme}://{parts.netloc}{path}/"
    return tuple(urljoin(folder, name) for name in _FEEDS), tuple(urljoin(folder, name) for name in _SITEMAPS)
