"""Why a page became what it became: every block kept or cut in reading order, and who said the metadata."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pipelines.body.body import PARAGRAPH_BREAK, Body
from pipelines.body.site_memory import NO_MEMORY, SiteMemory
from pipelines.clean import Examined, examine
from pipelines.metadata.candidates import Candidate
from pipelines.metadata.origins import Origin, origins
from pipelines.policy import DEFAULT_POLICY, Policy
from pipelines.records import Article, Page, Reason, Rejected


@dataclass(frozen=True, slots=True)
class Line:
    """One block of the page: kept, or cut by `rule` for `reason`."""

    order: int
    path: str
    text: str
    rule: str | None = None
    reason: str | None = None

    @property
    def kept(self) -> bool:
        """Whether it is part of the text."""
        return self.rule is None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The outcome of a page and what led to it; `reason` is None when it is an article.

    A page that was refused before it was read has no lines; one refused afterwards shows what was read.
    """

    url: str
    title: str | None
    reason: Reason | None
    detail: str | None
    words: int
    lines: tuple[Line, ...]
    metadata: tuple[Origin, ...]
    candidates: tuple[Candidate, ...]

    @classmethod
    def failed(cls, page: Page, reason: Reason, detail: str) -> Explanation:
        """Of a page that its worker did not survive."""
        return cls(page.url, None, reason, detail, 0, (), (), ())

    def plain(self) -> dict[str, Any]:
        """As values that JSON knows."""
        return {
            "url": self.url,
            "outcome": "rejected" if self.reason else "article",
            "reason": self.reason,
            "detail": self.detail,
            "title": self.title,
            "word_count": self.words,
            "blocks": [{"kept": line.kept, **asdict(line)} for line in self.lines],
            "metadata": [asdict(origin) for origin in self.metadata],
            "candidates": [asdict(candidate) for candidate in self.candidates],
        }


def explain(page: Page, policy: Policy = DEFAULT_POLICY, memory: SiteMemory = NO_MEMORY) -> Explanation:
    """What `clean` makes of the page, with its grounds."""
    found = examine(page, policy, memory)
    result = found.cleaned.result
    statements = found.statements
    return Explanation(
        url=page.url,
        title=result.title,
        reason=None if isinstance(result, Article) else result.reason,
        detail=None if isinstance(result, Article) else result.detail,
        words=result.word_count if isinstance(result, Article) else 0,
        lines=_lines(found.body),
        metadata=_origins(result, found),
        candidates=statements.candidates if statements else (),
    )


def _origins(result: Article | Rejected, found: Examined) -> tuple[Origin, ...]:
    if not isinstance(result, Article) or found.statements is None or found.setting is None:
        return ()
    return origins(result, found.statements, found.setting)


def _lines(body: Body | None) -> tuple[Line, ...]:
    """Blocks of the text and blocks that were cut, in the order of the page."""
    if body is None:
        return ()
    texts = body.text.split(PARAGRAPH_BREAK) if body.places else []
    kept = [Line(*place, text) for place, text in zip(body.places, texts, strict=True)]
    cut = [Line(block.order, block.path, block.text, block.rule, block.reason) for block in body.removed]
    return tuple(sorted([*kept, *cut], key=lambda line: line.order))
