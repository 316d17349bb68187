"""The report's page: whole, accessible, of one file, and nothing of a stranger's leaves its place."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import html

from pipelines.health.alarms import Alarm, Sign
from pipelines.health.waterfall import Ends
from pipelines.report.page import render
from pipelines.report.records import Cut, Published, RemovedCount, ReportData, SiteHealth, Unread
from pipelines.report.words import short, shown
from tests.helpers_report import LAST, new_article, site_run, synthetic

STYLE = files("pipelines.report").joinpath("templates", "style.css").read_text(encoding="utf-8")
# What pages have tried to break out of, steer the reading order with, or fill the page with.
HOSTILE = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "</script><script>alert(1)</script>",
            "</style><img src=x onerror=alert(1)>",
            "</title>\"'><svg onload=alert(1)>",
            "javascript:alert(1)",
            "\u202eمقلوب\u2066 text \u2069",
            "{{ 7*7 }} {% raw %}",
            "x" * 4_000,
            "\x00\x1b[2J\ud83d",
            "<!-- ]]> &amp; &#0;",
        ]
    ),
)


@cache
def plain() -> ReportData:
    """One site, two runs, an alarm, an article and a removed block."""
    removed = (RemovedCount("site-0000", "structure.share", "شارك", 7, "https://site-0000.test/1"),)
    return synthetic(1, 2, decays=0, published=Published((new_article(),), removed))


def parsed(data: ReportData) -> html.HtmlElement:
    return html.document_fromstring(render(data).encode())


def said(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def structure(page: html.HtmlElement) -> Counter[str]:
    """Elements and attributes of the page, without their values."""
    return Counter(name for element in page.iter("*") for name in (element.tag, *element.attrib))


def hostile(text: str, word: str) -> ReportData:
    """The plain data with `text` wherever a stranger may have written."""
    article = new_article(
        title=text, text=f"{text}\n\nplain", authors=(text,), url=text, site=word, language="ar",
        cuts=(Cut(0, text, text),), change_kind=text,
    )  # fmt: skip
    run = site_run(0, 1, 2)
    latest = replace(
        run, site=text, rejected={text: 3}, failed={text: 1}, languages={text: 2}, held_back=text
    )
    old = plain().alarms[0]
    alarms = (
        Alarm(text, text, old.raised_at, (Sign(text, text),), text, cases=(text,)),
        replace(old, ended_at=LAST, ending=text, site=text),
    )
    ends = Ends()
    ends.states["failed"] = 2
    ends.failed[text] = 2
    return replace(
        plain(),
        output=text,
        latest=tuple(replace(each, run_id=text, outcome=text, spider=text) for each in plain().latest),
        runs=tuple(replace(each, run_id=text, outcome=text, spider=text) for each in plain().runs),
        sites=(SiteHealth(text, plain().sites[0].points, latest, ends),),
        alarms=alarms,
        published=Published((article,), (RemovedCount(text, text, text, 3, text),)),
        unread=(Unread(text, text),),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(HOSTILE.filter(shown))
@example("</script><script>alert(1)</script>")
def test_texts_of_strangers_never_leave_their_place(text: str) -> None:
    text = text.replace("\n\n", " ")
    found, honest = parsed(hostile(text, "w")), parsed(hostile("honest", "w"))
    assert structure(found) == structure(honest)
    (title,) = found.find_class("title")
    assert title.text == shown(short(text, 200))
    (cut,) = found.xpath("//del")
    assert cut.text == shown(short(text, 240))
    assert found.find_class("said")[0].text == shown(short(text, 240))
    assert found.xpath("//article//h3/bdi")[0].text == shown(text)
    assert [each.text for each in found.iter("script")] == [each.text for each in honest.iter("script")]


@pytest.mark.parametrize("url", ["javascript:alert(1)", " https://x.test/", "data:text/html,x", "//x.test/"])
def test_only_addresses_of_the_web_are_links(url: str) -> None:
    published = Published((new_article(url=url),), (RemovedCount("s", "r", "t", 1, url),))
    data = replace(plain(), published=published)
    assert {link.get("href")[0] for link in parsed(data).xpath("//a")} == {"#"}


def idle(site: SiteHealth) -> SiteHealth:
    """It gave nothing in the latest run."""
    assert site.latest is not None
    return replace(site, latest=replace(site.latest, stored=0))


def pages() -> dict[str, ReportData]:
    """Of every kind there is."""
    nothing = ReportData(datetime(2026, 11, 23, tzinfo=UTC), "output")
    return {
        "nothing": nothing,
        "unreadable": replace(nothing, unread=(Unread("ledger x", "no database"),)),
        "only files": replace(nothing, rows=plain().rows, published=plain().published),
        "one site": plain(),
        "shards": replace(plain(), latest=plain().latest * 12),
        "many alarms": replace(plain(), alarms=plain().alarms * 120),
        "quiet": synthetic(8, 12),
        "first run": synthetic(3, 1),
        "nothing new": replace(synthetic(3, 9), sites=tuple(map(idle, synthetic(3, 9).sites))),
    }


@pytest.mark.parametrize("kind", pages())
def test_every_page_is_sound(kind: str) -> None:
    text = render(pages()[kind])
    page = html.document_fromstring(text.encode())
    ids = [element.get("id") for element in page.xpath("//*[@id]")]
    assert len(ids) == len(set(ids))
    for name in ("for", "aria-labelledby"):
        assert {element.get(name) for element in page.xpath(f"//*[@{name}]")} <= set(ids)
    assert set(page.xpath("//a/@href[starts-with(., '#')]")) <= {f"#{at}" for at in ids}
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1|//h2|//h3|//h4")]
    assert levels.count(1) == levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for table in page.iter("table"):
        assert said(table.find("caption"))
        assert all(head.get("scope") for head in table.iter("th"))
        assert len({len(row) for row in table.iter("tr")}) == 1
    for picture in page.xpath("//svg[not(ancestor-or-self::*[@aria-hidden='true'])]"):
        assert picture.get("role") == "img"
        assert said(picture.find("title"))
    assert not page.xpath("//@style | //@onclick | //img | //script[@src] | //iframe | //object")
    assert page.xpath("//link/@href") == ["data:,"]
    assert [len(list(page.iter(tag))) for tag in ("header", "nav", "main", "footer")] == [1, 1, 1, 1]
    assert "None" not in said(page.find("body"))


def test_the_policy_lets_in_what_the_page_has_and_nothing_else() -> None:
    page = parsed(plain())
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    for tag in ("style", "script"):
        (element,) = page.iter(tag)
        digest = b64encode(hashlib.sha256(element.text.encode()).digest()).decode()
        assert parts[f"{tag}-src"] == f"'sha256-{digest}'"
    assert parts["default-src"] == "'none'"
    assert set(parts) == {"default-src", "style-src", "script-src", "img-src", "base-uri", "form-action"}
    assert not re.search(r"url\((?!#)|@import|https?:", STYLE)


def test_alarms_stand_before_everything_else_with_the_command_that_opens_their_pages() -> None:
    page = parsed(plain())
    first = page.find("body//main/section")
    assert first.get("id") == "alarms"
    assert said(first.find("h2")) == "Open alarms 1"
    assert "2 new articles, where the last 28 runs had 11 to 19" in said(first)
    commands = [said(code) for code in first.xpath(".//li/code")]
    assert commands[1] == "scrapy explain -a case='output/report/cases/site-0000/it'\"'\"'s 2.html.gz'"
    assert "No open alarms" in said(parsed(synthetic(1, 2)).find("body//main/section"))


def test_sites_that_are_not_in_order_are_counted_beside_the_alarms() -> None:
    data = synthetic(4, 9, decays=0)
    kept, silent, held, away = data.sites
    assert held.latest is not None
    held = replace(held, latest=replace(held.latest, held_back="too_many_errors"))
    data = replace(data, sites=(kept, idle(silent), held, replace(away, latest=None)))
    told = said(parsed(data).find("body//main/section"))
    assert "Without an alarm, but not in order: 1 held back, 1 silent, 1 not visited (sites)." in told
    states = [said(row[1]) for row in parsed(data).xpath("//table[@id='site-table']/tbody/tr")]
    assert states == ["alarm", "held back too many errors", "silent", "not visited"]


def test_an_alarm_that_ended_is_told_and_is_not_open() -> None:
    ended = replace(plain().alarms[0], ended_at=LAST, ending="recovered")
    alarms = parsed(replace(plain(), alarms=(ended,))).find("body//main/section")
    assert said(alarms.find("h2")) == "No open alarms"
    assert "site-0000 (recovered 23 Nov 2026, 06:00)" in said(alarms)


def test_the_figures_of_the_run_are_in_words() -> None:
    data = synthetic(5, 10)
    page = parsed(data)
    stored = sum(site.latest.stored for site in data.sites if site.latest)
    tiles = {said(tile[0]): said(tile[1]) for tile in page.xpath("//ul[@class='tiles']/li")}
    assert tiles["New articles"] == f"{stored}"
    steps = [said(step) for step in page.xpath("(//ol[@class='flow'])[1]/li/p")]
    assert [step.split()[0] for step in steps] == ["asked", "answered", "cleaned", "published"]
    reasons = page.xpath("(//ol[@class='flow'])[1]//ul/li")
    assert any("not article" in said(reason) for reason in reasons)
    rows = page.xpath("//table[@id='site-table']/tbody/tr")
    assert {said(row[0]): int(said(row[2]).split()[-1]) for row in rows} == {
        site.name: site.latest.stored for site in data.sites if site.latest
    }


def test_kept_and_removed_stand_in_reading_order_and_are_told_apart_in_words() -> None:
    (page,) = parsed(plain()).find_class("page")
    order = [(each.get("class"), said(each)) for each in page.findall("p")][1:]
    assert [kind for kind, _ in order] == ["cut", "kept", "cut", "kept"]
    assert order[0][1] == "cut structure.links الرئيسية"
    assert all(each.get("lang") == "ar" and each.get("dir") == "auto" for each in page.find_class("kept"))


def test_a_thousand_sites_are_a_page_that_can_be_used() -> None:
    text = render(synthetic(1_000, 60, decays=17))
    page = html.document_fromstring(text.encode())
    rows = page.xpath("//table[@id='site-table']/tbody/tr")
    assert len(text.encode()) < 3_000_000
    assert len(rows) == 1_000
    assert said(rows[0][0]) == "site-0017"
    assert [len(row.xpath(".//svg")) for row in (rows[0], rows[99], rows[100])] == [4, 4, 1]


def palettes() -> dict[str, dict[str, str]]:
    """Colours by name, for light and dark."""
    light, dark, printed = (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part))
        for part in re.split(r"@media \(prefers-color-scheme: dark\)|@media print", STYLE)
    )
    return {"light": light, "dark": light | dark, "print": light | printed}


def contrast(one: str, other: str) -> float:
    """As WCAG 2 computes it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_text_can_be_read_and_marks_can_be_seen(scheme: str) -> None:
    colours = palettes()[scheme]
    texts = {
        "paper": ("ink", "soft", "main", "lost", "alarm"),
        "card": ("ink", "soft"),
        "alarm-soft": ("ink", "alarm", "soft", "main", "lost"),
        "lost-soft": ("ink", "main"),
        **{f"h{level}": ("ink",) for level in range(5)},
    }
    for ground, over in texts.items():
        for text in over:
            assert contrast(colours[ground], colours[text]) >= 4.5, (ground, text)
    for mark in ("main", "lost", *(f"p{place}" for place in range(7))):
        assert contrast(colours["paper"], colours[mark]) >= 3, mark
