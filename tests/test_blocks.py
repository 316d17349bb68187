"""Blocks: the page's own characters, cut at its own boundaries and nowhere else."""

from __future__ import annotations

from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import HtmlElement

from pipelines.body.blocks import INLINE, INVISIBLE, Block, Walk
from pipelines.body.extract import pruned_copy, votes
from pipelines.body.furniture import find_furniture
from pipelines.body.region import find_container
from pipelines.body.site_memory import block_key
from pipelines.normalize import clean_text, letters
from pipelines.page.outline import Outline
from pipelines.policy import DEFAULT_POLICY
from tests.helpers_clean import blocks, body_of, outline_of

SENTENCE = "The council said on Monday that the new park on the quay will open to everyone in the spring."


def texts(inside: str) -> list[str]:
    return [block.text for block in blocks(inside)]


def kinds(inside: str) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in blocks(inside)]


# Any page: text and elements of every sort, nested at will.

_WORDS = st.text(alphabet="abç ابت می\u200c אבג 文1.,\n\u00ad", max_size=12)
_TAGS = st.sampled_from(
    "p div span a b em li ul td tr table h2 blockquote section br button script style figure pre x-y".split()
)
_CLASSES = st.sampled_from(["", "share", "related", "entry", "byline", "widget"])


def _element(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda tag, name, inner: f'<{tag} class="{name}">{"".join(inner)}</{tag}>',
        _TAGS,
        _CLASSES,
        st.lists(children, max_size=4),
    )


pages = st.lists(st.recursive(_WORDS.map(escape), _element, max_leaves=25), max_size=5).map("".join)


def visible_runs(element: HtmlElement) -> list[str]:
    """Character runs of the page in reading order, without what is never shown."""
    if element.tag in INVISIBLE:
        return []
    runs = [element.text or ""]
    for child in element:
        runs += visible_runs(child)
        runs.append(child.tail or "")
    return runs


def is_made_of(text: str, runs: set[str]) -> bool:
    """Whether `text` is some of `runs`, one after the other."""
    reached = {0}
    for end in range(1, len(text) + 1):
        if any(end - len(run) in reached and text[end - len(run) : end] == run for run in runs):
            reached.add(end)
    return len(text) in reached


@settings(max_examples=100, deadline=None)
@given(pages)
def test_a_block_is_made_of_character_runs_of_the_page(inside: str) -> None:
    def bare(text: str) -> str:
        return "".join(clean_text(text).replace("\u200c", "").split())

    runs = {bare(run) for run in visible_runs(body_of(inside))} - {""}
    assert all(is_made_of(bare(block.text), runs) for block in blocks(inside))


@settings(max_examples=100, deadline=None)
@given(pages)
def test_blocks_hold_every_letter_of_the_page_once(inside: str) -> None:
    page = "".join(visible_runs(body_of(inside)))
    assert sorted("".join(block.letters for block in blocks(inside))) == sorted(letters(page))


@settings(max_examples=60, deadline=None)
@given(pages)
def test_without_furniture_blocks_are_in_reading_order(inside: str) -> None:
    body = body_of(inside)
    found = Walk(Outline.of(body)).blocks({})
    assert "".join(block.letters for block in found) == letters("".join(visible_runs(body)))
    assert [block.order for block in found] == list(range(len(found)))


@settings(max_examples=60, deadline=None)
@given(pages)
def test_a_block_is_one_clean_line_with_a_letter(inside: str) -> None:
    for block in blocks(inside):
        assert block.text == clean_text(block.text)
        assert block.letters == letters(block.text) != ""
        assert 0 <= block.link_share <= 1
        assert block.bold <= len(block.letters)


@settings(max_examples=40, deadline=None)
@given(pages)
def test_pruning_leaves_the_page_as_it_was(inside: str) -> None:
    outline = outline_of(inside)
    root = outline.elements[0]
    before = "".join(root.itertext())
    pruned_copy(outline, find_furniture(outline, DEFAULT_POLICY))
    assert "".join(root.itertext()) == before


@settings(max_examples=40, deadline=None)
@given(pages, st.lists(_WORDS, max_size=6))
def test_votes_are_shares_whatever_the_extractor_says(inside: str, lines: list[str]) -> None:
    found = blocks(inside)
    shares = votes(found, lines)
    assert len(shares) == len(found)
    assert all(0 <= share <= 1 for share in shares)


# Boundaries


@pytest.mark.parametrize("tag", sorted(INLINE - {"img", "wbr", "rp", "rt", "button"}))
def test_an_inline_element_does_not_cut_a_sentence(tag: str) -> None:
    assert texts(f"<p>The new <{tag}>park</{tag}>s open.</p>") == ["The new parks open."]


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<p>one</p><p>two</p>", ["one", "two"]),
        ("one<br>two<br/><br />three", ["one", "two", "three"]),
        ("<p>one<hr>two", ["one", "two"]),
        ("<div>one<div>two</div>three</div>", ["one", "two", "three"]),
        ("<p>one<div>two</div>three", ["one", "two", "three"]),
        ("<b>one<br>two</b>", ["one", "two"]),
        ("<span>one<p>two</p></span>three", ["one", "two", "three"]),
        ("<section>one<x-part>two</x-part></section>", ["one", "two"]),
        ("<p> one \n\t two&nbsp;three </p>", ["one two three"]),
        ("<p>a<img src='x'>b<wbr>c</p>", ["abc"]),
        ("<p>…</p><p>— 1</p><p>***</p>", ["— 1"]),
    ],
)
def test_blocks_end_where_the_page_breaks_the_line(inside: str, expected: list[str]) -> None:
    assert texts(inside) == expected


@pytest.mark.parametrize(
    "tag", sorted(INVISIBLE - {"frame", "head", "link", "meta", "track", "source", "area", "title"})
)
def test_what_is_never_shown_is_no_text(tag: str) -> None:
    inside = "" if tag in ("input", "embed") else "code"
    assert texts(f"<p>one<{tag}>{inside}</{tag}> two</p>") == ["one two"]


def test_a_comment_and_a_script_leave_the_word_whole() -> None:
    assert texts("<p>quay<!-- x -->side<script>y()</script>s</p>") == ["quaysides"]


def test_a_table_row_is_a_line_with_its_cells_apart() -> None:
    table = "<table><tr><th>Town</th><th>Rain</th></tr><tr><td>مرسى نور</td><td><b>12</b></td></tr></table>"
    assert kinds(table) == [("row", "Town Rain"), ("row", "مرسى نور 12")]


def test_the_cells_of_a_layout_table_do_not_grow_together() -> None:
    layout = "<table><tr><td>Home<br>Sport</td><td>Park opens<br>The council said so.</td></tr></table>"
    assert texts(layout) == ["Home", "Sport", "Park opens", "The council said so."]


def test_paragraphs_in_a_layout_table_are_paragraphs() -> None:
    assert texts("<table><tr><td><p>one</p><p>two</p></td><td>three</td></tr></table>") == [
        "one",
        "two",
        "three",
    ]


def test_list_items_are_items_and_nest() -> None:
    found = kinds("<ul><li>one<ol><li><p>two</p></li></ol></li><li>three</li></ul><dl><dt>four<dd>five</dl>")
    assert found == [("item", text) for text in ("one", "two", "three", "four", "five")]


def test_a_quotation_passes_its_kind_to_its_paragraphs() -> None:
    found = kinds("<blockquote><p>one</p><div>two</div></blockquote><p>three</p>")
    assert found == [("quote", "one"), ("quote", "two"), ("paragraph", "three")]


def test_headings_and_captions_are_told_apart() -> None:
    inside = (
        "<h1>one</h1><h6>two</h6><figure><img src='x'><figcaption>three</figcaption></figure><pre>four</pre>"
    )
    assert [kind for kind, _ in kinds(inside)] == ["heading", "heading", "caption", "preformatted"]


def test_letters_in_links_and_in_bold_are_counted() -> None:
    (block,) = blocks("<p>abcd <a href='x'>ef <b>gh</b></a> <strong>ij</strong></p>")
    assert (block.links, block.bold, block.link_share) == (4, 4, 0.4)


# Furniture glued into a sentence


@pytest.mark.parametrize(
    "furniture",
    [
        '<span class="share">Share</span>',
        '<a class="inline-link" href="/x">Read also: nets</a>',
        "<button>Listen</button>",
        '<span hidden="">Share</span>',
        '<b style="display:none">Share</b>',
        '<span class="sr-only"><i>Share</i></span>',
    ],
)
@pytest.mark.parametrize("rest", [" ", SENTENCE], ids=["alone", "before more"])
def test_furniture_inside_a_sentence_leaves_the_sentence_whole(furniture: str, rest: str) -> None:
    found = blocks(f"<p>{SENTENCE[:30]}{furniture}{SENTENCE[30:]}</p><p>{rest}</p>")
    assert SENTENCE.replace(" ", "") in [
        block.text.replace(" ", "") for block in found if not block.furniture
    ]
    assert [block.furniture is not None for block in found].count(True) == 1


def test_words_around_cut_furniture_do_not_grow_together() -> None:
    found = blocks(f'<p>The mayor<span class="share">Share</span>spoke.</p><p>{SENTENCE}</p>')
    assert [block.text for block in found] == ["Share", "The mayor spoke.", SENTENCE]


def test_furniture_before_a_long_text_does_not_own_it() -> None:
    share, text = blocks(f'<div><span class="share">Share</span>{SENTENCE} {SENTENCE}</div>')
    assert (share.furniture, text.furniture) == ("share", None)


def test_all_below_furniture_carries_its_rule() -> None:
    found = blocks(
        f"<p>{SENTENCE}</p><div class='related'><h3>More</h3><ul class='tags'><li>one</li></ul></div>"
    )
    assert [block.furniture for block in found] == [None, "related", "related"]


# Places


def test_a_path_reads_from_the_body_down() -> None:
    (block,) = blocks('<div id="page"><div class="entry wide" id="x"><p>one</p></div></div>')
    assert block.path == "div.page/div.entry/p"


def key(block: Block) -> int:
    return block_key(block, DEFAULT_POLICY)


def test_a_number_in_a_short_block_is_what_it_counts() -> None:
    three, twelve, long_one, long_other = blocks(
        "<p>3 comments</p><p>12 comments</p>"
        "<p>The new bridge cost 3 million dollars and was paid for by the harbour authority</p>"
        "<p>The new bridge cost 5 million dollars and was paid for by the harbour authority</p>"
    )
    assert key(three) == key(twelve)
    assert key(long_one) != key(long_other)


def test_the_key_of_a_block_is_its_place_and_its_letters() -> None:
    one, same, elsewhere, other = (
        blocks(inside)[0]
        for inside in (
            "<div class='a'>Follow us!</div>",
            "<div class='a'><b>follow</b> us</div>",
            "<div class='b'>Follow us!</div>",
            "<div class='a'>Follow them!</div>",
        )
    )
    assert key(one) == key(same)
    assert len({key(one), key(elsewhere), key(other)}) == 3


def test_the_body_is_where_most_text_is_gathered() -> None:
    inside = f"<div id='side'><p>{SENTENCE}</p></div><div id='main'>{f'<p>{SENTENCE}</p>' * 12}</div>"
    container = find_container(blocks(inside))
    assert container is not None
    assert container.get("id") == "main"


def test_no_blocks_have_no_container() -> None:
    assert find_container([]) is None


def test_the_home_of_a_list_item_is_where_the_list_stands() -> None:
    (block,) = blocks("<div id='main'><ul><li><p>one</p></li></ul></div>")
    assert block.home.get("id") == "main"


# Alignment with the extractor


def test_a_line_without_its_joiners_still_marks_its_block() -> None:
    persian = "اصلاح\u200cطلبان می\u200cگویند که برنامه\u200cهای تازه برای شهر آماده شده است"
    found = blocks(f"<p>{persian}</p><p>{SENTENCE}</p>")
    assert votes(found, [persian.replace("\u200c", "")]) == [1, 0]


def test_a_line_cut_in_the_middle_marks_the_rest() -> None:
    before, after = SENTENCE * 2, SENTENCE[::-1] * 2
    found = blocks(f"<p>{before} A note of the desk stands here in the middle. {after}</p>")
    (share,) = votes(found, [f"{before} {after}"])
    assert 0.6 < share < 1


def test_a_short_line_is_looked_for_between_its_neighbours() -> None:
    other = SENTENCE.replace("park", "library").replace("council", "mayor")
    found = blocks(f"<div>Sport</div><p>{SENTENCE}</p><h2>Sport</h2><p>{other}</p><div>Sport</div>")
    assert votes(found, [SENTENCE, "Sport", other]) == [0, 1, 1, 1, 0]


def test_the_deepest_page_allowed_can_be_walked() -> None:
    depth = DEFAULT_POLICY.max_depth - 3
    assert texts("<div>" * depth + SENTENCE + "</div>" * depth) == [SENTENCE]


def test_a_document_of_text_only_is_one_block() -> None:
    assert texts(SENTENCE) == [SENTENCE]
