"""Which blocks are boilerplate, decided block by block: structure first, phrases second."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from pipelines.body.announced import find_announced
from pipelines.body.blocks import Block
from pipelines.body.datelines import is_byline, lines_without_prose
from pipelines.body.phrases import Phrases
from pipelines.body.site_memory import MEMORY_RULE, SiteMemory
from pipelines.normalize import weighed
from pipelines.policy import Policy

# Kinds of phrases that are as good a heading or a cell of a table in an article.
_NOT_AS_HEADING = frozenset(
    {"byline", "dateline", "sign_off", "tools", "weather", "currency", "prayer", "credit"}
)
# So many headlines of the greatest length in one line are no text.
_ENDLESS = 10
# Kinds whose heading tells what the rest of its box is.
_ANNOUNCING = frozenset(
    {"read_also", "share", "author", "paywall", "newsletter", "app", "follow", "comments", "contact", "tags"}
)
_BARRED = {
    "heading": _NOT_AS_HEADING,
    "row": _NOT_AS_HEADING | {"read_time", "views", "clock", "follow"},
}


@dataclass(frozen=True, slots=True)
class Cut:
    """Why a block goes: the rule that decided and the kind of boilerplate it names."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the page before its blocks are judged; all folded with `letters`."""

    headlines: Collection[str] = ()
    people: Collection[str] = ()
    captions: Collection[str] = ()
    description: str | None = None
    host: str | None = None
    title_words: frozenset[str] = frozenset()
    article_body: str | None = None
    word_count: int | None = None


def judge_blocks(
    blocks: Sequence[Block], known: Known, phrases: Phrases, memory: SiteMemory, policy: Policy
) -> list[Cut | None]:
    """The cut for each block: what it is by itself, and lines without prose by where they stand."""
    cuts = [judge(block, known, phrases, memory, policy) for block in blocks]
    for at, cut in _announced(blocks, cuts, policy).items():
        if policy.applies(cut.rule):
            cuts[at] = cut
    for at, rule in lines_without_prose(blocks, [cut is None for cut in cuts], policy).items():
        if policy.applies(rule):
            cuts[at] = Cut(rule, rule.split(".")[1])
    _name_remembered(blocks, cuts, policy)
    return cuts


def _name_remembered(blocks: Sequence[Block], cuts: list[Cut | None], policy: Policy) -> None:
    """Lines without prose that memory knew go by their own name: who signs often is the author, too."""
    remembered = [at for at, cut in enumerate(cuts) if cut is not None and cut.rule == MEMORY_RULE]
    if not remembered:
        return
    free = [cut is None or cut.rule == MEMORY_RULE for cut in cuts]
    found = lines_without_prose(blocks, free, policy)
    for at in remembered:
        if at in found and policy.applies(found[at]):
            cuts[at] = Cut(found[at], found[at].split(".")[1])


def _announced(blocks: Sequence[Block], cuts: Sequence[Cut | None], policy: Policy) -> dict[int, Cut]:
    """Cuts for what stands in one small box with a heading that a phrase cut: the rest of the offer."""
    heads = {
        at: cut
        for at, cut in enumerate(cuts)
        if cut
        and cut.reason in _ANNOUNCING
        and cut.rule.startswith("phrase.")
        and blocks[at].kind == "heading"
    }
    free = [cut is None for cut in cuts]
    return {
        at: Cut("structure.box", heads[head].reason)
        for at, head in find_announced(blocks, sorted(heads), free, policy).items()
    }


def judge(block: Block, known: Known, phrases: Phrases, memory: SiteMemory, policy: Policy) -> Cut | None:
    """The cut for this block, or None when it may stay; a rule that is off leaves it to the next."""
    if block.furniture:  # most of a page's blocks
        cut = _of_place(block.furniture)
        if policy.applies(cut.rule):
            return cut
    for cut in _grounds(block, known, phrases, memory, policy):
        if policy.applies(cut.rule):
            return cut
    return None


@lru_cache(maxsize=64)
def _of_place(furniture: str) -> Cut:
    return Cut(f"structure.{furniture}", furniture)


def _grounds(
    block: Block, known: Known, phrases: Phrases, memory: SiteMemory, policy: Policy
) -> Iterator[Cut]:
    """Every rule the block falls under but for that of its place, the surest first."""
    if block.kind == "caption":
        yield Cut("structure.caption", "caption")
    endless = len(block.letters) > _ENDLESS * policy.max_title_chars and block.element.tag == "h1"
    if endless or block.letters in known.headlines or _is_headline(block, known, policy):
        yield Cut("page.headline", "headline")
    if block.letters in known.people or _signed(block, known, policy):
        yield Cut("page.byline", "byline")
    # Newsrooms that write no alt text repeat the lead there.
    if block.letters in known.captions and block.letters != known.description:
        yield Cut("page.caption", "caption")
    if "\u00a9" in block.text and weighed(block.letters) <= policy.max_phrase_block_letters:
        yield Cut("structure.copyright", "copyright")
    if cut := _by_phrase(block, phrases, policy):
        yield cut
    if cut := _by_links(block, known, policy):
        yield cut
    # Last, so that what a rule names goes by that name whatever the site has shown so far.
    if memory.repeats(block, policy):
        yield Cut(MEMORY_RULE, "repeated")


def _is_headline(block: Block, known: Known, policy: Policy) -> bool:
    """Whether the block is the headline without what a title has around it, or an h1 with a kicker."""
    text = block.letters
    least, most = policy.min_headline_letters, policy.max_headline_factor
    size = len(text)
    if size < least:
        return False
    for headline in known.headlines:
        length = len(headline)
        # Of two of one length the block's counts as the longer.
        if size < length:
            if length <= most * size and (headline.startswith(text) or headline.endswith(text)):
                return True
        elif (
            length >= least
            and size <= most * length
            and (text.startswith(headline) or text.endswith(headline))
            and block.element.tag == "h1"
        ):
            return True
    return False


def _signed(block: Block, known: Known, policy: Policy) -> bool:
    return (
        bool(known.people)
        and block.kind not in ("heading", "row")
        and len(block.letters) <= policy.max_dateline_letters
        and is_byline(block.text, known.people, block.words)
    )


def _by_phrase(block: Block, phrases: Phrases, policy: Policy) -> Cut | None:
    if weighed(block.letters) > policy.max_phrase_block_letters:
        return None
    rule = phrases.match(block.text, block.words)
    if rule is None or rule.kind in _BARRED.get(block.kind, ()):
        return None
    return Cut(f"phrase.{rule.name}", rule.kind)


def _by_links(block: Block, known: Known, policy: Policy) -> Cut | None:
    """A line of links to the site's own pages; a list of sources elsewhere is the article's."""
    if not block.links or block.link_share <= policy.max_link_share or block.kind == "heading":
        return None
    if any(_leads_away(link.get("href"), known.host) for link in block.element.iter("a")):
        return None
    return Cut("structure.links", "related")


def _leads_away(href: str | None, host: str | None) -> bool:
    """Whether a link goes to another site."""
    # Without these no host is named; white space is left out of an address before it is read.
    if not href or ("//" not in href and href.isprintable()):
        return False
    try:
        target = urlsplit(href).hostname
    except ValueError:
        return False
    return bool(target and host) and _bare(target) != _bare(host)


def _bare(host: str | None) -> str:
    """Last two labels of a host: enough to tell sites apart, subdomains folded."""
    return ".".join((host or "").split(".")[-2:])
