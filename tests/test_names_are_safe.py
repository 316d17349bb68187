"""Names that come from data make files and folders: each is one plain component, or refused in one line."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import UserError
from crawler.newsite.naming import name_of
from crawler.newsite.writing import checked_name, target
from crawler.sites import Site, load_site
from pipelines.store.errors import StoreError
from pipelines.store.output import state_folder
from pipelines.urls import BadUrl, checked_url
from pipelines.urls.site_names import is_site_name, site_name
from tests.crawling import rows, scrapy
from tests.helpers_hosts import Answer, Answers, Hosts
from tests.hostile.injection import article

PATIENT, HANGING = "127.0.7.4", "127.0.7.5"
BAD = [
    "../../x", "..", ".", "", "a/b", "a\\b", "/etc/passwd", "a\x00b", "a\n", "x" * 65, "x" * 300, "CON",
    "con", "con.txt", "nul", "com1", "lpt9.toml", "aux", "site=a/date=b", "a=b", "a b", "الميناء", "é",
    "a\u202eb", "a%2fb",
    "-a", ".a", "_a", "~", "a:b", "a*", "a\x1b[2J", "${HOME}", "a;rm -rf", "\ud800", "ａ",
]  # fmt: skip
names = st.one_of(st.text(max_size=400), st.sampled_from(BAD), st.from_regex(r"[a-z0-9._/=-]{1,80}"))
hosts = st.from_regex(r"[a-zA-Z0-9._-]{1,90}(\.[a-z]{2,8})?", fullmatch=True)


def is_component(name: str) -> bool:
    """Whether a path of it stays in its folder, on any system."""
    return (
        Path(name).name == name
        and PureWindowsPath(name).name == name
        and not PureWindowsPath(name).is_reserved()
        and name not in (".", "..")
        and name.isascii()
        and name.isprintable()
        and 0 < len(name) <= 64
    )


def refused(name: str, folder: Path) -> bool:
    """Whether a site file with this name is refused, in one line."""
    path = folder / "site.toml"
    quoted = "".join(f"\\U{ord(char):08x}" for char in name)
    path.write_text(f'name = "{quoted}"\nstart = "https://example.org/"\n', "ascii")
    try:
        assert load_site(path).name == name
    except UserError as error:
        said = str(error)
        assert said.startswith(f"{path}: ")
        assert "\n" not in said
        assert len(said) < 400
        return True
    return False


@pytest.mark.parametrize("name", BAD)
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    assert not is_site_name(name)
    assert refused(name, tmp_path)
    with pytest.raises(UserError, match=r"^--name ") as caught:
        checked_name(name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@settings(deadline=None)
@given(names)
def test_any_name_is_refused_or_one_component_of_a_path(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    assert refused(name, folder) is not is_site_name(name)
    if is_site_name(name):
        assert is_component(name)
        place = target(folder / "none", name, force=True)
        assert place.parent == folder / "none"


@settings(deadline=None)
@given(st.one_of(hosts, st.text(min_size=1, max_size=90)), st.text(max_size=40))
def test_every_address_gives_a_name_that_is_one(host: str, path: str) -> None:
    try:
        url = checked_url(f"http://{host}/{path}")
    except BadUrl:
        return
    for name in (site_name(url), name_of(url)):
        assert is_site_name(name), (url, name)
        assert is_component(name)
        assert Site(name=name, start=url).name == name


@settings(deadline=None)
@given(hosts, hosts)
def test_two_hosts_have_two_names(one: str, other: str) -> None:
    bare = [host.lower().removeprefix("www.") for host in (one, other)]
    found = {site_name(f"http://{host}/") for host in bare}
    assert len(found) == len({host.removeprefix("www.") for host in bare})


@settings(deadline=None)
@given(
    st.from_regex(
        r"s3://[a-z0-9][a-z0-9.-]{2,20}/[a-zA-Z0-9._=-]{1,30}(/[a-zA-Z0-9._=-]{1,30}){0,3}", fullmatch=True
    )
)
def test_the_state_of_a_store_stays_below_the_outputs_folder(place: str) -> None:
    try:
        folder = state_folder(place)
    except StoreError:  # a place that is none
        return
    assert folder.parent == Path("output/.state")
    assert is_component(folder.name[-64:])


# -- site files of others


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "9" * 6_000,
        "x = 0x" + "f" * 9_000,
        "x = 1e999999",
        "x = " + "[" * 20_000,
        "x = " + "{a=" * 15_000,
        ".".join("a" * 30_000) + " = 1",
        "[" + ".".join("a" * 30_000) + "]",
        "x = 2026-13-45",
        "x = 99:99:99",
        'x = "\\ud800"',
        "x = !!python/object/apply:os.system ['id']",
        'name = "a"\nstart = "https://x.test/"\ndeny = ["' + "(" * 30_000 + '"]',
        'name = "a"\nstart = "https://x.test/"\n"\\u001b[2J\\nforged" = 1',
        "\x00",
    ],
)
def test_a_site_file_of_a_stranger_ends_in_one_line(text: str, tmp_path: Path) -> None:
    (path := tmp_path / "a.toml").write_text(text, "utf-8")
    with pytest.raises(UserError) as caught:
        load_site(path)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    assert "\n" not in said
    assert "\x1b" not in said
    assert len(said) < 1_000


@settings(deadline=None)
@given(st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_any_file_is_a_site_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "replace"))
    with pytest.raises(UserError):
        load_site(path)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["name", "start", "feeds", "allow", "expect", "x", "a\x1b"]), st.text(max_size=60)
    )
)
def test_any_text_in_a_key_is_taken_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, keys: dict[str, str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "keys.toml"
    lines = [
        f'{key} = "' + "".join(f"\\U{ord(char):08x}" for char in value) + '"' for key, value in keys.items()
    ]
    path.write_text("\n".join(lines), "ascii")
    with pytest.raises(UserError) as caught:  # `feeds` and the others are no text, and "x" is no key
        load_site(path)
    assert "\n" not in str(caught.value)


def test_a_pattern_that_hangs_costs_a_worker_and_its_site_and_no_other(tmp_path: Path) -> None:
    told = {PATIENT: 321, HANGING: 322}

    def site(address: str) -> Answers:
        listed = f'<h2><a href="/news/{"a" * 40}!">A story of the quay and the ferry</a></h2>'
        pages = {"/": listed.encode(), f"/news/{'a' * 40}!": article(told[address]).encode()}
        return lambda path: Answer(body=pages[path]) if path in pages else Answer(404)

    with Hosts({address: site(address) for address in told}) as hosts:
        for address, name, pattern in ((PATIENT, "patient", "^/tag/"), (HANGING, "hanging", "^/news/(a+)+$")):
            text = f'name = "{name}"\nstart = "{hosts.url(address, "/")}"\ndeny = ["{pattern}"]\n'
            (tmp_path / f"{name}.toml").write_text(text, "utf-8")
        done = scrapy(
            *("crawl", "news", "-a", f"sites={tmp_path}", "-s", f"NEWS_OUTPUT={tmp_path / 'output'}"),
            *("-s", f"NEWS_ALLOW_PRIVATE={hosts.allowed}", "-s", "DOWNLOAD_DELAY=0", "-L", "WARNING"),
            *("-s", "NEWS_WORKERS=2", "-s", "NEWS_PAGE_SECONDS=5"),
        )
        asked = hosts.asked(HANGING)
    assert done.code == 5, done.err
    assert "site hanging: 'allow' and 'deny' of its file cannot be matched (extract_timeout" in done.err
    assert "hanging: nothing found" in done.out
    assert [row["site"] for row in rows(tmp_path / "output", "articles")] == ["patient"]
    assert "/news/" not in "".join(asked)
