"""The words a page uses for its parts, and what they say of its being an article."""

from __future__ import annotations

from pipelines.learned.markup import read_markup
from pipelines.learned.page_words import WordWeights, load_words, page_words
from pipelines.metadata.structured import read_statements
from pipelines.page.outline import Outline
from pipelines.page.tree import parse

PAGE = """<html><head>
<script type="application/ld+json">{"@type": "Product", "name": "A lamp"}</script></head>
<body class="single-product hasCart" itemtype="https://schema.org/Product"><input placeholder="Search lamps">
<p class="priceTag">Add to cart</p></body></html>"""


def words_of(url: str = "https://shop.lamps.test/p/lamp-of-brass?ref=mail") -> frozenset[str]:
    root = parse(PAGE)
    assert root is not None
    long = "A sentence of a story is no label, however many words of a shop may stand in it."
    return page_words(read_markup(Outline.of(root)), ["Add to cart", long], read_statements(root), url)


def test_words_tell_where_they_stand() -> None:
    found = words_of()
    assert {"class:product", "class:cart", "class:price", "itemtype:product", "placeholder:lamps"} <= found
    assert {"type:Product", "label:cart", "path:lamp", "host:shop"} <= found
    assert not any("sentence" in word or "mail" in word for word in found)


def test_known_words_add_up_and_others_say_nothing() -> None:
    weights = WordWeights(1.5, {"label:cart": -2.0, "type:NewsArticle": 3.0})
    assert weights.margin({"label:cart", "label:lamp"}) == -0.5
    assert weights.margin(set()) == 1.5


def test_the_weights_in_the_repository_tell_a_shop_from_news() -> None:
    weights = load_words("words")
    assert len(weights.weights) > 100
    news = {"type:NewsArticle", "class:byline", "class:author"}
    assert weights.margin(words_of()) < weights.margin(news)
