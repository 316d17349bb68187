"""Signatures: what makes no difference to them, and what two of them tell."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.policy import DEFAULT_POLICY
from pipelines.similarity.folding import folded_codes
from pipelines.similarity.near import KEPT, KEYS, VERSION, bands, is_near, overlap, resemblance, signature

WORDS = st.text(alphabet="abcdefgh ابتثجحخد 新闻记者报道 0123456789", min_size=0, max_size=400)
PINNED = "010000158e001e24e6f50035b3f338003eec536e"
LONG = " ".join(f"word{number * number}" for number in range(600))


def signed(text: str) -> bytes:
    found = signature(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("الأُمَّةُ", "الامه"),
        ("مســـؤول", "مسوول"),
        ("إلى آخر القرى", "الى اخر القري"),
        ("کتاب‌های", "كتاب هاي"),
        ("٢٠٢٦ و ۱۴۰۵", "2026 و 1405"),
        ("«خبر»، (عاجل)!", 'خبر "عاجل"'),
        ("ﻻ ﺳﻼم", "لا سلام"),
        ("Café Société", "CAFE\u0301 societe"),
        ("DIŞARIDA ıssız", "dışarıda ISSIZ"),
        ("שָׁלוֹם", "שלום"),
        ("Ёлка", "елка"),
        ("ニュース", "ニュース"),
        ("２０２６年", "2026年"),
        ("news 📰 now", "news now"),
    ],
)
def test_spelling_makes_no_difference(one: str, other: str) -> None:
    assert folded_codes(one).tolist() == folded_codes(other).tolist() != []


@pytest.mark.parametrize(
    ("one", "other"), [("كتب", "كتبت"), ("1405", "1406"), ("新闻", "新聞"), ("cat", "act")]
)
def test_other_letters_do(one: str, other: str) -> None:
    assert folded_codes(one).tolist() != folded_codes(other).tolist()


@given(st.text())
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    once = folded_codes(text)
    plain = "".join(map(chr, once.tolist()))
    assert folded_codes(plain).tolist() == once.tolist()


@given(WORDS, WORDS)
def test_resemblance_is_a_share_whichever_comes_first(one: str, other: str) -> None:
    first, second = signature(one), signature(other)
    if first is None or second is None:
        return
    assert 0 <= resemblance(first, second) <= 1
    assert resemblance(first, second) == resemblance(second, first)
    assert is_near(first, second) == is_near(second, first)
    assert resemblance(first, first) == 1


@given(WORDS)
def test_a_text_with_enough_shingles_is_near_itself_and_has_different_keys(text: str) -> None:
    found = signature(text)
    if found is None:
        return
    keys = bands(found)
    assert 1 <= len(keys) == len(set(keys)) <= KEYS
    assert is_near(found, found) == (overlap(found, found).common >= DEFAULT_POLICY.near_min_common)


@given(st.binary(max_size=60).map(lambda tail: bytes([VERSION]) + tail), st.binary(max_size=60))
def test_bytes_that_are_no_signature_are_compared_without_a_fault(one: bytes, other: bytes) -> None:
    assert 0 <= resemblance(one, other) <= 1
    assert is_near(one, other) == is_near(other, one)
    assert len(bands(one)) <= KEYS


def test_the_bytes_are_what_they_were() -> None:
    """Signatures are stored: when this fails, VERSION must go up."""
    assert (VERSION, signed(LONG)[:20].hex()) == (1, PINNED)
    assert len(signed(LONG)) == 5 + 5 * KEPT


def test_another_process_makes_the_same_signature() -> None:
    script = f"from pipelines.similarity.near import signature; print(signature({LONG!r}).hex())"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == signed(LONG).hex()


def test_signatures_of_another_version_are_like_nothing() -> None:
    found = signed(LONG)
    other = bytes([VERSION + 1]) + found[1:]
    assert (resemblance(found, other), resemblance(other, other), bands(other)) == (0, 0, ())
    assert not is_near(other, other)


@pytest.mark.parametrize(
    "text", ["", " ", "خبر قصير", "短い記事です。", "x" * (DEFAULT_POLICY.near_min_letters - 1)]
)
def test_a_short_text_has_no_signature(text: str) -> None:
    assert signature(text) is None


def test_an_ideograph_counts_as_three_letters() -> None:
    story = "市政府昨日宣布新图书馆将于明年春天开放欢迎所有居民前来参观借阅书籍"
    assert len(story) < DEFAULT_POLICY.near_min_letters
    assert signature(story + "并提供免费网络") is not None


def test_only_the_beginning_of_an_endless_text_counts() -> None:
    policy = replace(DEFAULT_POLICY, near_max_chars=2_000)
    assert signature(LONG + " more" * 1_000_000, policy) == signature(LONG[:2_000], policy)


def test_the_estimate_is_close_to_the_truth() -> None:
    """Half of a text stands in the other: of the kept hashes about as many do."""
    words = [f"alpha{number * 7919 % 10007}" for number in range(4_000)]
    half = signed(" ".join(words[:1_000]))
    whole = signed(" ".join(words[:2_000]))
    apart = signed(" ".join(words[2_000:]))
    assert overlap(half, whole).containment == pytest.approx(1, abs=0.05)
    assert resemblance(half, whole) == pytest.approx(0.5, abs=0.2)
    assert resemblance(half, apart) == pytest.approx(0, abs=0.1)


def test_a_text_of_few_shingles_is_kept_whole() -> None:
    found = signed("x" * 70 + "The ferry sails at six, the harbour master said")
    assert int.from_bytes(found[1:5], "big") == (len(found) - 5) // 5 < KEPT
    assert resemblance(found, signed("x" * 80 + "The ferry sails at six, the harbour master said")) == 1
