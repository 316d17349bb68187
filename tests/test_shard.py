"""Which sites a shard has: each site is in one, all of a domain in the same, in every process."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.errors import UserError
from crawler.shard import given_shard
from crawler.spiders.news import NewsSpider
from crawler.spiders.urls import UrlsSpider
from pipelines.shard import MOST, Shard, new_run_id, shard_in, shards
from pipelines.store.place import state_folder
from pipelines.store.warc_files import run_of
from pipelines.urls import registered_domain
from tests.helpers_store import NOW

NUMBERS = st.integers(1, 64)


@given(st.text(max_size=80), NUMBERS)
def test_every_domain_is_in_exactly_one_shard(domain: str, of: int) -> None:
    assert [each.has(domain) for each in shards(of)].count(True) == 1


def test_domains_are_spread_evenly() -> None:
    domains = [f"paper-{number}.example" for number in range(8_000)]
    sizes = [sum(map(shard.has, domains)) for shard in shards(8)]
    assert sum(sizes) == 8_000
    assert 900 < min(sizes) <= max(sizes) < 1_100


def test_the_shard_of_a_domain_is_the_same_for_ever() -> None:
    """Another hash would have every site of a running installation crawled and published again."""
    known = {"aawsat.com": 3, "bbc.com": 3, "ynet.co.il": 2, "127.0.0.1": 5, "xn--mgbh0fb": 2}
    found = {name: next(each.number for each in shards(8) if each.has(name)) for name in known}
    assert found == known


@pytest.mark.parametrize(
    "url", ["https://news.paper.co.uk/a", "http://PAPER.co.uk:8080", "https://paper.co.uk./", "https://www.paper.co.uk/"]
)  # fmt: skip
def test_all_hosts_of_a_publisher_have_one_domain(url: str) -> None:
    assert registered_domain(url) == "paper.co.uk"


@given(NUMBERS, NUMBERS)
def test_what_is_written_is_read_again(one: int, other: int) -> None:
    shard = Shard(min(one, other), max(one, other))
    assert Shard.parse(str(shard)) == shard
    assert shard_in(shard.new_writer()) == shard
    run_id = new_run_id(NOW, shard)
    assert shard_in(run_id) == shard
    assert shard_in(run_of(f"khabar-{run_id}-00000.warc.gz") or "") == shard
    assert shard_in(new_run_id(NOW)) is None


BAD = ["9/8", "0/8", "a/b", "2/", "/8", "2", "", "2/8/3", "-1/8", "1.0/2", "02/8", "2/08", " 2/8", "٢/٨",
       "1/0", f"1/{MOST + 1}", "2-8", "9" * 9_000]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_shard_is_refused_with_the_mend(text: str) -> None:
    with pytest.raises(
        UserError, match=r"argument shard: .* is no shard: it must be i/n.* such as 2/8"
    ) as found:
        given_shard({"shard": text})
    assert len(str(found.value)) < 200


def test_the_shards_of_site_files_are_all_of_them_and_share_none(tmp_path: Path) -> None:
    for number in range(20):
        text = f'name = "site-{number}"\nstart = "https://www.site-{number}.test/"\n'
        (tmp_path / f"{number}.toml").write_text(text, encoding="utf-8")
    whole = [site.name for site in NewsSpider.plan({"sites": str(tmp_path)}).sites]
    jobs = [NewsSpider.plan({"sites": str(tmp_path), "shard": f"{n}/3"}) for n in (1, 2, 3)]
    assert sorted(site.name for job in jobs for site in job.sites) == whole
    assert [NewsSpider.part(job) for job in jobs] == [(len(job.sites), 20) for job in jobs]
    assert all(job.sites for job in jobs)


def test_a_list_of_urls_is_split_by_their_domains(tmp_path: Path) -> None:
    urls = [f"https://{host}.site-{number}.test/1" for number in range(9) for host in ("www", "news")]
    (tmp_path / "urls.txt").write_text("\n".join(urls), encoding="utf-8")
    jobs = [UrlsSpider.plan({"file": str(tmp_path / "urls.txt"), "shard": f"{n}/3"}) for n in (1, 2, 3)]
    found = [[link.url for links in job.links.values() for link in links] for job in jobs]
    assert sorted(url for each in found for url in each) == sorted(urls)
    assert {sum(UrlsSpider.part(job)[1:]) for job in jobs} == {18}


def test_each_shard_has_a_folder_of_its_own_wherever_the_output_is() -> None:
    two = Shard(2, 8)
    assert state_folder("output", shard=two) == Path("output/.state/shard-2-of-8")
    assert state_folder("output", "elsewhere/ledger", two) == Path("output/.state/shard-2-of-8")
    assert state_folder("s3://news/x", "elsewhere/ledger", two) == Path("elsewhere/shard-2-of-8")
    assert state_folder("s3://news/x", shard=two).parent == state_folder("s3://news/x")
