"""Documents the mutations start from: our own, and those of the measuring data where it stands beside us."""

from __future__ import annotations

import gzip
import io
import tomllib
from functools import cache
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.fuzz.mutate import MAX_BYTES

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SHARED = ROOT.parent / "shared"
_MOST_SHARED = 60


def _own(pattern: str) -> list[bytes]:
    """Our own documents whose names fit, in the order of their names."""
    return [path.read_bytes() for path in sorted((HERE / "documents").glob(pattern))]


def words(*names: str) -> tuple[bytes, ...]:
    """The tokens of these lists, one a line."""
    lists = [(HERE / "words" / f"{name}.txt").read_text(encoding="utf-8").splitlines() for name in names]
    return tuple(dict.fromkeys(word.encode() for some in lists for word in some))


def html() -> list[bytes]:
    """Whole pages: a story with everything on it, a hub, and the golden ones."""
    golden = [path.read_bytes() for path in sorted((ROOT / "tests" / "golden").glob("*.html"))]
    return [
        *_own("page.html"),
        *_own("hub.html"),
        *golden,
        *_shared("data/sites", "data/rtl", "data/not-articles"),
    ]


def encoded() -> list[bytes]:
    """Pages as they come, in many encodings: alone, and with the header they came with (`targets.typed`)."""
    text = f"<html><head><meta charset=X></head><p>{_prose()}</p></html>"
    named = ("utf-8", "utf-16", "utf-16-le", "utf-32", "cp1256", "iso8859-6", "cp1252", "gb18030", "euc_jp")
    pages = [text.replace("=X", f"={name}").encode(name, "replace") for name in named]
    with_header = [
        b"@text/html; charset=%s\n%s" % (name.encode(), page) for name, page in zip(named, pages, strict=True)
    ]
    return [*pages, *with_header, *html()[:12], *_shared("vectors/encoding", "data/encodings")]


def feeds() -> list[bytes]:
    """RSS, Atom, RDF and JSON feeds, one with a prolog that defines entities."""
    return [*_own("feed-*"), *_shared("vectors/feeds")]


def sitemaps() -> list[bytes]:
    """Sitemaps, an index, a list of lines, one packed, one that is a feed."""
    packed = [gzip.compress(data, mtime=0) for data in _own("sitemap-news.xml")]
    return [*_own("sitemap-*"), *packed, *_own("feed-rss.xml"), *_shared("vectors/sitemaps")]


def hubs() -> list[bytes]:
    """Home and section pages."""
    return [*_own("hub.html"), *html()[2:12], *_shared("data/not-articles", "data/sites")[:30]]


def json_ld() -> list[bytes]:
    """Contents of scripts, whole and broken."""
    return _own("json-ld-*")


def robots() -> list[bytes]:
    """Files of a group and of several, with slips."""
    return [*_own("robots-*"), *_shared("vectors/robots")]


def headers() -> list[bytes]:
    """Values of headers that are read: types, lengths of a pause."""
    return [line for data in _own("headers.txt") for line in data.splitlines()]


def dates() -> list[bytes]:
    """The strings of the tests, with the language and country of their page before them."""
    cases = tomllib.loads((ROOT / "tests" / "date_strings.toml").read_text(encoding="utf-8"))
    places = [(name, text) for table in cases.values() for name, some in table.items() for text in some]
    return [f"@{name.replace('-', ' ')}\n{text}".encode() for name, text in places]


def _prose() -> str:
    return " ".join(data.decode() for data in _own("prose.txt"))


def warcs() -> list[bytes]:
    """Files of one, two and no records, whole and cut."""
    one, two = _warc("http://news.example/1"), _warc("http://news.example/2")
    first = _warcinfo()
    return [first + one + two, one, first, first + one[:-9] + two, b"", one[: len(one) // 2]]


def _warc(url: str) -> bytes:
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=True, warc_version="WARC/1.1")
    head = StatusAndHeaders("200 OK", [("content-type", "text/html"), ("etag", "x")], protocol="HTTP/1.1")
    writer.write_record(
        writer.create_warc_record(
            url, "response", payload=io.BytesIO(_prose().encode()), http_headers=head,
            warc_headers_dict={"WARC-Date": "2026-11-03T10:00:00Z", "WARC-Record-ID": "<urn:uuid:1>",
                               "WARC-JSON-Metadata": '{"site":"news","run_id":"r"}'},
        )
    )  # fmt: skip
    return buffer.getvalue()


def _warcinfo() -> bytes:
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=True, warc_version="WARC/1.1")
    record = writer.create_warcinfo_record("x", {"software": "khabar", "isPartOf": "ledger-1"})
    record.rec_headers.replace_header("WARC-Record-ID", "<urn:uuid:0>")
    record.rec_headers.replace_header("WARC-Date", "2026-11-03T10:00:00Z")
    writer.write_record(record)
    return buffer.getvalue()


# Set by the runs that must be the same wherever they are.
own_only = False


def _shared(*folders: str) -> list[bytes]:
    """A steady sample of the measuring data in these folders; nothing where there is none."""
    return [] if own_only else _sample(*folders)


@cache
def _sample(*folders: str) -> list[bytes]:
    found: list[bytes] = []
    for folder in folders:
        paths = sorted(path for path in (SHARED / folder).rglob("*") if path.is_file())
        step = max(len(paths) // _MOST_SHARED, 1)
        found.extend(data for data in map(_read, paths[::step]) if data)
    return found


def _read(path: Path) -> bytes | None:
    data = path.read_bytes() if path.suffix not in (".jsonl", ".md", ".py") else b""
    if path.name.endswith(".html.gz"):
        data = gzip.decompress(data)
    return data if 0 < len(data) <= MAX_BYTES else None
