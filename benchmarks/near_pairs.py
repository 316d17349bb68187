"""Labelled pairs of texts of our own: near-duplicates or not, and in which way; see tests/near/README.md."""

from __future__ import annotations

import hashlib
import itertools
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
FOLDER = _ROOT / "tests" / "near"
DEMO = _ROOT / "demo" / "content"
_BREAK = "\n\n"
_NUMBER = re.compile(r"\d+")
_HEADING = re.compile(r"^(#+|-) ", re.MULTILINE)
_TO_ARABIC_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_TYPED = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ک": "ك", "ی": "ي", "«": '"', "»": '"', "،": ",",
     "“": '"', "”": '"', "’": "'", "—": "-", "–": "-", "(": "（", "\u200c": " "}
)  # fmt: skip
# Of what one desk does to another's copy: two ways for each article, so that all are done as often.
_WAYS_OF_EACH = 2


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts and what is so of them. Who tunes looks at `held` pairs last."""

    kind: str
    language: str
    near: bool
    held: bool
    one: str
    other: str


@dataclass(frozen=True, slots=True)
class Story:
    """A base text, what another desk would put before it, and what lies beside it."""

    id: str
    language: str
    place: str
    title: str
    lead: str
    paragraphs: tuple[str, ...]
    event: str = ""
    edits: tuple[tuple[str, str], ...] = ()
    anew: str = ""

    @property
    def text(self) -> str:
        """The whole text."""
        return _BREAK.join(self.paragraphs)


def pairs(folder: Path = FOLDER, demo: Path = DEMO) -> tuple[Pair, ...]:
    """Every pair, in an order of its own that never changes."""
    ours, shown = list(_stories(folder / "stories.toml")), list(_demo_stories(demo))
    found = [*_near(ours, len(_WAYS)), *_near(shown, _WAYS_OF_EACH)]
    found += [*_anew(ours, shown), *_apart(shown), *_shared(shown), *_templates(folder / "templates.toml")]
    return tuple(found)


def fingerprint(found: Sequence[Pair]) -> str:
    """Hash of all pairs: figures hold for those they were measured on."""
    return hashlib.sha256(repr(tuple(found)).encode()).hexdigest()[:16]


def _stories(file: Path) -> Iterator[Story]:
    for each in tomllib.loads(file.read_text(encoding="utf-8"))["stories"]:
        yield Story(
            id=each["id"],
            language=each["language"],
            place="",
            title=each["lead"].split(".")[0][:60],
            lead=each["lead"],
            paragraphs=_paragraphs(each["text"]),
            edits=tuple((before, after) for before, after in each["edits"]),
            anew=_BREAK.join(_paragraphs(each["anew"])),
        )


def _demo_stories(folder: Path) -> Iterator[Story]:
    for file in sorted(folder.glob("*.toml")):
        outlet: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        for each in outlet["articles"]:
            yield Story(
                id=f"{file.stem} {each['slug']}",
                language=outlet["site"]["language"],
                place=file.stem,
                title=each["title"],
                lead=each.get("description", each["title"]),
                paragraphs=_paragraphs(each["body"]),
                event=each.get("event", ""),
            )


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in _HEADING.sub("", text).split(_BREAK))))


def _typography(story: Story) -> str:
    """Typed on another keyboard: marks, quotes, digits, stretched words, spaces."""
    stretched = re.sub(r"\b(\w{2})(\w)", "\\1\u0640\\2", story.text) if story.language == "ar" else story.text
    spaced = stretched.translate(_TYPED).replace(" ", "  ")
    return spaced.translate(_TO_ARABIC_INDIC) if story.language in ("ar", "fa", "ur") else spaced.upper()


def _trimmed(story: Story) -> str:
    """The first half and a little, as papers that have no room print it."""
    room, kept = 0.55 * len(story.text), [story.paragraphs[0]]
    for paragraph in story.paragraphs[1:]:
        if len(_BREAK.join(kept)) >= room:
            break
        kept.append(paragraph)
    return _BREAK.join(kept)


def _brief(story: Story) -> str:
    """The first 45 in 100, up to the end of a sentence."""
    room, kept = 0.45 * len(story.text), ""
    for sentence in re.split(r"(?<=[.。؟۔!?])", story.text):
        if len(kept) >= room:
            break
        kept += sentence
    return kept.strip()


def _without_end(story: Story) -> str:
    return _BREAK.join(story.paragraphs[:-1])


def _without_middle(story: Story) -> str:
    middle = len(story.paragraphs) // 2
    return _BREAK.join((*story.paragraphs[:middle], *story.paragraphs[middle + 1 :]))


def _headlined(story: Story) -> str:
    return _BREAK.join((story.title, story.text, f"({story.place or story.id})"))


def _new_lead(story: Story) -> str:
    return _BREAK.join((story.lead, *story.paragraphs[1:]))


def _figures(story: Story) -> str:
    """An hour later: each number is another."""
    return _NUMBER.sub(lambda found: str(int(found[0]) + 1), story.text)


def _edited(story: Story) -> str:
    """What the editor wrote by hand, or else one word in twenty struck out."""
    if story.edits:
        text = story.text
        for before, after in story.edits:
            text = text.replace(before, after)
        return text
    return _BREAK.join(
        " ".join(word for at, word in enumerate(paragraph.split(" "), start=1) if at % 20)
        for paragraph in story.paragraphs
    )


def _reworked(story: Story) -> str:
    """Lead, numbers and end at once."""
    return _figures(
        Story(story.id, story.language, "", story.title, "", (story.lead, *story.paragraphs[1:-1]))
    )


_WAYS: tuple[tuple[str, Callable[[Story], str]], ...] = (
    ("typography", _typography),
    ("trimmed", _trimmed),
    ("brief", _brief),
    ("without_end", _without_end),
    ("without_middle", _without_middle),
    ("headlined", _headlined),
    ("new_lead", _new_lead),
    ("figures", _figures),
    ("edited", _edited),
    ("reworked", _reworked),
    ("identical", lambda story: story.text),
)


def _near(stories: Sequence[Story], ways: int) -> Iterator[Pair]:
    for number, story in enumerate(stories):
        for step in range(ways):
            kind, change = _WAYS[(number * ways + step) % len(_WAYS)]
            yield _pair(kind, story, near=True, other=change(story))


def _anew(ours: Sequence[Story], shown: Sequence[Story]) -> Iterator[Pair]:
    """The same event, told by somebody else."""
    for story in ours:
        yield _pair("anew", story, near=False, other=story.anew)
    for one, other in itertools.combinations(shown, 2):
        if one.event and one.event == other.event and one.language == other.language:
            yield _pair("anew", one, near=False, other=other.text)


def _apart(shown: Sequence[Story]) -> Iterator[Pair]:
    """Other articles of the same outlet."""
    for one, other in itertools.pairwise(shown):
        if one.place == other.place:
            yield _pair("apart", one, near=False, other=other.text)


def _shared(shown: Sequence[Story]) -> Iterator[Pair]:
    """One quotes a paragraph of the other; a round-up prints it whole among many."""
    for number, (one, other) in enumerate(itertools.pairwise(shown)):
        if one.place == other.place and number % 2:
            quoted = _BREAK.join((*other.paragraphs, one.paragraphs[1]))
            yield _pair("quoted", one, near=False, other=quoted)
        if number % 12 == 0:
            yield _pair(
                "round_up", one, near=False, other=_BREAK.join(story.text for story in shown[number:][:12])
            )


def _templates(file: Path) -> Iterator[Pair]:
    for each in tomllib.loads(file.read_text(encoding="utf-8"))["templates"]:
        texts = [each["form"].format(*fill) for fill in each["fill"]]
        for one, other in itertools.combinations(texts, 2):
            yield Pair("template", each["id"][:2], near=False, held=_held(each["id"]), one=one, other=other)


def _pair(kind: str, story: Story, *, near: bool, other: str) -> Pair:
    return Pair(kind, story.language, near, _held(story.id), story.text, other)


def _held(name: str) -> bool:
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 1
