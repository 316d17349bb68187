"""The bundled site files: enough outlets of enough countries, each once, and no guesses."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crawler.sites import Site, load_site, load_sites
from pipelines.metadata.setting import zone_of
from tests.crawling import ROOT

FOLDER = ROOT / "sites"
SITES = load_sites(str(FOLDER))

per_file = pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)


def place(site: Site) -> str:
    """What of its start tells a site from another: host without "www.", and path."""
    start = urlsplit(site.start)
    return start.netloc.removeprefix("www.") + start.path.rstrip("/")


@per_file
def test_a_file_says_only_what_is_certain(path: Path) -> None:
    """What needs the network to be known is left to discovery."""
    site = load_site(path)
    assert path.suffix == ".toml"
    assert site.name == path.stem
    assert site.model_fields_set - {"timezone"} == {"name", "start", "language", "country"}
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 30


@per_file
def test_a_site_starts_at_a_front_page_over_https(path: Path) -> None:
    start = urlsplit(load_site(path).start)
    assert start.scheme == "https"
    assert start.port is None
    assert start.query == ""
    assert start.path.strip("/").count("/") == 0  # the front page of the host, or of an edition


@per_file
def test_a_time_zone_is_given_where_the_country_does_not_tell_it(path: Path) -> None:
    site = load_site(path)
    if site.timezone is not None:
        assert zone_of(None, site.country) is None
        assert site.timezone.partition("/")[0] in {"Asia", "Africa", "Europe", "America"}


def test_no_outlet_has_two_files() -> None:
    assert [name for name, count in Counter(map(place, SITES)).items() if count > 1] == []


def test_editions_on_one_host_are_folders_of_it() -> None:
    """The front page of a host and a folder below it would both claim the folder's articles."""
    hosts = Counter(urlsplit(site.start).netloc for site in SITES)
    for site in SITES:
        start = urlsplit(site.start)
        assert hosts[start.netloc] == 1 or start.path.strip("/")


def test_there_are_at_least_60_outlets_40_of_them_arabic_from_15_countries() -> None:
    arabic = [site for site in SITES if site.language == "ar"]
    assert len(SITES) >= 60
    assert len(arabic) >= 48
    assert len({site.country for site in arabic}) >= 18


@pytest.mark.parametrize(
    ("language", "least"), [("fa", 5), ("tr", 5), ("he", 4), ("ur", 4), ("en", 5), ("fr", 4)]
)
def test_other_languages_of_the_region_are_there(language: str, least: int) -> None:
    assert sum(site.language == language for site in SITES) >= least


@pytest.mark.parametrize("country", "EG SA AE QA KW BH OM YE JO LB SY IQ PS LY TN DZ MA MR SD".split())
def test_every_arab_country_with_a_press_of_its_own_has_an_arabic_outlet(country: str) -> None:
    assert any((site.language, site.country) == ("ar", country) for site in SITES)
