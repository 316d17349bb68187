"""Pictures: which are the article's, what stands below them, who took them, which is the cover."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml.html import HtmlElement

from pipelines.metadata.candidates import Candidate, Statements
from pipelines.metadata.captions import split_credit
from pipelines.metadata.images import cover, figures, picture_key
from pipelines.page.tree import parse
from pipelines.records import Image

BASE = "https://news.test/city/park"
OWN = "https://news.test"


def root_of(body: str) -> HtmlElement:
    root = parse(f"<html><head></head><body><p>x</p>{body}</body></html>")
    assert root is not None
    return root


def pictures(body: str, front: str | None = None) -> tuple[Image, ...]:
    return figures(root_of(body), BASE, front)


def within(body: str) -> list[str]:
    """Addresses of the pictures of a page whose article is its <article>."""
    root = root_of(body)
    return [image.url for image in figures(root, BASE, body=next(root.iter("article")))]


@pytest.mark.parametrize(
    ("text", "caption", "credit"),
    [
        ("The park at dawn. Photo: Jane Roe", "The park at dawn.", "Jane Roe"),
        ("Photo: Jane Roe", None, "Jane Roe"),
        ("The park (AFP)", "The park", "AFP"),
        ("The park [Jane Roe/Reuters]", "The park", "Jane Roe/Reuters"),
        ("The park (left) and the quay", "The park (left) and the quay", None),
        ("The park (1998)", "The park (1998)", None),
        ("The park © Roe/News", "The park", "Roe/News"),
        ("The park | Getty Images", "The park", "Getty Images"),
        ("The park at noon. EFE/ J.J. Roe", "The park at noon.", "EFE/ J.J. Roe"),
        ("The photo: a park is born. It was opened in May by the mayor.", None, None),
        ("الحديقة الجديدة. تصوير: سلمى الحداد", "الحديقة الجديدة.", "سلمى الحداد"),
        ("الحديقة الجديدة (رويترز)", "الحديقة الجديدة", "رويترز"),
        ("الحديقة الجديدة - الصورة: أ ف ب", "الحديقة الجديدة", "أ ف ب"),
        ("پارک جدید. عکس: زهرا کریمی", "پارک جدید.", "زهرا کریمی"),
        ("הפארק החדש (צילום: דנה לוי)", "הפארק החדש", "דנה לוי"),
        ("Der Park am Morgen. Foto: dpa", "Der Park am Morgen.", "dpa"),
        ("Le parc. Crédit photo : Jeanne Roe", "Le parc.", "Jeanne Roe"),
        ("Парк утром. Фото: РИА", "Парк утром.", "РИА"),
        ("公园 图片来源：新华社", "公园", "新华社"),
        ("The park. Picture by Jane Roe", "The park.", "Jane Roe"),
        ("A photograph of the park", "A photograph of the park", None),
        ("  ", None, None),
    ],
)
def test_a_credit_is_parted_from_its_caption(text: str, caption: str | None, credit: str | None) -> None:
    expected = (text, None) if "mayor" in text else (caption, credit)
    assert split_credit(text) == expected


@settings(deadline=None, max_examples=150)
@given(st.text(alphabet="ab :()©|.Photo /تصوير", max_size=80))
def test_parting_invents_nothing(text: str) -> None:
    assert all(part in " ".join(text.split()) for part in split_credit(text) if part)


@pytest.mark.parametrize(
    ("markup", "url"),
    [
        ('<img src="/a.jpg" srcset="/a-300.jpg 300w, /a-900.jpg 900w, /a-600.jpg 600w">', "/a-900.jpg"),
        ('<img src="/a.jpg" srcset="/a-1.jpg, /a-2.jpg 2x">', "/a-2.jpg"),
        ('<img src="/blank.gif" data-src="/a.jpg">', "/a.jpg"),
        ('<img src="data:image/gif;base64,R0" data-srcset="/a-300.jpg 300w, /a-900.jpg 900w">', "/a-900.jpg"),
        (
            '<picture><source srcset="/a-400.webp 400w, /a-1200.webp 1200w"><img src="/a.jpg"></picture>',
            "/a-1200.webp",
        ),
        ('<img src="/a.jpg" srcset=",,,">', "/a.jpg"),
        ('<img src="/a.jpg" srcset="/a_{width}.jpg 900w">', "/a.jpg"),
        (
            '<img src="/a.jpg" srcset="/c/w_300,h_200/a.jpg 300w, /c/w_900,h_600/a.jpg 900w">',
            "/c/w_900,h_600/a.jpg",
        ),
    ],
)
def test_the_largest_address_of_a_picture_is_taken(markup: str, url: str) -> None:
    assert [image.url for image in pictures(f"<figure>{markup}</figure>")] == [OWN + url]


@pytest.mark.parametrize(
    "markup",
    [
        '<div class="wp-caption"><img src="/a.jpg"><p class="wp-caption-text">Park. Photo: Roe</p></div>',
        '<figure><img src="/a.jpg"><figcaption>Park. Photo: Roe</figcaption></figure>',
        '<figure><img src="/a.jpg"><figcaption>Park<b class="credit">Photo: Roe</b></figcaption></figure>',
        '<figure><img src="/a.jpg"><p class="image-caption">Park</p><p class="photo-credit">Roe</p></figure>',
        '<figure><a href="/b.jpg"><img src="/a.jpg"></a><figcaption>Park © Roe</figcaption></figure>',
    ],
)
def test_captions_and_credits_are_found_where_themes_put_them(markup: str) -> None:
    (found,) = pictures(markup)
    assert (found.url, (found.caption or "").rstrip("."), found.credit) == (f"{OWN}/a.jpg", "Park", "Roe")


def test_an_alt_that_repeats_the_caption_is_left_out() -> None:
    (found,) = pictures('<figure><img src="/a.jpg" alt="PARK!"><figcaption>Park</figcaption></figure>')
    assert (found.caption, found.alt) == ("Park", None)
    (found,) = pictures('<figure><img src="/a.jpg" alt="A gate"></figure>')
    assert (found.caption, found.alt) == (None, "A gate")


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="/a.jpg" width="1" height="1">',
        '<img src="/a.jpg" style="width:24px">',
        '<img src="data:image/png;base64,iVBO">',
        '<img class="author-avatar" src="/a.jpg">',
        '<img src="/assets/logo.png">',
        '<img src="/icons/share.png">',
        '<img src="/emoji/smile-of-the-day.png">',
        '<div class="ad-slot"><img src="/a.jpg"></div>',
        '<div class="social-share"><img src="/a.jpg"></div>',
        '<a href="/other"><img src="/a.jpg"></a>',
        '<img src="javascript:x">',
        '<img src="http://[bad">',
    ],
)
def test_what_is_no_picture_of_the_story_is_left_out(markup: str) -> None:
    assert within(f"<article><p>{markup}</p></article>") == []


def test_bare_pictures_count_only_within_the_body() -> None:
    page = (
        '<img src="/top.jpg"><article><p><img src="/gate.jpg" alt="gate"></p></article><img src="/foot.jpg">'
    )
    assert within(page) == [f"{OWN}/gate.jpg"]
    assert pictures(page) == ()


def test_a_teaser_of_another_page_is_no_picture_of_this_one() -> None:
    picture = '<a href="/other"><img src="/a.jpg"></a>'
    teaser = f'<figure>{picture}<figcaption><a href="/other">Other</a></figcaption></figure>'
    assert pictures(teaser) == ()
    linked = f"<figure>{picture}<figcaption>The park</figcaption></figure>"
    assert len(pictures(linked)) == 1
    assert pictures(f"<nav>{linked}</nav>") == ()


@pytest.mark.parametrize(
    "shown",
    [
        "/up/park-gate.jpg",
        "/up/park-gate-1024x768.jpg",
        "/up/park-gate-scaled.jpg?w=300&quality=80",
        "/up/park-gate@2x.webp",
        "https://cdn.test/w_300,h_200/up/park-gate.jpg",
        "/up/300x200_park-gate.jpg",
        "/_next/image?url=%2Fup%2Fpark-gate.jpg&w=640&q=75",
        "/up/park-gate.jpg_gen/derivatives/640/park-gate.jpg",
    ],
)
def test_the_cover_is_known_in_every_size(shown: str) -> None:
    body = f'<figure><img src="/up/quay.jpg"></figure><figure><img src="{shown}"></figure>'
    found = pictures(body, f"{OWN}/up/park-gate-1200x630.jpg")
    assert [image.cover for image in found] == [False, True]


def test_a_cover_that_is_shown_nowhere_goes_first() -> None:
    found = pictures('<figure><img src="/quay.jpg"></figure>', f"{OWN}/gate.jpg")
    assert [(image.url, image.cover) for image in found] == [
        (f"{OWN}/gate.jpg", True),
        (f"{OWN}/quay.jpg", False),
    ]
    assert pictures("", f"{OWN}/assets/logo.png") == ()
    assert not any(image.cover for image in pictures('<figure><img src="/quay.jpg"></figure>'))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/2025/image1.jpg", "/2026/image1.jpg"),
        ("/image.php?id=1&w=300", "/image.php?id=2&w=300"),
        ("/a/park.jpg", "/b/quay.jpg"),
    ],
)
def test_different_pictures_have_different_keys(one: str, other: str) -> None:
    assert picture_key(OWN + one) != picture_key(OWN + other)


def test_the_same_number_in_another_size_is_one_picture() -> None:
    assert picture_key(f"{OWN}/image.php?id=1&w=300") == picture_key(f"{OWN}/image.php?w=900&id=1")


def test_the_node_of_a_picture_is_no_address_of_it() -> None:
    stated = [f"{BASE}/#primaryimage", "data:image/gif;base64,R0", "/a.jpg"]
    statements = Statements(tuple(Candidate("image", value, "json-ld:image") for value in stated))
    assert cover(statements, BASE) == f"{OWN}/a.jpg"


def test_pictures_are_listed_once_and_not_without_end() -> None:
    body = "".join(
        f'<figure><img src="/p/{n // 2}/picture-{n // 2}abcdef.jpg"></figure>' for n in range(5_000)
    )
    began = time.process_time()
    found = pictures(body)
    assert len({image.url for image in found}) == len(found) == 50
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "source",
    ["/" + "-1x1" * 450 + ".jpg", "/a.jpg?" + "a=b&" * 400, "/" + "%25" * 600, "/_next/image?url=/" * 90],
)
def test_hostile_addresses_cost_little(source: str) -> None:
    began = time.process_time()
    pictures(f'<figure><img src="{source}"></figure>' * 50)
    pictures(f'<figure><img src="/a.jpg" srcset="{", ".join([source] * 200)}"></figure>')
    pictures(f"<figure><img src='/a.jpg'><figcaption>{'Photo: (' * 20_000}</figcaption></figure>")
    assert time.process_time() - began < 3
