"""What the user gives: site files, lists of URLs, settings. Each mistake is one line that names its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from scrapy.settings import Settings

from crawler import settings as project_settings
from crawler.config import RunConfig
from crawler.errors import ExitCode, UserError
from crawler.sites import Site, load_site, load_sites
from crawler.spiders.news import NewsSpider
from crawler.spiders.urls import UrlsSpider

ROOT = Path(__file__).resolve().parents[1]
GOOD = 'name = "harbour"\nstart = "https://www.example.org/"\n'


def site_file(folder: Path, text: str | bytes, name: str = "harbour.toml") -> Path:
    """A site file of this content."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def mistake(act: Callable[[], object]) -> str:
    """The one line a mistake is reported with."""
    with pytest.raises(UserError) as caught:
        act()
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "key 'name' is missing"),
        ('name = "harbour"', "key 'start' is missing"),
        ('start = "https://example.org/"', "key 'name' is missing"),
        ('name = 7\nstart = "https://example.org/"', "key 'name': must be text"),
        ('name = "The Harbour"\nstart = "https://example.org/"', "key 'name'"),
        ('name = "../harbour"\nstart = "https://example.org/"', "key 'name'"),
        ('name = "a=b"\nstart = "https://example.org/"', "key 'name'"),
        ('name = ""\nstart = "https://example.org/"', "key 'name'"),
        ('name = "الميناء"\nstart = "https://example.org/"', "key 'name'"),
        (f'name = "{"a" * 65}"\nstart = "https://example.org/"', "key 'name'"),
        ('name = "harbour"\nstart = "example.org"', "key 'start': bad URL 'example.org'"),
        ('name = "harbour"\nstart = "ftp://example.org/"', "key 'start': bad URL 'ftp://example.org/'"),
        ('name = "harbour"\nstart = ["https://example.org/"]', "key 'start': must be text"),
        (GOOD + 'langage = "ar"', "unknown key 'langage'; known are name, start, language"),
        (GOOD + 'language = "arabic"', "key 'language'"),
        (GOOD + 'language = "AR"', "key 'language'"),
        (GOOD + 'country = "ye"', "key 'country'"),
        (GOOD + 'country = ""', "key 'country'"),
        (GOOD + 'timezone = "Aden"', "key 'timezone': 'Aden' is no time zone"),
        (GOOD + 'feeds = "https://example.org/rss"', "key 'feeds': must be a list"),
        (GOOD + 'feeds = ["https://example.org/rss", "/rss"]', "key 'feeds.1': bad URL '/rss'"),
        (GOOD + "feeds = [7]", "key 'feeds.0': must be text"),
        (GOOD + 'sitemaps = ["file:///etc/passwd"]', "key 'sitemaps.0': bad URL"),
        (GOOD + 'sections = ["http://[bad"]', "key 'sections.0': bad URL"),
        (GOOD + 'allow = ["^/news/", "["]', "key 'allow.1': is no regular expression"),
        (GOOD + 'deny = ["a{99999999999}"]', "key 'deny.0': is no regular expression"),
        (GOOD + 'deny = "^/tag/"', "key 'deny': must be a list"),
        (GOOD + 'rules_off = "site_memory"', "key 'rules_off': must be a list"),
        (
            GOOD + 'rules_off = ["site-memory"]',
            "key 'rules_off.0': unknown rule 'site-memory'; known are model, ",
        ),
        (
            GOOD + 'rules_off = ["page", "phrase.ar.shares"]',
            "key 'rules_off.1': unknown rule 'phrase.ar.shares'",
        ),
        (GOOD + 'rules_off = ["phrase.ar.shares"]', "known below phrase.ar are "),
        (GOOD + 'rules_off = ["extractor"]', "key 'rules_off.0': unknown rule 'extractor'"),
        (GOOD + 'rules_off = [""]', "key 'rules_off.0': unknown rule ''"),
        (GOOD + "[expect]\nmin_articles = -1", "key 'expect.min_articles'"),
        (GOOD + '[expect]\nmin_articles = "20"', "key 'expect.min_articles': must be a whole number"),
        (GOOD + "[expect]\nmin_articles = true", "key 'expect.min_articles': must be a whole number"),
        (
            GOOD + "[expect]\nmin_article = 2",
            "unknown key 'expect.min_article'; known are min_articles, languages, since",
        ),
        (GOOD + '[expect]\nlanguages = "ar"', "key 'expect.languages': must be a list"),
        (GOOD + '[expect]\nlanguages = ["ar", "Arabic"]', "key 'expect.languages.1'"),
        (GOOD + '[expect]\nsince = "2026-11-20"', "key 'expect.since': must be a date without quotes"),
        (GOOD + "[expect]\nsince = 2026-11-20T08:00:00Z", "key 'expect.since': must be a date without"),
        (GOOD + "expect = 20", "key 'expect': must be a table"),
        (GOOD + GOOD, "is not TOML"),
        (GOOD + "feeds = [", "is not TOML"),
        (GOOD + "feeds = " + "[" * 4_000 + "]" * 4_000, "is not TOML"),
        ("<html>", "is not TOML"),
        (b'name = "\xe9"', "is not UTF-8"),
        ("# " + "x" * 70_000, "larger than"),
    ],
)
def test_a_mistake_in_a_site_file_names_file_and_key(tmp_path: Path, text: str | bytes, key: str) -> None:
    path = site_file(tmp_path, text)
    said = mistake(lambda: load_site(path))
    assert said.startswith(f"{path}: ")
    assert key in said


def test_a_site_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert str(tmp_path / "none.toml") in mistake(lambda: load_site(tmp_path / "none.toml"))
    assert str(tmp_path / "none.toml") in mistake(lambda: load_sites(str(tmp_path / "none.toml")))


def test_a_folder_without_site_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    assert str(tmp_path) in mistake(lambda: load_sites(str(tmp_path)))
    assert "no site files" in mistake(lambda: load_sites(" , "))


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    site_file(tmp_path, GOOD, "a.toml")
    second = site_file(tmp_path, GOOD, "b.toml")
    said = mistake(lambda: load_sites(str(tmp_path)))
    assert said.startswith(f"{second}: key 'name'")
    assert "'harbour'" in said


def test_an_unknown_site_name_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    site_file(tmp_path, GOOD)
    said = mistake(lambda: load_sites(str(tmp_path), "herald"))
    assert "'herald'" in said
    assert "harbour" in said


def test_one_site_can_be_picked(tmp_path: Path) -> None:
    site_file(tmp_path, GOOD, "a.toml")
    site_file(tmp_path, GOOD.replace("harbour", "herald"), "b.toml")
    assert [site.name for site in load_sites(str(tmp_path), "herald")] == ["herald"]
    assert [site.name for site in load_sites(str(tmp_path))] == ["harbour", "herald"]


def test_files_and_folders_can_be_listed_together(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    first = site_file(tmp_path, GOOD)
    site_file(tmp_path / "more", GOOD.replace("harbour", "herald"))
    found = load_sites(f" {first} , {tmp_path / 'more'},")
    assert [site.name for site in found] == ["harbour", "herald"]


@pytest.mark.parametrize(
    "text", ["\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), GOOD + "# ملاحظة\n"], ids=["BOM", "CRLF", "note"]
)
def test_a_file_saved_by_any_editor_loads(tmp_path: Path, text: str) -> None:
    assert load_site(site_file(tmp_path, text)).name == "harbour"


def test_a_full_site_file_loads_with_its_addresses_cleaned(tmp_path: Path) -> None:
    more = (
        'language = "ar"\ncountry = "YE"\nfeeds = ["HTTPS://www.Example.org:443/rss#x"]\nsitemaps = []\n'
        'sections = ["https://www.example.org:443/sport#x"]\nallow = ["^/news/"]\ndeny = ["/live/"]\n'
        '[expect]\nmin_articles = 20\nlanguages = ["ar", "und"]\n'
    )
    site = load_site(site_file(tmp_path, GOOD + more))
    assert site.feeds == ("https://www.example.org/rss",)
    assert site.sections == ("https://www.example.org/sport",)
    assert (site.expect.min_articles, site.expect.languages) == (20, ("ar", "und"))


@pytest.mark.parametrize(
    ("path", "admitted"), [("/news/1", True), ("/sport/1", False), ("/news/live/1", False), ("/", False)]
)
def test_deny_goes_before_allow(path: str, admitted: bool) -> None:
    site = Site(name="a", start="https://example.org/", allow=("^/news/",), deny=("/live/",))
    assert site.paths.admits(path) is admitted


def test_a_site_without_patterns_admits_everything_that_is_not_denied() -> None:
    assert Site(name="a", start="https://example.org/").paths.admits("/anything")
    assert not Site(name="a", start="https://example.org/", deny=("^/any",)).paths.admits("/anything")


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("demo/sites/*.toml")) + sorted(ROOT.glob("sites/*.toml")), ids=lambda p: p.name
)
def test_every_bundled_site_file_is_well_kept(path: Path) -> None:
    site = load_site(path)
    assert site.name == path.stem
    assert site.language
    assert site.country
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 30


@pytest.mark.parametrize("folder", ["demo/sites", "sites"])
def test_the_bundled_folders_load_as_a_whole(folder: str) -> None:
    assert len(load_sites(str(ROOT / folder))) == len(list((ROOT / folder).glob("*.toml"))) > 0


# -- Arguments of the spiders


def plan(**arguments: str) -> dict[str, list[str]]:
    """Site name -> URLs that `scrapy crawl urls` would fetch."""
    links = UrlsSpider.plan(arguments).links
    return {name: [link.url for link in those] for name, those in links.items()}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "takes one of -a file=FILE and -a url=URL"),
        ({"url": "https://example.org/", "file": "x"}, "takes one of"),
        ({"ulr": "https://example.org/"}, "spider 'urls' knows no argument 'ulr'; it knows file, url"),
        ({"url": ""}, "argument url: bad URL ''"),
        ({"url": "example.org"}, "argument url: bad URL 'example.org'"),
        ({"url": "http://example.org/\udcff"}, "argument url: bad URL"),
        ({"file": "no/such/list"}, "no/such/list: cannot read the list of URLs"),
        ({"file": "."}, "cannot read the list of URLs"),
    ],
)
def test_a_mistake_in_the_arguments_is_said_in_one_line(arguments: dict[str, str], said: str) -> None:
    assert said in mistake(lambda: UrlsSpider.plan(arguments))


def test_the_news_spider_names_an_unknown_argument_too() -> None:
    assert "knows no argument 'stie'" in mistake(lambda: NewsSpider.plan({"stie": "x"}))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", ": holds no URL"),
        (b"# nothing\n\n", ": holds no URL"),
        (b"# list\nhttps://example.org/1\n\nnews\n", ":4: bad URL 'news'"),
        (b"https://example.org/\xe9\n", ": is not UTF-8"),
    ],
)
def test_a_mistake_in_a_list_names_file_and_line(tmp_path: Path, text: bytes, said: str) -> None:
    path = site_file(tmp_path, text, "urls.txt")
    assert f"{path}{said}" in mistake(lambda: plan(file=str(path)))


def test_a_list_is_grouped_by_host_and_holds_each_article_once(tmp_path: Path) -> None:
    text = (
        "\ufeff# from the desk\r\n\r\n https://b.example.org/1 \r\nhttps://a.example.org/1\r\n"
        "https://a.example.org/1?utm_source=x\r\nhttps://www.a.example.org/2\r\n"
    )
    assert plan(file=str(site_file(tmp_path, text, "urls.txt"))) == {
        "a.example.org": ["https://a.example.org/1", "https://www.a.example.org/2"],
        "b.example.org": ["https://b.example.org/1"],
    }


def test_a_long_list_is_taken_whole(tmp_path: Path) -> None:
    text = "\n".join(f"https://example.org/{number}" for number in range(5_000))
    (links,) = plan(file=str(site_file(tmp_path, text, "urls.txt"))).values()
    assert len(links) == 5_000


@pytest.mark.parametrize(
    "host", ["مثال.test", "_dmarc.example.org", "-a.test", "[::1]", "a." * 60 + "test", "10.0.0.1:81", "_"]
)
def test_every_host_gives_a_name_that_a_site_may_have(host: str) -> None:
    (name,) = plan(url=f"http://{host}/news")
    assert Site(name=name, start="https://example.org/").name == name


# -- Settings


def config(**changes: object) -> RunConfig:
    """What a run is told, with some settings changed."""
    settings = Settings(
        {name: getattr(project_settings, name) for name in dir(project_settings) if name.startswith("NEWS_")}
    )
    settings.update(changes)
    return RunConfig.from_settings(settings)


def test_the_defaults_are_a_valid_configuration() -> None:
    known = config()
    assert (known.output, known.state) == ("output", Path("output/.state"))
    assert known.ledger == Path("output/.state/ledger.sqlite")
    assert known.workers >= 1
    assert (known.page_seconds, known.page_memory_bytes) == (10, 1024**3)


def test_the_ledger_may_live_elsewhere() -> None:
    assert config(NEWS_STATE="/var/lib/khabar/ledger.sqlite").ledger == Path("/var/lib/khabar/ledger.sqlite")
    assert config(NEWS_OUTPUT="/srv/news").ledger == Path("/srv/news/.state/ledger.sqlite")


def test_numbers_may_come_as_text_from_the_command_line() -> None:
    known = config(NEWS_WORKERS="3", NEWS_PAGE_SECONDS="2.5", NEWS_PAGE_MEMORY_MB="512")
    assert (known.workers, known.page_seconds, known.page_memory_bytes) == (3, 2.5, 512 * 1024**2)


@pytest.mark.parametrize("name", ["NEWS_WORKERS", "NEWS_PAGE_SECONDS", "NEWS_PAGE_MEMORY_MB"])
@pytest.mark.parametrize("value", ["many", "", None, "-1", "nan", "inf", "1e999", [3]])
def test_a_number_that_is_none_is_refused_by_name(name: str, value: object) -> None:
    assert mistake(lambda: config(**{name: value})).startswith(f"{name}=")


@pytest.mark.parametrize(
    ("name", "value"), [("NEWS_OUTPUT", "file:///srv/news"), ("NEWS_STATE", "s3://bucket/ledger.sqlite")]
)
def test_a_place_that_is_no_path_is_refused_by_name(name: str, value: str) -> None:
    assert mistake(lambda: config(**{name: value})).startswith(f"{name}={value!r}")


def test_an_empty_output_is_refused() -> None:
    assert mistake(lambda: config(NEWS_OUTPUT="")).startswith("NEWS_OUTPUT=")
