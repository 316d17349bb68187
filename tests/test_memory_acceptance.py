"""Site memory alone, phrase rules and model off: the demo newsroom, and real pages where they are at hand.

Repeated boilerplate of a page is every block outside its gold body that two other pages of the site have as
well, letters compared and numbers folded. What of it is still in the text counts as left.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.adapter import clean_site
from demo.content import load
from demo.pages import Site
from pipelines.body.blocks import linearise
from pipelines.normalize import letters
from pipelines.page.decode import decode
from pipelines.page.tree import parse
from pipelines.policy import DEFAULT_POLICY, Policy
from tests.crawling import ROOT
from tests.helpers_memory import NO_PHRASES

SITES = ROOT.parent / "shared" / "data" / "sites"
MEMORY_ALONE = NO_PHRASES.rules_off | {"model"}
NOT_EVEN_MEMORY = MEMORY_ALONE | {"site_memory"}
_PORT = 8000
# From this page on, counted from 0.
_FOURTH = 3


@dataclass(frozen=True)
class Given:
    """A page of a site and the text that must come out."""

    url: str
    body: bytes
    headers: dict[str, str]
    gold: str


def newsroom() -> Iterator[list[Given]]:
    for outlet in load():
        site = Site(outlet, _PORT)
        yield [
            Given(
                article.url(_PORT),
                (page := site.page(article.path)).body,
                {"content-type": page.content_type},
                article.gold_text,
            )
            for article in outlet.articles
        ]


def real_sites(folder: Path) -> Iterator[list[Given]]:
    found: dict[str | None, list[Given]] = defaultdict(list)
    for line in (folder / "gold.jsonl").read_text(encoding="utf-8").splitlines():
        gold = json.loads(line)
        body = gzip.decompress((folder / f"{gold['id']}.html.gz").read_bytes())
        given = Given(gold["url"], body, gold.get("headers") or {}, gold["body"])
        found[urlsplit(given.url).hostname].append(given)
    yield from found.values()


def folded(text: str) -> str:
    return re.sub(r"\d+", "0", letters(text))


def repeated(pages: Sequence[Given]) -> list[set[str]]:
    """Of each page, the blocks that make up the boilerplate of the definition above."""
    outside = []
    for page in pages:
        root = parse(decode(page.body, page.headers.get("content-type")).text)
        assert root is not None
        gold = letters(page.gold)
        blocks = linearise(root.find("body"), {})
        outside.append({folded(block.text) for block in blocks if block.letters not in gold})
    counts = Counter(text for texts in outside for text in texts)
    return [{text for text in texts if counts[text] > 2} for texts in outside]


def texts(pages: Sequence[Given], policy: Policy) -> list[list[str]]:
    results = clean_site([(page.url, page.body, page.headers) for page in pages], policy)
    return [result["text"].split("\n\n") if result else [] for result in results]


@dataclass
class Account:
    """Blocks of boilerplate from the fourth page of each site on, and article text memory took."""

    there: int = 0
    without: int = 0
    left: int = 0
    lost: tuple[str, ...] = ()

    def add(self, pages: Sequence[Given], off: frozenset[str]) -> None:
        with_memory = texts(pages, Policy(rules_off=off))
        without = texts(pages, Policy(rules_off=NOT_EVEN_MEMORY))
        boilerplate = repeated(pages)
        for at, page in enumerate(pages):
            if at >= _FOURTH:
                self.there += len(boilerplate[at])
                self.without += sum(folded(text) in boilerplate[at] for text in without[at])
                self.left += sum(folded(text) in boilerplate[at] for text in with_memory[at])
            # A caption can repeat words of a paragraph: what still stands elsewhere in the text is not lost.
            kept, gold = letters(" ".join(with_memory[at])), letters(page.gold)
            self.lost += tuple(
                text for text in without[at] if letters(text) in gold and letters(text) not in kept
            )


def accepted(account: Account) -> None:
    assert account.lost == ()
    assert account.left <= 0.05 * account.there
    # The stricter share: of what comes through where there is no memory.
    assert account.left <= 0.05 * account.without


def test_memory_alone_cleans_the_demo_newsroom() -> None:
    account = Account()
    for pages in newsroom():
        account.add(pages, MEMORY_ALONE)
    accepted(account)
    assert account.there > 1_000
    assert account.left == 0 < account.without


@pytest.mark.shared
@pytest.mark.skipif(not SITES.is_dir(), reason="no measuring data beside the project")
def test_memory_alone_cleans_real_sites() -> None:
    account = Account()
    for pages in real_sites(SITES):
        account.add(pages, MEMORY_ALONE)
    accepted(account)
    assert account.without > 50


def test_the_account_sees_what_is_left() -> None:
    """Without memory the newsroom's boilerplate does come through: the test above can fail."""
    account = Account()
    for pages in newsroom():
        account.add(pages, NOT_EVEN_MEMORY)
    assert account.left == account.without > 0
    assert DEFAULT_POLICY.rules_off == frozenset()
