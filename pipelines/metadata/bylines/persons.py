"""Whether words are a person's name."""

from __future__ import annotations

import re

from pipelines.metadata.bylines.lists import agencies, folded, lists

_MOST_NAME_CHARS = 60
_MOST_NAME_WORDS = 5
_MOST_UNSPACED = 6
_UNSPACED_SCRIPT = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_NO_NAME = re.compile(r"[\d@#%?!؟<>(){}\[\]|/\\=+*_,;:«»…→]|\w\w\.\w\w|\.\.")
_JOB_ENDINGS = ("ologist", "alist", "onist", "entist", "omist", "rapist")


def is_person(name: str) -> bool:
    """Whether these words can be a person's name and are no newsroom, agency, job or link.

    >>> is_person("سلمى بنت حداد"), is_person("J. R. O'Hara-Roe"), is_person("هيئة التحرير")
    (True, True, False)
    """
    name = name.strip()
    if (
        not name
        or len(name) > _MOST_NAME_CHARS
        or _NO_NAME.search(name.replace("(", "", 1).replace(")", "", 1))
    ):
        return False
    words = folded(name)
    known = lists()
    counted = [word for word in words if word not in known.particles]
    bare = len(words) == 1 and name[:1].isupper()  # "Ben" is a name, too
    if not (counted or bare) or len(counted) > _MOST_NAME_WORDS or max(map(len, words)) < 2:
        return False
    if any(word in known.nobody or word.endswith(_JOB_ENDINGS) for word in words):
        return False
    if words in known.alone or words in known.places or agencies().code(words):
        return False
    if all(word in known.dates for word in words) or words in known.by or words in known.not_writer:
        return False
    if _UNSPACED_SCRIPT.search(name):
        return _is_unspaced_name(name)
    return _is_written_as_name(name, words)


def is_sure_person(name: str) -> bool:
    """Whether a name of two or more words begins with a known first name or holds "son of"."""
    words = folded(name)
    known = lists()
    if len(words) < 2:
        return False
    if any(word in known.kin for word in words[1:-1]):
        return True
    return words[0] in known.given or (words[0].startswith("عبدال") and len(words[0]) > 6)


def is_job(word: str) -> bool:
    """Whether a folded word is a job: "editor", "cardiologist"."""
    return word in lists().jobs or word.endswith(_JOB_ENDINGS)


def _is_unspaced_name(name: str) -> bool:
    known = lists()
    if any(part in name for part in known.unspaced):
        return False
    pieces = re.split(r"[\s・·]+", name)
    return len(pieces) <= 4 and all(len(piece) <= _MOST_UNSPACED for piece in pieces)


def _is_written_as_name(name: str, words: tuple[str, ...]) -> bool:
    """Names have capitals where the script has them; a user's name may be all small letters."""
    written = re.split(r"[\s]+", name)
    cased = [word for word in written if word[:1].lower() != word[:1].upper()]
    small = [word for word in cased if word[0].islower() and not lists().particles.intersection(folded(word))]
    if not small or len(words) == 1:
        return True
    return len(small) == 1 and len(cased) == 2 if written[0][0].isupper() else len(words) == 2
