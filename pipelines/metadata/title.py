"""The headline: what the page's own witnesses agree on, without the site's name, section or kicker."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from pipelines.metadata.candidates import Statements
from pipelines.metadata.json_ld import NEWS_TYPES
from pipelines.normalize import letters, weighed

_SEPARATOR = re.compile(r"\s+[|–—•·»«›‹:*~/\\-]+\s+|\s*[|»｜]\s*|\s*[:：]{2}\s*")
# Joins that a name of the site follows or precedes, and much else: "Site: Headline", "Headline_Site".
_TIGHT = re.compile(r"\s*[|»｜:：_]\s*")
_BAR = re.compile(r"\s+[|_]+\s+|\s*[|｜]\s*|(?<=\w)_(?=\w)|\s+::\s+")
# A heading of fewer letters is a section's name more often than a headline.
_MIN_LETTERS = 8
# What is longer is a summary.
_MAX_LETTERS = 150
# One that no witness repeats is a headline when it has so many, or says what they say in part.
_MIN_ALONE = 24
_MIN_SHARED = 0.4
# A name of the site holds the host's word and few letters more ("The Standard", "Daily Mail Online").
_MIN_BRAND = 4
_MAX_AROUND_BRAND = 10
# Of a heading that ends in a stated title, at least this share is the title: the rest is a kicker.
_MIN_CORE = 0.4
_MIN_CORE_LETTERS = 12

_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class _Said:
    """A title as a witness says it, without the site's name, and folded."""

    text: str
    folded: str


@dataclass(frozen=True, slots=True)
class _Read:
    """Names of the site, what machines are told the title is, and the page's first headings, each once.

    `bare` are all stated titles without those names: several witnesses say the same.
    """

    names: frozenset[str]
    bare: dict[str, str]
    witnesses: list[_Said]
    heads: list[_Said]


def _read(statements: Statements, host: str) -> _Read:
    names = site_names(statements, host)
    stated = [c.value for c in (*statements.all("title"), *statements.all("page_title")[:1])]
    bare = {title: without_site_name(title, names) for title in dict.fromkeys(stated)}
    heads = _unique(c.value for c in statements.all("h1"))
    return _Read(names, bare, _witnesses(bare.values(), names), heads)


def titles(statements: Statements, host: str) -> tuple[str | None, str | None]:
    """`headline` of a page, and what machines are told it is called."""
    read = _read(statements, host)
    return _headline(statements, read), _stated_title(read)


def headline(statements: Statements, host: str) -> str | None:
    """The article's headline, or None when nothing on the page looks like one.

    A reader's headline is the heading that stands over the text: what machines are told beside it (for search
    and for sharing) confirms it, frees it of kickers, and stands in where there is none.
    """
    return _headline(statements, _read(statements, host))


def _headline(statements: Statements, read: _Read) -> str | None:
    names, witnesses = read.names, read.witnesses
    headings = [
        said for said in read.heads if weighed(said.folded) >= _MIN_LETTERS and said.folded not in names
    ]
    if editorial := _editorial(statements, headings, names):
        return editorial
    said = [c.value for c in statements.all("title") if not c.source.startswith("itemprop")]
    repeated = {letters(value) for value in said} | {letters(read.bare[value]) for value in said}
    if agreed := [said for said in headings if said.folded in repeated]:
        return without_section(max(agreed, key=lambda said: len(said.folded)).text, statements)
    if core := next(filter(None, (_core(heading, witnesses) for heading in headings)), None):
        return core.text
    if agreed := [said for said in headings if any(said.folded == w.folded for w in witnesses)]:
        return max(agreed, key=lambda said: len(said.folded)).text
    if chosen := _likely(headings, witnesses, statements, names):
        return chosen.text
    if witnesses:
        return _as_shown(witnesses[0], statements).text
    return headings[0].text if headings else None


def _stated_title(read: _Read) -> str | None:
    """What machines are told the page is called, in the form of the heading that says it, if one does.

    The models of pages look at this: the heading alone tells nothing of what kind of page stands under it.
    """
    headings = [
        said
        for said in read.heads
        if len(said.folded) >= _MIN_LETTERS
        and any(said.folded in witness.folded for witness in read.witnesses)
    ]
    chosen = (
        max(headings, key=lambda said: len(said.folded)) if headings else next(iter(read.witnesses), None)
    )
    return chosen.text if chosen else None


def site_names(statements: Statements, host: str) -> frozenset[str]:
    """What the site calls itself, folded: publisher, host, its link home, a part of its titles."""
    stated = {letters(c.value) for c in statements.all("title")}
    heads = {letters(c.value) for c in statements.all("h1")}
    names = {letters(c.value) for c in statements.all("publisher")}
    names |= {letters(host), letters(".".join(host.split(".")[-2:])), _brand(host)}
    # Headlines link home, too, on pages that were saved or that link to themselves.
    names |= {letters(c.value) for c in statements.all("site_name")} - stated - heads
    for candidate in statements.all("page_title")[:1]:
        parts = [letters(part) for part in _SEPARATOR.split(candidate.value) if part]
        longest = max(map(weighed, parts), default=0)
        rest = "".join(parts[:-1])
        if len(parts) > 1 and rest in stated | heads and rest not in names and weighed(parts[-1]) < longest:
            names.add(parts[-1])
        names |= {part for part in parts[1:] if part in heads - stated and weighed(part) < longest}
    return frozenset(names - {""})


def _witnesses(bare: Iterable[str], names: Collection[str]) -> list[_Said]:
    """What machines are told the title is, most trusted first; of titles without the site's name."""
    kept = [one for one in _unique(bare) if one.folded not in names]
    return [one for one in kept if len(one.folded) <= _MAX_LETTERS] or kept


def _editorial(statements: Statements, headings: Sequence[_Said], names: Collection[str]) -> str | None:
    """The headline a newsroom states twice, where none of its headings says just this."""
    if not any(c.value in NEWS_TYPES for c in statements.all("type")):
        return None
    stated = statements.all("title")
    first = next((c.value for c in stated if c.source == "json-ld:headline"), "")
    others = {letters(c.value) for c in stated if not c.source.startswith("json-ld")}
    if letters(first) not in others or any(said.folded == letters(first) for said in headings):
        return None
    return without_site_name(first, names) or None


def _core(heading: _Said, witnesses: Sequence[_Said]) -> _Said | None:
    """The stated title that the heading ends in, after a kicker."""
    return next(
        (
            said
            for said in witnesses
            if max(_MIN_CORE_LETTERS, _MIN_CORE * len(heading.folded)) <= len(said.folded)
            and len(said.folded) < len(heading.folded)
            and heading.folded.endswith(said.folded)
        ),
        None,
    )


def _likely(
    headings: Sequence[_Said], witnesses: Sequence[_Said], statements: Statements, names: Collection[str]
) -> _Said | None:
    """The heading that shares most words with the witnesses, or the only one if it is long enough."""
    sections = {letters(c.value) for field in ("section", "tag") for c in statements.all(field)}
    bare = _unique(without_site_name(said.text, names) for said in headings)
    open_ = [said for said in bare if said.folded not in sections]
    shared = [max((_shared(said.text, w.text) for w in witnesses), default=0.0) for said in open_]
    if shared and max(shared) >= _MIN_SHARED:
        return open_[shared.index(max(shared))]
    within = [said for said in open_ if any(said.folded in w.folded for w in witnesses)]
    if within:
        return max(within, key=lambda said: len(said.folded))
    alone = len(open_) == 1 and weighed(open_[0].folded) >= _MIN_ALONE
    return open_[0] if alone else None


def _shared(one: str, other: str) -> float:
    """Share of the words of the shorter text, three at least, that the other has, too; 0..1."""
    a, b = ({word.casefold() for word in _WORDS.findall(text)} for text in (one, other))
    return len(a & b) / max(3, min(len(a), len(b)))


def _as_shown(witness: _Said, statements: Statements) -> _Said:
    """The part of a title that some lesser heading of the page shows by itself."""
    parts = [letters(part) for part in _SEPARATOR.split(witness.text) if part]
    runs = {"".join(parts[a:b]) for a in range(len(parts[:6])) for b in range(a + 1, len(parts[:6]) + 1)}
    shown = [
        said
        for said in _unique(c.value for c in statements.all("heading"))
        if said.folded in runs and weighed(said.folded) >= _MIN_LETTERS
    ]
    return max(shown, key=lambda said: len(said.folded), default=None) or _without_tail(witness)


def _without_tail(witness: _Said) -> _Said:
    """A title without the last parts behind bars, which are the site's names more often than not."""
    while True:
        parts = [part for part in _BAR.split(witness.text) if part]
        head = witness.text[: witness.text.rfind(parts[-1])].rstrip(" |｜_:") if len(parts) > 1 else ""
        folded = letters(head)
        if weighed(folded) < max(_MIN_ALONE, weighed(letters(parts[-1]))):
            return witness
        witness = _Said(head, folded)


def without_site_name(title: str, names: Collection[str]) -> str:
    """`title` without the parts before or after a separator that are one of `names` (folded).

    >>> without_site_name("Rain in May - The Ledger", {"theledger"})
    'Rain in May'
    """
    for separator, loose in ((_SEPARATOR, True), (_TIGHT, False)):
        parts = [part for part in separator.split(title) if part]
        kept = _trim(parts, names, loose=loose)
        if kept and len(kept) < len(parts):
            start = title.find(kept[0])
            title = title[start : title.rfind(kept[-1]) + len(kept[-1])]
    return title


def without_section(title: str, statements: Statements) -> str:
    """`title` without a last part behind a bar that is the section the page names."""
    head, bar, last = title.rpartition(" | ")
    return head if bar and letters(last) in {letters(c.value) for c in statements.all("section")} else title


def _trim(parts: Sequence[str], names: Collection[str], *, loose: bool) -> list[str]:
    """The parts from behind a leading name up to the first name that follows; a slogan goes with its name."""
    is_name = [_is_name(letters(part), names, loose=loose) for part in parts]
    start = next((at for at, named in enumerate(is_name) if not named), len(parts))
    end = next((at for at in range(start + 1, len(parts)) if is_name[at]), len(parts))
    return list(parts[start:end])


def _is_name(folded: str, names: Collection[str], *, loose: bool) -> bool:
    return folded in names or (
        loose
        and any(
            min(len(name), len(folded)) >= _MIN_BRAND
            and (
                (name in folded and len(folded) <= len(name) + _MAX_AROUND_BRAND)
                or (folded in name and 2 * len(folded) >= len(name))
            )
            for name in names
        )
    )


def _unique(texts: Iterable[str]) -> list[_Said]:
    found: dict[str, _Said] = {}
    for text in texts:
        if folded := letters(text):
            found.setdefault(folded, _Said(text, folded))
    return list(found.values())


def _brand(host: str) -> str:
    """The part of a host name that a site calls itself by: "www.ledger.co.uk" gives "ledger"."""
    labels = [label for label in host.split(".") if label not in ("www", "m", "amp", "news")]
    return letters(max(labels[:-1] or labels or [""], key=len))
