"""What an edit of an article is called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.changes import change_kind
from pipelines.normalize import count_words
from pipelines.records import Article, ChangeKind
from pipelines.similarity.fingerprint import text_hash
from tests.helpers_store import article

STORY = "\n\n".join(
    f"قال متحدث باسم البلدية رقم {number} إن الأعمال في الجسر القديم تسير وفق الخطة الموضوعة لها هذا العام."
    for number in range(12)
)


def reading(text: str = STORY, title: str = "الجسر القديم يعود إلى العمل") -> Article:
    return replace(article(), title=title, text=text, text_hash=text_hash(text), word_count=count_words(text))


def kind(text: str = STORY, title: str = "الجسر القديم يعود إلى العمل") -> ChangeKind | None:
    return change_kind(reading(), reading(text, title))


def test_the_same_text_under_the_same_headline_is_no_change() -> None:
    assert kind() is None
    assert kind(STORY.replace(" ", "  ")) is None


def test_another_headline_over_the_same_text() -> None:
    assert kind(title="البلدية: الجسر يفتح غدا") is ChangeKind.HEADLINE


@pytest.mark.parametrize(
    "title",
    ["الجسر القديم يعود إلى العمل | صحيفة الميناء", "الجسرُ القديم يعود الى العمل!", "الجسر القديم يعود", ""],
)
def test_a_headline_with_a_part_more_or_less_is_the_same(title: str) -> None:
    assert kind(title=title) is None


def test_another_text() -> None:
    assert kind(STORY + "\n\nوأضاف أن التكلفة بلغت مليوني ريال.") is ChangeKind.TEXT
    assert kind(STORY.replace("رقم 3", "رقم 33"), title="عنوان آخر تماما") is ChangeKind.TEXT


@pytest.mark.parametrize(
    "note",
    [
        "تصحيح: ورد في نسخة سابقة من هذا الخبر أن التكلفة ثلاثة ملايين.",
        "Correction: an earlier version of this article gave another cost.",
        "This article was amended on 3 November 2026 to say who paid.",
        "اصلاحیه: رقم هزینه در این خبر درست شد.",
        "תיקון טעות: העלות היא שני מיליון.",
        "Düzeltme: Haberin ilk halinde maliyet yanlıştı.",
        "Rectificatif : le montant était faux.",
        "In einer früheren Version stand eine andere Summe.",
    ],
)
def test_a_correction_says_so(note: str) -> None:
    assert kind(f"{STORY}\n\n{note}") is ChangeKind.CORRECTION
    assert kind(f"{note}\n\n{STORY}") is ChangeKind.CORRECTION


def test_a_note_that_was_there_before_is_no_new_correction() -> None:
    before = reading(f"{STORY}\n\nتصحيح: ورد خطأ في التكلفة.")
    after = reading(f"{STORY}\n\nتصحيح: ورد خطأ في التكلفة.\n\nوأضاف أن العمل مستمر.")
    assert change_kind(before, after) is ChangeKind.TEXT


@pytest.mark.parametrize(
    "notice",
    [
        "تم سحب هذا الخبر بعد أن تبين عدم صحته، ونعتذر لقرائنا.",
        "This article has been removed. The Harbour apologises to its readers.",
        "این خبر حذف شده است.",
        "הכתבה הוסרה לבקשת המשפחה.",
        "Bu haber yayından kaldırılmıştır.",
    ],
)
def test_a_notice_in_the_storys_place_is_its_removal(notice: str) -> None:
    assert kind(notice) is ChangeKind.REMOVED


def test_a_story_about_a_removal_is_a_story() -> None:
    assert kind(f"{STORY}\n\nThe post says: this article has been removed.") is ChangeKind.TEXT
