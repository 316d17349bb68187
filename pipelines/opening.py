"""A page before its body is looked for: gate, decoding, one parse, and what it states of itself."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from pipelines.body.blocks import Walk
from pipelines.body.boilerplate import Known
from pipelines.metadata.candidates import Statements
from pipelines.metadata.dates import Setting
from pipelines.metadata.images import Pictures, cover
from pipelines.metadata.setting import setting_of
from pipelines.metadata.structured import read_statements
from pipelines.metadata.title import titles
from pipelines.normalize import letters, optional_text
from pipelines.page.decode import decode
from pipelines.page.ending import ending_flags
from pipelines.page.outline import Outline
from pipelines.page.precheck import precheck
from pipelines.page.tree import parse
from pipelines.policy import Policy
from pipelines.records import Page, Reason


@dataclass(frozen=True, slots=True)
class OpenPage:
    """A page that can be read: its tree, and what it states whatever its body says."""

    page: Page
    outline: Outline
    walk: Walk
    root: HtmlElement
    statements: Statements
    host: str
    title: str | None
    stated_title: str | None
    setting: Setting
    pictures: Pictures
    ending: tuple[str, ...]


def open_page(page: Page, policy: Policy, *, scripts: bool = True) -> OpenPage | tuple[Reason, str]:
    """The page as it states itself, or reason and detail why it cannot be read.

    Without `scripts` it is what a browser shows that runs none.
    """
    if refused := precheck(page.body, policy):
        return refused
    decoded = decode(page.body, page.header("content-type"))
    if decoded.replacement_share > policy.max_replacement_share:
        return Reason.BAD_ENCODING, f"{decoded.replacement_share:.1%} unreadable"
    root = parse(decoded.text, scripts=scripts)
    if root is None:
        return Reason.EMPTY, "no document"
    outline = Outline.of(root)
    if (levels := max(outline.depths)) > policy.max_depth:
        return Reason.TOO_DEEP, f"{levels} levels"
    statements = read_statements(root, outline).with_witness(page.witness)
    host = urlsplit(page.url).hostname or ""
    shown, stated = titles(statements, host)
    return OpenPage(
        page=page,
        outline=outline,
        walk=Walk(outline),
        root=root,
        statements=statements,
        host=host,
        title=optional_text(shown, policy.max_title_chars),
        stated_title=stated,
        setting=setting_of(page, statements),
        pictures=Pictures(outline, page.url, cover(statements, page.url)),
        ending=ending_flags(decoded.text),
    )


def known_of(opened: OpenPage, people: tuple[str, ...]) -> Known:
    """What the body's blocks are compared with: the headline, the people, the captions."""
    statements, title = opened.statements, opened.title
    headlines = [title, *(c.value for c in statements.all("title"))]
    captions = [text for image in opened.pictures.of() for text in (image.caption, image.credit, image.alt)]
    return Known(
        headlines=frozenset(letters(text) for text in headlines if text),
        people=frozenset(letters(name) for name in people),
        captions=frozenset(letters(text) for text in captions if text),
        host=urlsplit(opened.page.url).hostname,
        description=letters(statements.first("description") or "") or None,
        title_words=frozenset(word for word in (title or "").casefold().split() if len(word) > 3),
        article_body=letters(statements.first("body") or "") or None,
        word_count=int(statements.first("words") or 0) or None,
    )
