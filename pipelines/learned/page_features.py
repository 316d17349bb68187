"""What the page models look at: the shape of the page, of its body, and what it states about itself."""

from __future__ import annotations

import math
import re
from collections import Counter
from urllib.parse import urlsplit

import numpy as np

from pipelines.arrays import Flags, Floats
from pipelines.learned.block_features import FEATURES
from pipelines.learned.columns import Matrix, Vector
from pipelines.learned.markup import Markup
from pipelines.metadata.candidates import Statements
from pipelines.metadata.json_ld import ARTICLE_TYPES

_TAGS = (
    "a p li h1 h2 h3 h4 img form input button select option table tr iframe video article section time"
).split()
_CLASSES: dict[str, frozenset[str]] = {
    "article_types": ARTICLE_TYPES | {"article", "news", "blog"},
    "page_types": frozenset({"WebPage", "WebSite", "website", "ItemPage"}),
    "list_types": frozenset(
        {"CollectionPage", "ItemList", "SearchResultsPage", "ImageGallery", "OfferCatalog"}
    ),
    "shop_types": frozenset(
        {
            "Product",
            "ProductGroup",
            "product",
            "product.group",
            "product:group",
            "Offer",
            "AggregateOffer",
            "Service",
        }
    ),
    "forum_types": frozenset({"DiscussionForumPosting", "QAPage", "Forum"}),
    "question_types": frozenset({"Question", "FAQPage"}),
    "place_types": frozenset(
        {"LocalBusiness", "Organization", "ContactPage", "AboutPage", "profile", "ProfilePage"}
    ),
    "breadcrumb_types": frozenset({"BreadcrumbList"}),
}
# Words that theme and shop systems name their parts with, whatever language the page speaks.
_PARTS = (
    "product price cart checkout sku variant buy shop store forum thread topic reply user member avatar "
    "vote answer question listing result grid card tile filter sort pager pagination docs toc code "
    "highlight gallery slider carousel hero cta feature testimonial pricing plan accordion faq tab "
    "contact map location author byline dateline article story entry blog news published timestamp share "
    "comment related login captcha search archive category tag review rating collection service program "
    "event job profile landing"
).split()
_PART_OF = {word: part for part in _PARTS for word in (part, f"{part}s")}
# Steps of addresses, in the English that most of the web's addresses are written in.
_STEPS: dict[str, frozenset[str]] = {
    "shop": frozenset(
        "product products shop store p item items dp itm collections collection category categories c "
        "catalog prod sku buy deals gp app".split()
    ),
    "forum": frozenset(
        "forum forums community thread threads t topic topics discussion discussions question questions q r "
        "answers comments viewtopic showthread boards board discuss groups".split()
    ),
    "manual": frozenset(
        "docs doc documentation help support api reference manual learn wiki en-us kb developer".split()
    ),
    "list": frozenset(
        "tag tags topics search archive archives page list index directory jobs browse best top find results "
        "all author authors section sections".split()
    ),
    "office": frozenset(
        "services service solutions locations location pricing about contact features programs program "
        "admissions departments industries products platform company careers team faq".split()
    ),
    "news": frozenset(
        "news article articles story stories blog blogs post posts politics world opinion sport sports local "
        "business press insights magazine entertainment tech technology health".split()
    ),
}
_FIELDS = "published modified author section tag image time description body title h1 rel:author".split()
_CURRENCIES = "$€£¥₪₺﷼"
_PRICE = re.compile(rf"[{_CURRENCIES}]\s?\d|\d\s?[{_CURRENCIES}]")
_WORD = re.compile(r"[^\W\d_]{3,}")
_DATE_IN_PATH = re.compile(r"/(?:19|20)\d\d[/-]?\d\d?(?:[/-]|$)")
_FILE = re.compile(r"\.(?:s?html?|php|aspx?|jsp|cfm)$")


def page_facts(markup: Markup, statements: Statements, url: str, title: str | None) -> Vector:
    """Facts that need no body: marks used, types and fields stated, the address. In the order of `FACTS`."""
    tags = markup.tags
    kinds = Counter(c.value for c in statements.all("type"))
    fields = Counter(c.field for c in statements.candidates)
    parts: Counter[str] = Counter()
    for word, count in markup.first_words.items():
        if part := _PART_OF.get(word):
            parts[part] += count
    trusted = {c.field for c in statements.candidates if c.source.startswith(("json-ld", "meta", "itemprop"))}
    return [
        *(math.log1p(tags[tag]) for tag in _TAGS),
        math.log1p(sum(tags.values())),
        *(float(sum(kinds[kind] for kind in names)) for names in _CLASSES.values()),
        float("article" in kinds),
        float("website" in kinds),
        *(math.log1p(fields[name]) for name in _FIELDS),
        float("published" in trusted),
        float("author" in trusted),
        float("modified" in trusted),
        *(math.log1p(parts[part]) for part in _PARTS),
        *_address(url, title),
    ]


def _address(url: str, title: str | None) -> Vector:
    parts = urlsplit(url)
    path = parts.path
    steps = [step for step in path.split("/") if step]
    last = _FILE.sub("", steps[-1]) if steps else ""
    words = {word.casefold() for word in _WORD.findall(title or "")}
    words_of_steps = {word for step in steps[:-1] for word in (step.lower(), *step.lower().split("-"))}
    words_of_host = set((parts.hostname or "").split("."))
    slug = {word.casefold() for word in _WORD.findall(last.replace("-", " "))}
    return [
        float(len(steps)),
        float(len(last)),
        float(last.count("-") + last.count("_")),
        float(sum(char.isdigit() for char in path)),
        float(bool(_DATE_IN_PATH.search(path))),
        float(bool(_FILE.search(path))),
        float(path.endswith("/")),
        float(len(parts.query)),
        len(words & slug) / len(slug) if slug else -1.0,
        float(len(words)),
        float(len(title or "")),
        *(float(bool(words_of_steps & names)) for names in _STEPS.values()),
        *(float(bool(words_of_host & names)) for names in _STEPS.values()),
    ]


FACTS: tuple[str, ...] = (
    *(f"tag_{tag}" for tag in _TAGS),
    "tags",
    *_CLASSES,
    "og_article",
    "og_website",
    *(f"stated_{name}" for name in _FIELDS),
    "trusted_published",
    "trusted_author",
    "trusted_modified",
    *(f"part_{part}" for part in _PARTS),
    *"path_steps last_letters last_hyphens path_digits path_date path_file path_slash query "
    "slug_title title_words title_chars".split(),
    *(f"path_{name}" for name in _STEPS),
    *(f"host_{name}" for name in _STEPS),
)

_COLUMN = {name: at for at, name in enumerate(FEATURES)}


def page_features(blocks: Matrix, scores: Floats, kept: Flags, texts: list[str], facts: Vector) -> Vector:
    """One vector a page, in the order of `PAGE_FEATURES`.

    `blocks` is (blocks x FEATURES), `scores` the block model's, `kept` which blocks the body has,
    `texts` the kept blocks' text.
    """
    if not len(blocks):
        return [-1.0] * _SHAPE_WIDTH + facts
    size = np.expm1(blocks[:, _COLUMN["log_letters"]].astype(np.float64))
    links = blocks[:, _COLUMN["link_share"]]
    kind = blocks[:, _COLUMN["kind"]]
    ends = blocks[:, _COLUMN["end"]]
    vote = blocks[:, _COLUMN["vote"]]
    total = max(float(size.sum()), 1.0)
    body = size * kept
    mass = max(float(body.sum()), 1.0)
    prose = (size >= 80) & (links < 0.3)
    strong = kept & prose & (ends == 1)
    text = " ".join(texts)
    certainty = np.abs(scores - 0.5) * 2
    unsure = (scores > 0.2) & (scores < 0.8)
    rule_kept = blocks[:, _COLUMN["kept"]] > 0
    voted, ruled = (body * vote).sum(), (body * rule_kept).sum()
    headings = kind == 1
    linked = headings & (links > 0.6)
    sizes = np.sort(size[kept])[::-1] if kept.any() else np.zeros(1)
    where = np.flatnonzero(kept)
    shape = [
        math.log1p(mass),
        float(kept.sum()),
        mass / total,
        math.log1p(total),
        float(len(size)),
        float((body * links).sum() / mass),
        float((size * links).sum() / total),
        float(body[prose].sum() / mass),
        math.log1p(float(size[prose].sum())),
        float(body[prose].sum() / max(float(size[prose].sum()), 1.0)),
        float(strong.sum()),
        float(body[strong].sum() / mass),
        float(sizes[0] / mass),
        math.log1p(float(sizes[0])),
        math.log1p(
            float(sizes[(len(sizes) - 1) // 2] + sizes[len(sizes) // 2]) / 2
        ),  # np.median takes longer
        float((kept & headings).sum()),
        float((kept & linked).sum()),
        float(linked.sum()),
        float(headings.sum()),
        float(body[kind == 2].sum() / mass),
        float(body[kind == 5].sum() / mass),
        float(body[blocks[:, _COLUMN["lists"]] > 0].sum() / mass),
        float(body[blocks[:, _COLUMN["table"]] > 0].sum() / mass),
        float(body[blocks[:, _COLUMN["in_article"]] > 0].sum() / mass),
        float(body[blocks[:, _COLUMN["body_name"]] > 0].sum() / mass),
        float((body * blocks[:, _COLUMN["home_share"]]).sum() / mass),
        float(voted / mass),
        float(voted / max(float((size * vote).sum()), 1.0)),
        float(ruled / max(float((size * rule_kept).sum()), 1.0)),
        float(ruled / mass),
        float((body * scores).sum() / mass),
        float((size * certainty).sum() / total),
        float((size * scores * ~kept).sum() / mass),
        float(unsure.sum() / len(size)),
        float((size * unsure).sum() / mass),
        float(blocks[where[0], _COLUMN["after_h1"]]) if len(where) else -1.0,
        float(where[0] / len(size)) if len(where) else -1.0,
        float(where[-1] / len(size)) if len(where) else -1.0,
        float(len(where) / (where[-1] - where[0] + 1)) if len(where) else -1.0,
        float(size[where[0] : where[-1] + 1].sum() / mass) if len(where) else -1.0,
        float((body * (blocks[:, _COLUMN["bold_share"]] > 0.8)).sum() / mass),
        float((body * blocks[:, _COLUMN["digit_share"]]).sum() / mass),
        float((body * blocks[:, _COLUMN["upper_share"]]).sum() / mass),
        float((blocks[:, _COLUMN["punctuation"]] * body).sum() / mass),
        float(blocks[kept, _COLUMN["image"]].sum()),
        float(blocks[0, _COLUMN["stated_body_ratio"]]),
        float((body * (blocks[:, _COLUMN["in_stated_body"]] == 1)).sum() / mass),
        float(blocks[kept, _COLUMN["in_description"]].any()),
        float((body * blocks[:, _COLUMN["title_words"]]).sum() / mass),
        float(text.count("?") + text.count("؟")) / mass * 1000,
        float(text.count("!")) / mass * 1000,
        float(_prices(text)) / mass * 1000,
        float(text.count(":")) / mass * 1000,
        mass / (text.count(" ") + 1),
    ]
    return shape + facts


def _prices(text: str) -> int:
    # Most texts have no such sign, and the search looks at every digit.
    return len(_PRICE.findall(text)) if any(sign in text for sign in _CURRENCIES) else 0


_SHAPE = (
    "body_letters body_blocks body_share page_letters page_blocks body_links page_links body_prose "
    "page_prose prose_taken sentences sentence_share longest_share longest median headings "
    "linked_headings page_linked_headings page_headings items rows in_lists in_tables in_article "
    "in_named_body gathered voted of_voted of_rules by_rules mean_score certainty passed_over "
    "unsure_blocks unsure_letters first_after_h1 first last density span bold digits upper punctuation "
    "images stated_ratio in_stated in_description title_words questions exclamations prices colons "
    "word_length"
).split()
_SHAPE_WIDTH = len(_SHAPE)
PAGE_FEATURES: tuple[str, ...] = (*(f"body.{name}" for name in _SHAPE), *FACTS)
