"""Walls: what pages that are no article say instead of one, and articles that quote it."""

from __future__ import annotations

import pytest

from pipelines.records import Reason
from tests.helpers_clean import article, document, paragraphs, rejected, story

NEWS = "The council of the harbour town said on Monday that the new park will open to everyone in spring."


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("This website is not accessible. Its content is prohibited.", Reason.BLOCKED),
        ("Доступ к данному ресурсу ограничен по решению органов власти.", Reason.BLOCKED),
        ("تم حجب هذا الموقع بقرار من الوزارة.", Reason.BLOCKED),
        ("Maaf, situs ini diblokir.", Reason.BLOCKED),
        ("ไม่อนุญาตให้เข้าใช้งานเว็บไซต์นี้", Reason.BLOCKED),
        ("Checking your browser before you go on.", Reason.BLOCKED),
        ("Please verify you are human.", Reason.BLOCKED),
        ("Подтвердите, что вы не робот.", Reason.BLOCKED),
        ("Die Seite wurde nicht gefunden.", Reason.SOFT_404),
        ("Aradığınız sayfa taşınmış olabilir.", Reason.SOFT_404),
        ("Η σελίδα δεν βρέθηκε.", Reason.SOFT_404),
        ("Strona nie istnieje.", Reason.SOFT_404),
        ("您访问的页面已经被删除", Reason.SOFT_404),
        ("مطلوبہ صفحہ نہیں ملا", Reason.SOFT_404),
        ("Забыли пароль?", Reason.LOGIN_WALL),
        ("Mot de passe oublié ?", Reason.LOGIN_WALL),
        ("忘记密码", Reason.LOGIN_WALL),
        ("Bitte aktivieren Sie JavaScript.", Reason.JS_SHELL),
        ("Пожалуйста, включите JavaScript.", Reason.JS_SHELL),
        ("请启用JavaScript", Reason.JS_SHELL),
    ],
)
def test_a_page_that_says_only_this_is_refused_for_it(said: str, reason: Reason) -> None:
    assert rejected(document(f"<div><p>{said}</p></div>"))[0] is reason


@pytest.mark.parametrize(
    ("title", "reason"),
    [
        ("Access denied", Reason.BLOCKED),
        ("Just a moment...", Reason.BLOCKED),
        ("Доступ ограничен", Reason.BLOCKED),
        ("404", Reason.SOFT_404),
    ],
)
def test_a_headline_that_is_nothing_else_tells_a_wall(title: str, reason: Reason) -> None:
    assert rejected(story(title, paragraphs(f"{NEWS} Ask the council.")))[0] is reason


@pytest.mark.parametrize(
    "line",
    [
        "“Access denied”, the screens at the port had said for an hour.",
        "Доступ ограничен был на один день, сообщил порт.",
        "It took just a moment, the mayor said.",
        "Unusual traffic on the quay delayed the buses.",
        "The security check at the gate takes an hour.",
    ],
)
def test_a_short_article_may_use_the_words(line: str) -> None:
    assert line in article(story("New park opens", paragraphs(NEWS, line))).text


def test_a_long_article_may_quote_a_wall() -> None:
    line = "“This website is not accessible”, readers saw on Sunday."
    assert (
        line
        in article(story("Paper was blocked", paragraphs(*[f"{NEWS} {n}" for n in range(12)], line))).text
    )


def test_the_prompt_of_a_wall_counts_although_it_is_cut_from_the_text() -> None:
    assert rejected(story("Park", paragraphs(NEWS, "Subscribe to continue reading")))[0] is Reason.LOGIN_WALL
