"""What a page is written in: said rightly, wrongly or not at all, and bytes that are no text."""

from __future__ import annotations

import codecs
import tomllib
import unicodedata
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clean import clean
from pipelines.page.decode import decode
from pipelines.page.decoding.declared import declared
from pipelines.page.decoding.labels import REFUSED, codec_of
from pipelines.policy import DEFAULT_POLICY
from pipelines.records import Article, Page, Rejected, State
from tests.helpers_clean import FETCHED
from tests.hostile.encodings import CASES, Case

TEXTS = tomllib.loads(Path(__file__).with_name("encoding_texts.toml").read_text(encoding="utf-8"))
WRITTEN = [(language, codec) for language, said in TEXTS.items() for codec in said["encodings"].split()]
SCRIPT = "<script>" + "menu.add('#123456', {a: 0});\n" * 4_000 + "</script>"
LABELS = tomllib.loads(files("pipelines.page.decoding").joinpath("labels.toml").read_text(encoding="utf-8"))
ARABIC = TEXTS["ar"]["text"]
# Signs that the Vietnamese encoding has no letters for, but writes behind the letter.
_TONES = "\u0300\u0301\u0303\u0309\u0323"


def page(text: str, head: str = "") -> str:
    return f"<html><head>{head}</head><body><p>{text}</p></body></html>"


def encoded(text: str, codec: str) -> bytes:
    if codec != "cp1258":
        return text.encode(codec)
    return b"".join(_toned(letter).encode(codec) for letter in text)


def _toned(letter: str) -> str:
    parts = unicodedata.normalize("NFD", letter)
    tones = "".join(part for part in parts if part in _TONES)
    return unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES)) + tones


def text_of(body: bytes, content_type: str | None = None) -> str:
    return unicodedata.normalize("NFC", decode(body, content_type).text)


# What nobody said, or said wrongly


@pytest.mark.parametrize(("language", "codec"), WRITTEN)
def test_an_old_encoding_is_told_by_its_text_whatever_is_declared(language: str, codec: str) -> None:
    text = TEXTS[language]["text"]
    for head in ("", SCRIPT, '<meta charset="utf-8">', '<meta charset="iso-8859-1">'):
        assert text_of(encoded(page(text, head), codec)) == page(text, head)
    plain = encoded(page(text), codec)
    for named in ("utf-8", "iso-8859-1", "windows-1252", "x-user-defined", "none"):
        assert text_of(plain, f"text/html; charset={named}") == page(text)


@pytest.mark.parametrize(("language", "codec"), WRITTEN)
def test_a_right_declaration_is_believed(language: str, codec: str) -> None:
    name = LABELS.get(codec, codec).split()[0] if codec != "iso2022_jp" else "iso-2022-jp"
    body = encoded(page(TEXTS[language]["text"]), codec)
    assert text_of(body, f"text/html; charset={name}") == page(TEXTS[language]["text"])


@pytest.mark.parametrize(
    ("language", "codec"),
    [(language, codec) for language, codec in WRITTEN if language in ("ar", "fa", "he", "ru", "el", "ja")],
)
def test_a_few_words_tell_the_encoding(language: str, codec: str) -> None:
    words = TEXTS[language]["text"][:30]
    assert text_of(encoded(page(words), codec)) == page(words)


def test_the_rarer_encoding_is_read_where_it_is_declared() -> None:
    body = page("Il-kunsill ħabbar park ġdid ħdejn il-baħar, żewġ snin wara.").encode("iso8859-3")
    assert "ħdejn il-baħar, żewġ" in decode(body, "text/html; charset=iso-8859-3").text


@pytest.mark.parametrize("language", list(TEXTS))
@pytest.mark.parametrize("named", ["iso-8859-1", "windows-1256", "shift_jis", "gb2312", "utf-16", "hex"])
def test_utf_8_is_read_whatever_it_is_called(language: str, named: str) -> None:
    source = page(TEXTS[language]["text"], f'<meta charset="{named}">')
    assert decode(source.encode(), f"text/html; charset={named}").text == source


def test_two_letters_are_read_as_declared() -> None:
    for text, codec in (("naïve", "cp1252"), ("één", "cp1252"), ("سن", "cp1256")):
        body = page(text, f'<meta charset="{codec}">')
        assert decode(body.encode(codec), None).text == body
        assert decode(body.encode(), None).text == body


def test_languages_that_nothing_is_known_of_are_read_as_declared() -> None:
    for text, codec in (
        (
            "Bæjarstjórnin tilkynnti í gær að nýr garður við sjóinn verði opnaður eftir tveggja ára vinnu.",
            "cp1252",
        ),
        ("Градско веће је јуче објавило отварање новог парка уз море након две године радова.", "cp1251"),
        (
            "Gradsko veće je juče objavilo otvaranje novog parka uz more; drveće su izabrali građani.",
            "cp1250",
        ),
        ("Гарадскі савет абвясціў учора пра адкрыццё новага парку на беразе мора.", "cp1251"),
        ("דער שטאטראט האט נעכטן געמאלדן אז דער נײער פארק ביים ים וועט זיך עפענען.", "cp1255"),
        ("Kua kōwhiria e ngā tāngata ngā rākau me ngā ara hīkoi mō te papa hou.", "cp1257"),
    ):
        assert text in decode(page(text * 3).encode(codec), f"charset={codec}").text


def test_a_header_that_does_not_fit_loses_to_the_page() -> None:
    source = page(ARABIC, '<meta charset="windows-1256">')
    for named in ("iso-8859-1", "utf-8", "windows-1255", "gb2312"):
        assert decode(source.encode("cp1256"), f"text/html; charset={named}").text == source


# Damage


def test_a_letter_cut_at_the_end_costs_nothing_else() -> None:
    for codec in ("utf-8", "utf-16-le", "cp949", "gb18030"):
        whole = page("한국" if codec == "cp949" else "市议会昨天宣布") * 4 + "市"
        if codec == "cp949":
            whole = page(TEXTS["ko"]["text"]) + "한"
        assert decode(whole.encode(codec)[:-1], None).text.startswith(whole[:-1])


def test_broken_bytes_are_counted_and_the_rest_is_read() -> None:
    for codec in ("utf-8", "cp949", "euc_jp"):
        text = TEXTS["ko" if codec == "cp949" else "ja"]["text"]
        body = page(text * 5 + "!").encode(codec).replace(b"!", b"\xff\xff<p>\xff")
        decoded = decode(body, None)
        assert decoded.text.count(text) == 5
        assert 0 < decoded.replacement_share < DEFAULT_POLICY.max_replacement_share


def test_a_block_in_another_encoding_is_read_too() -> None:
    western = page("Le théâtre a été fermé; déjà, à l'été, près du café.")
    for number in (1, 9):
        arabic = page(ARABIC) * number
        assert decode(arabic.encode() + western.encode("cp1252"), "charset=utf-8").text == arabic + western
        for declared_as in (None, "charset=utf-8", "charset=windows-1256"):
            mixed = page(ARABIC).encode() + arabic.encode("cp1256")
            assert decode(mixed, declared_as).text == page(ARABIC) + arabic


def test_text_that_was_encoded_twice_is_left_as_it_is() -> None:
    twice = page("الأخبار".encode().decode("latin-1"))
    assert decode(twice.encode(), None).text == twice


def test_what_another_system_could_not_read_does_not_speak_against_utf_8() -> None:
    source = page("what\ufffds left")
    for named in (None, "charset=windows-1252"):
        assert decode(source.encode(), named).text == source


def test_the_share_that_is_unreadable_is_that_of_the_text() -> None:
    garbled = "".join(letter + "\ufffd" * (at % 9 == 0) for at, letter in enumerate(ARABIC))
    hidden = f"{SCRIPT}<!-- {'x' * 50_000} --><style>{'p{}' * 9_000}</style>"
    share = garbled.count("\ufffd") / len("".join(garbled.split()))
    assert decode(page(garbled, hidden).encode(), None).replacement_share == pytest.approx(share)
    assert decode(f"<p>{ARABIC}<script>'{garbled}'</script>".encode(), None).replacement_share == 0
    assert decode(f"<script>{garbled}</script>".encode(), None).replacement_share > 0


# Encodings of whole units, and those that shift


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("language", ["ar", "en", "zh", "ru"])
def test_wide_encodings_are_told_without_a_mark(codec: str, language: str) -> None:
    text = TEXTS.get(language, {"text": "The council opened a park."})["text"]
    for head in ("", '<meta charset="windows-1256">', '<meta charset="utf-16">'):
        source = page(text, head)
        for named in (None, "text/html; charset=utf-8", "text/html; charset=utf-16"):
            assert decode(source.encode(codec), named).text == source


def test_nuls_in_a_page_make_it_no_wide_encoding() -> None:
    source = page(ARABIC).replace(" ", "\0 ").replace("<p>", "\0\0<p>\0")
    assert decode(source.encode(), None).text == source
    assert decode(source.encode("cp1256"), "charset=windows-1256").text == source


@pytest.mark.parametrize(
    ("text", "codec", "named"),
    [
        (ARABIC, "utf-7", "utf-7"),
        (ARABIC, "utf-7", "UNICODE-1-1-UTF-7"),
        ("시의회는 공원을 연다고 발표했다.", "iso2022_kr", "iso-2022-kr"),
        ("市议会昨天宣布新公园开放。", "hz", "hz-gb-2312"),
    ],
)
def test_what_browsers_refuse_is_refused(text: str, codec: str, named: str) -> None:
    for head, header in (("", f"text/html; charset={named}"), (f'<meta charset="{named}">', None)):
        decoded = decode(page(text, head).encode(codec), header)
        assert (decoded.text, decoded.encoding, decoded.replacement_share) == ("\ufffd", REFUSED, 1.0)


def test_a_page_that_only_names_a_refused_encoding_is_read() -> None:
    for text in ("The council opened a park.", ARABIC):
        source = page(text, '<meta charset="hz-gb-2312">')
        assert decode(source.encode(), "text/html; charset=utf-7").text == source


# What is declared


def test_every_label_means_a_codec_that_python_has() -> None:
    for codec, labels in LABELS.items():
        for label in labels.split():
            assert codec_of(f" {label.upper()}\n") == codec
        assert codec == REFUSED or codecs.lookup(codec).name == codec


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("iso-8859-1", "cp1252"),
        ("us-ascii", "cp1252"),
        ("iso-8859-9", "cp1254"),
        ("iso-8859-8-i", "iso8859-8"),
        ("gb2312", "gb18030"),
        ("windows-949", "cp949"),
        ("x-sjis", "cp932"),
        ("x-mac-ukrainian", "mac-cyrillic"),
        ("iso8859_6", "iso8859-6"),
        ("replacement", REFUSED),
        ("utf-7", REFUSED),
        ("x-user-defined", None),
        ("hex", None),
        ("cp037", None),
        ('iso8859-2"', None),
        ("", None),
    ],
)
def test_a_label_means_what_it_means_to_browsers(name: str, codec: str | None) -> None:
    assert codec_of(name) == codec


@pytest.mark.parametrize(
    ("head", "codec"),
    [
        ("<meta charset=windows-1256>", "cp1256"),
        ("<META CHARSET = ' windows-1256 '>", "cp1256"),
        ("<meta http-equiv=content-type content='text/html; charset = \"windows-1256\"'>", "cp1256"),
        ('<meta content="text/html;charset=windows-1256" http-equiv="Content-Type" />', "cp1256"),
        ('<meta content="text/html;charset=windows-1256">', None),
        ('<meta name="a" content="charset=koi8-r"><meta charset="windows-1256">', "cp1256"),
        ('<meta charset="nonsense"><meta charset="windows-1256">', "cp1256"),
        ('<meta charset="utf-16be">', "utf-8"),
        ('<meta charset="windows-1256', None),
        ('<!-- <meta charset="koi8-r"> --><meta charset="windows-1256">', "cp1256"),
        ("<!--><meta charset=windows-1256>-->", "cp1256"),
        ('<a title="<meta charset=koi8-r>"><meta charset="windows-1256">', "cp1256"),
        ('<noscript><meta charset="windows-1256"></noscript>', "cp1256"),
        (f'{SCRIPT}<meta charset="windows-1256">', "cp1256"),
        (f"{SCRIPT}<script>'<meta charset=koi8-r>'</script><meta charset='windows-1256'>", "cp1256"),
        (f"<title>{'x' * 2_000}<meta charset=koi8-r></title>", None),
        ('<body><meta charset="windows-1256">', None),
        ("<metacharset=windows-1256>", None),
    ],
)
def test_a_page_declares_what_browsers_see(head: str, codec: str | None) -> None:
    assert declared(f"<!DOCTYPE html><html><head>{head}".encode(), None) == ((codec,) if codec else ())


def test_an_xml_declaration_counts_where_no_tag_does() -> None:
    xml = "<?xml version='1.0' encoding='windows-1256'?>"
    assert declared(f"{xml}<html>".encode(), None) == ("cp1256",)
    assert declared(f'{xml}<html><meta charset="koi8-r">'.encode(), None) == ("koi8-r",)
    assert declared(f"<html>{xml}".encode(), None) == ()


@pytest.mark.parametrize(
    "header",
    [
        "text/html; charset=windows-1256",
        'text/html;charset="Windows-1256"',
        "text/html; charset='windows-1256'",
        "text/html ; a=b; CharSet = windows-1256 ; c=d",
        "charset=windows-1256",
        "text/html; charset=nonsense, text/html; charset=utf-8",
    ],
)
def test_a_header_is_read_as_sloppily_as_it_is_written(header: str) -> None:
    expected = () if "nonsense" in header else ("cp1256",)
    assert declared(b"", header) == expected
    assert declared(b"<meta charset=koi8-r>", header) == (*expected, "koi8-r")


# Where Python reads less than browsers do


def test_circled_digits_and_the_euro_of_gbk_are_read() -> None:
    circled = page("②" + TEXTS["ja"]["text"])
    body = page("!" + TEXTS["ja"]["text"]).encode("euc_jp").replace(b"!", b"\xad\xa2")
    assert decode(body, "charset=euc-jp").text == circled
    euro = page("!" + TEXTS["zh"]["text"]).encode("gb18030").replace(b"!", b"\x80 ")
    assert decode(euro, "charset=gbk").text == page("€ " + TEXTS["zh"]["text"])


# Anything


_BYTES = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=100).flatmap(
        lambda text: st.sampled_from(["utf-8", "utf-16", "gb18030", "utf-7"]).map(
            lambda codec: text.encode(codec, "replace")
        )
    ),
    st.lists(
        st.sampled_from(
            [
                b"<",
                b">",
                b"\xff",
                b"\x80",
                b"\xd8\xa7",
                b"\0",
                b"\x1b$B",
                b"<meta charset=",
                b'"',
                b"'",
                b"\n",
            ]
        ),
        max_size=60,
    ).map(b"".join),
)
_HEADERS = st.one_of(
    st.none(),
    st.text(max_size=60),
    st.sampled_from([label for labels in LABELS.values() for label in labels.split()]).map(
        lambda label: f"text/html; charset={label}"
    ),
)


@settings(max_examples=400, deadline=None)
@given(_BYTES, _HEADERS)
def test_any_bytes_under_any_name_become_text(body: bytes, content_type: str | None) -> None:
    decoded = decode(body, content_type)
    assert 0 <= decoded.replacement_share <= 1
    assert (decoded.replacement_share > 0) <= ("\ufffd" in decoded.text)
    assert decode(body, content_type) == decoded


@pytest.mark.parametrize(
    "unit",
    [b"\xff", b"<\xff", b"\xad\xff", b"\xd8\n", b"<!--\xff", b"<!", b"<meta a='", b"\x1b$B", b"\x8e", b"<\0"],
)
def test_a_megabyte_of_nothing_but_trouble_is_read(unit: bytes) -> None:
    body = unit * (1_000_000 // len(unit))
    for named in ("euc-jp", "gbk", "utf-8"):
        decode(body, f"text/html; charset={named}")


# Through the cleaning


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.path)
def test_a_hostile_encoding_ends_as_it_must(case: Case) -> None:
    headers = tuple((name.lower(), value) for name, value in case.headers)
    result = clean(Page(f"http://news.test{case.path}", case.body, headers, FETCHED, "news", "test")).result
    if case.state is State.COMMITTED:
        assert isinstance(result, Article)
        assert result.text == case.text
    else:
        assert isinstance(result, Rejected)
        assert result.reason == case.reason
