"""What is fuzzed: for each reader of strangers' bytes, how to run it and what must hold of the outcome."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from crawler.discovery.feeds import read_feed
from crawler.discovery.sections import read_hub
from crawler.discovery.sitemaps import read_sitemap
from crawler.politeness.answers import DAY_SECONDS, retry_after
from crawler.politeness.robots import read_robots
from pipelines.metadata.access import access_flags
from pipelines.metadata.authors import authors
from pipelines.metadata.candidates import Candidate, Statements
from pipelines.metadata.dates import Setting, modified, published
from pipelines.metadata.dating.text import Place, find_moments, read_moment
from pipelines.metadata.facts import tags
from pipelines.metadata.json_ld import load
from pipelines.metadata.structured import read_statements
from pipelines.metadata.title import headline
from pipelines.page.decode import REPLACEMENT, decode
from pipelines.page.outline import Outline
from pipelines.page.precheck import precheck
from pipelines.page.tree import depth, parse
from pipelines.policy import DEFAULT_POLICY
from pipelines.store.errors import StoreError
from pipelines.store.raw import response_head
from pipelines.store.warc_files import CutShort, members, mend_tail, next_record, owner, responses
from tests.fuzz import checks, seeds
from tests.fuzz.archives import archives, run_archive
from tests.fuzz.articles import run_clean

URL = "https://news.example/ar/story-1"
FETCHED = datetime(2026, 12, 4, 10, 37, tzinfo=UTC)
# What ends everything that swallows mark-up, so that a paragraph behind it is one.
_CLOSERS = (
    b" x'\">x\"'>--></script></style></title></textarea></xmp></iframe></noembed></noframes></noscript>"
    b"</select></svg></math></template></object></table></button><p>zqmarkqz</p>"
)


@dataclass(frozen=True, slots=True)
class Target:
    """One reader. `run` gives a short account of the outcome and raises where an invariant is broken."""

    run: Callable[[bytes], str]
    seeds: Callable[[], list[bytes]]
    words: tuple[bytes, ...] = ()
    traced: float = 0.2  # share of executions whose lines are looked at, which takes several times as long


def typed(data: bytes) -> tuple[str | None, bytes]:
    """The first line when it begins with "@", which is what comes beside a document; and the document."""
    if not data.startswith(b"@"):
        return None, data
    line, _, rest = data[1:].partition(b"\n")
    return line.decode("utf-8", "replace"), rest


def run_precheck(data: bytes) -> str:
    verdict = precheck(data, DEFAULT_POLICY)
    checks.check_strings(verdict)
    padded = precheck(b" \r\n" * 40 + data + b"\n" * 9, DEFAULT_POLICY)
    assert (verdict and verdict[0]) == (padded and padded[0]), f"{verdict} but padded {padded}"
    if verdict:
        return str(verdict[0])
    return _tail_is_read(data)


def _tail_is_read(data: bytes) -> str:
    """What passes is read to its end, or refused for its depth."""
    marked = data + _CLOSERS
    if marked.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "a mark that is believed"
    if refused := precheck(marked, DEFAULT_POLICY):
        return f"marked {refused[0]}"
    root = parse(decode(marked, "text/html; charset=iso8859-15").text)
    if root is None:
        return "no document"
    if depth(root) > DEFAULT_POLICY.max_depth:
        return "too deep"
    assert "zqmarkqz" in str(root.text_content()), "the parser dropped the end of the page"
    return "passed"


def run_decode(data: bytes) -> str:
    header, body = typed(data)
    found = decode(body, header)
    found.text.encode("utf-8")
    found.encoding.encode("ascii")
    share = found.replacement_share
    assert 0.0 <= share <= 1.0, f"a share of {share}"
    assert REPLACEMENT in found.text or not share, "unreadable without a sign of it"
    return f"{found.encoding} {share > 0.01}"


def run_feed(data: bytes) -> str:
    header, body = typed(data)
    found = read_feed(body, URL, header)
    checks.check_discovered(found)
    return f"{min(len(found.links), 9)} links {len(found.feeds)} next {found.dropped > 0}"


def run_sitemap(data: bytes) -> str:
    found = read_sitemap(data, URL)
    checks.check_discovered(found)
    return f"{min(len(found.links), 9)} links {min(len(found.sitemaps), 9)} maps {found.dropped > 0}"


def run_hub(data: bytes) -> str:
    header, body = typed(data)
    found = read_hub(body, URL, header)
    checks.check_discovered(found)
    counts = (found.links, found.feeds, found.sections, found.pages)
    return " ".join(str(min(len(some), 9)) for some in counts)


def run_json_ld(data: bytes) -> str:
    text = data.decode("utf-8", "surrogatepass" if b"\xed" in data else "replace") if _is_text(data) else ""
    load(text or data.decode("latin-1"))
    markup = (
        b'<html><body><p>x</p><script type="application/ld+json">' + data + b"</script><p>y</p></body></html>"
    )
    root = parse(decode(markup, "text/html; charset=utf-8").text)
    if root is None:
        return "no document"
    said = read_statements(root)
    checks.check_strings(said)
    assert all(candidate.value for candidate in said.candidates), "an empty statement"
    decided = headline(said, "news.example")
    people = authors(said, [], "news.example", DEFAULT_POLICY)
    checks.check_strings((decided, people, tags(said), access_flags(said, Outline.of(root), "")))
    assert len(people) <= 50, f"{len(people)} authors"
    _check_dates(said)
    return f"{min(len(said.candidates), 9)} {bool(decided)} {min(len(people), 9)}"


def _is_text(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _check_dates(said: Statements) -> str:
    setting = Setting(Place(FETCHED, "ar", "SA"))
    dated = published(said, [], None, setting)
    changed = modified(said, dated, setting)
    checks.check_instant(changed)
    if dated is None:
        return "-"
    checks.check_day(dated.day)
    checks.check_instant(dated.instant)
    checks.check_strings(dated)
    assert dated.day <= FETCHED.date() or (dated.day - FETCHED.date()).days == 1, (
        f"in the future: {dated.day}"
    )
    return f"{dated.day} {dated.instant}"


def run_date(data: bytes) -> str:
    where, rest = typed(data)
    text = rest.decode("utf-8", "replace")
    language, _, country = (where or "").partition(" ")
    place = Place(FETCHED, language[:10] or None, country[:10] or None)
    moment = read_moment(text, place)
    several = find_moments(text, place)
    for one in [moment, *several]:
        if one is not None:
            checks.check_day(one.day)
            checks.check_instant(one.instant(UTC))
            assert one.clock is None or one.clock.tzinfo is None, "a zone in the clock"
    said = Statements((Candidate("published", text, "test"), Candidate("modified", text, "test")))
    return f"{moment} {len(several)} {_sorted(text)} {_check_dates(said)}"


def _sorted(text: str) -> str | None:
    from crawler.discovery.times import named_period, sortable

    found = sortable(text)
    named = named_period("https://news.example/" + text)
    for stated in (found, named):
        assert stated is None or datetime.fromisoformat(stated).tzinfo is not None, f"no zone: {stated}"
    if found is not None:
        assert sortable(found) == found, f"{found} is read as {sortable(found)}"
    return found


def run_robots(data: bytes) -> str:
    rules = read_robots(data, "khabar", "https://news.example/robots.txt")
    assert rules.crawl_delay is None or 0 < rules.crawl_delay < float("inf"), f"delay {rules.crawl_delay}"
    assert len(rules.sitemaps) <= 50, "sitemaps"
    for place in rules.sitemaps:
        checks.check_url(place)
    asked = ("/", "/private/x.pdf", "/ar/%D8%A7?q=1", "/a*b$", "//x", "/x;y=1?z#f", "/%zz", "/" + "a" * 2000)
    allowed = [rules.allows("https://news.example" + path) for path in asked]
    assert all(isinstance(one, bool) for one in allowed), "no answer"
    again = read_robots(data + b"\n# end\n", "khabar", "https://news.example/robots.txt")
    if not data.lstrip(b"\xef\xbb\xbf").strip().startswith(b"<"):
        assert again.crawl_delay == rules.crawl_delay, "a comment at the end changes the delay"
    return f"{''.join('01'[one] for one in allowed)} {rules.crawl_delay is not None} {len(rules.sitemaps)}"


def run_headers(data: bytes) -> str:
    text = data.decode("latin-1")
    wait = retry_after(text, FETCHED)
    assert wait is None or 0 <= wait <= DAY_SECONDS, f"wait {wait}"
    found = decode(b"<p>\xc7\xe1\xce\xc8\xd1 abc</p>", text)
    found.text.encode("utf-8")
    return f"{wait is None} {found.encoding}"


def run_warc(data: bytes) -> str:
    file, end, count = io.BytesIO(data), 0, 0
    whole = True
    try:
        for member in members(file):
            assert member.offset == end < member.end <= len(data), "members leave a gap"
            assert len(member.head) <= 128 * 1024, "a long head"
            end, count = member.end, count + 1
    except CutShort:
        whole = False
    checks.check_strings(owner(io.BytesIO(data)))
    found = 0
    for offset, record in responses(io.BytesIO(data)):
        assert 0 <= offset < len(data), "offset"
        found += 1
        try:
            checks.check_strings(response_head(record))
        except (ValueError, StoreError):
            found += 0
    after = next_record(io.BytesIO(data), 1)
    assert after is None or 1 <= after < len(data), "next record"
    return f"{count} {whole} {found} {_mended(data, end, whole)}"


def _mended(data: bytes, end: int, whole: bool) -> str:  # a fact beside another
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "khabar-x-00000.warc.gz"
        path.write_bytes(data)
        cut = mend_tail(path)
        if not path.exists():
            assert end == 0, "a whole record was thrown away"
            return "gone"
        left = path.read_bytes()
        assert data.startswith(left), "bytes were changed"
        assert len(left) >= end, "a whole record was cut off"
        assert not (whole and cut), "a whole file was cut"
        assert mend_tail(path) == 0, "mended twice"
        return f"cut {cut > 0}"


_WARC_WORDS = (
    b"\x1f\x8b\x08",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03",
    b"WARC/1.1\r\n",
    b"\x00" * 8,
    b"\r\n\r\n",
)
_ARCHIVE_WORDS = (
    b"Content-Length: ",
    b"WARC-Type: response\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Encoding: ",
    b"0\r\n\r\n",
)

TARGETS: dict[str, Target] = {
    "precheck": Target(run_precheck, seeds.html, seeds.words("markup", "any")),
    "decode": Target(run_decode, seeds.encoded, seeds.words("markup", "headers", "any")),
    "feed": Target(run_feed, seeds.feeds, seeds.words("xml", "json", "any")),
    "sitemap": Target(run_sitemap, seeds.sitemaps, seeds.words("xml", "any")),
    "json-ld": Target(run_json_ld, seeds.json_ld, seeds.words("json", "any")),
    "date": Target(run_date, seeds.dates, seeds.words("dates", "any")),
    "clean": Target(run_clean, seeds.html, seeds.words("markup", "json", "any"), traced=0.05),
    "robots": Target(run_robots, seeds.robots, seeds.words("robots", "any")),
    "hub": Target(run_hub, seeds.hubs, seeds.words("markup", "xml", "any")),
    "warc": Target(run_warc, seeds.warcs, _WARC_WORDS),
    "archive": Target(run_archive, archives, (*_WARC_WORDS, *_ARCHIVE_WORDS)),
    "headers": Target(run_headers, seeds.headers, seeds.words("headers", "any")),
}
