"""The soak: kill, look, go on; in the end everything is there, once, whole, and was fetched once."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from math import ceil
from pathlib import Path

from tests.soak.account import Account
from tests.soak.inspection import DONE, Output, end_rests, states, unended
from tests.soak.kills import Ended, Kill, Killer, kills, victim
from tests.soak.site import Site
from tests.soak.steps import STEPS

OUTLETS = 24
# Commands that judge the output by themselves; those that exist are asked at the end.
_JUDGES = ("reconcile", "verify")
# Runs in a row that end before their kill comes.
_MOST_MISSES = 40
# Crawls that publish a file each, so that there is something to merge.
_ROUNDS = 3
_SETTINGS = {
    "DOWNLOAD_DELAY": "0",
    "CONCURRENT_REQUESTS_PER_DOMAIN": "4",
    "LOG_LEVEL": "WARNING",
    "NEWS_CONTACT": "https://khabar.invalid/soak",
    "NEWS_RECHECK": "never",
    "NEWS_WORKERS": "2",
}


def sites_folder(site: Site, folder: Path) -> Path:
    """Site files of the outlets opened so far."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, origin in site.opened():
        text = f'name = "{name}"\nstart = "{origin}/"\nlanguage = "ar"\n'
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def due(wanted: int, done: int, articles: int, released: int) -> int:
    """How many articles to release before the next kill, so that they last as long as the kills do."""
    target = ceil(articles * (done + 1) / wanted)
    least = max(1, articles // (3 * wanted))  # a run that has nothing to do does not come to its kill
    return min(max(target - released, least), articles - released)


class Soak:
    """`wanted` kills over `articles` articles, everything below `folder`."""

    def __init__(
        self, folder: Path, wanted: int, articles: int, seed: int, say: Callable[[str], None] = print
    ) -> None:
        self._folder, self._wanted, self._articles = folder, wanted, articles
        self._kills, self._say = kills(seed), say
        self.output = folder / "output"
        self.found = Output(self.output)
        self.done: set[str] = set()  # URLs that were FETCHED, or further, at an inspection
        self.account = Account()

    def run(self) -> Account:
        """All of it; ends early where an invariant is seen to be broken."""
        with Site(self._folder / "site", OUTLETS) as site:
            self.start(site)
            self._kill_all()
            if not self.account.broken():
                self._finish()
        return self.account

    def start(self, site: Site) -> None:
        """Crawls from now on are of this site."""
        self.site = site
        self._killer = Killer(site, self._folder / "runs.log")

    def crawl(self, kill: Kill | None = None) -> Ended:
        """One crawl, and a look at what it left."""
        ended = self._killer.run(victim(self._crawl(), kill, 0), kill)
        self.inspect()
        return ended

    # -- kills

    def _kill_all(self) -> None:
        misses = 0
        kill = next(self._kills)
        while self.account.kills.total() < self._wanted and not self.account.broken():
            done = self.account.kills.total()
            ended = self._cycle(kill)
            if ended.killed:
                self._note(kill, done + 1, ended)
                kill, misses = next(self._kills), 0
                continue
            misses += 1
            self.account.ended_first += 1
            if ended.code != 0:
                self.account.failures.append(f"a run that was not killed exited with {ended.code}")
            # A moment that passed is not tried again; a step is, at its first call.
            kill = Kill(0.0, kill.step, kill.when) if kill.step else next(self._kills)
            if misses > _MOST_MISSES:
                self.account.failures.append(f"runs never come to the kill {kill}")

    def _cycle(self, kill: Kill) -> Ended:
        """Release some articles, run, kill, look."""
        step = STEPS[kill.step] if kill.step else None
        # Never nothing: a run with nothing to do does not come to its kill, however often it is tried.
        count = due(self._wanted, self.account.kills.total(), self._articles, self.site.released) or 1
        is_full = self.site.newest_is_full(self._articles)
        self.site.release(count, in_new_outlet=is_full or (step is not None and step.in_new_outlet))
        command = self._crawl()
        if step is not None and step.command != "crawl":
            self._publish_files()
            command = self._judge(step.command)
        ended = self._killer.run(victim(command, kill, count), kill)
        self.account.seconds.append(ended.seconds)
        self.inspect()
        return ended

    def _publish_files(self) -> None:
        """Undisturbed crawls, until there are files that can be merged."""
        for _ in range(_ROUNDS):
            ended = self.crawl()
            if ended.code != 0:
                self.account.failures.append(f"a run that was not killed exited with {ended.code}")
            if len(list(self.output.glob("articles/*/*.parquet"))) > 1:
                return
            self.site.release(1)

    def _crawl(self) -> list[str]:
        allowed = ",".join(origin.removeprefix("http://") for _, origin in self.site.opened())
        sites = sites_folder(self.site, self._folder / "sites")
        settings = _SETTINGS | {"NEWS_OUTPUT": str(self.output), "NEWS_ALLOW_PRIVATE": allowed}
        given = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
        return ["crawl", "news", "-a", f"sites={sites}", *given]

    def _judge(self, command: str) -> list[str]:
        return [command, "-s", f"NEWS_OUTPUT={self.output}"]

    def _note(self, kill: Kill, number: int, ended: Ended) -> None:
        self.account.note(kill)
        stored = len(self.found.texts())
        self._say(
            f"kill {number:3}/{self._wanted}: {kill!s:48} {ended.seconds:5.1f} s, "
            f"{self.site.released} articles out, {len(self.done)} pages fetched, {stored} rows"
        )

    # -- looking

    def inspect(self) -> None:
        """The output as readers find it now, what was asked for since the last look; then days go by."""
        account = self.account
        account.refetched += [
            f"{url} was asked for again" for url in self.site.requests() if url in self.done
        ]
        self.done |= {url for url, state in states(self.output).items() if state in DONE}
        self.found.look()
        account.unreadable = self.found.unreadable
        account.duplicates = self.found.duplicates()
        end_rests(self.output)

    def _finish(self) -> None:
        """Two runs that nobody disturbs: the first ends everything, the second finds nothing to do."""
        self.site.release(max(self._articles - self.site.released, 0))
        for _ in range(2):
            ended = self.crawl()
            if ended.code != 0:
                self.account.failures.append(f"the undisturbed run exited with {ended.code}")
        self._settle()
        for command in _JUDGES:
            if find_spec(f"crawler.commands.{command}") is None:
                continue
            if (ended := self._killer.run(victim(self._judge(command), None, 0))).code != 0:
                self.account.failures.append(f"scrapy {command} exited with {ended.code}")
        self.account.failures += [f"{path} is left over" for path in self.output.rglob("*.tmp")]
        self.account.failures += [f"the step {step} was never reached" for step in self.never_reached()]

    def _settle(self) -> None:
        """Hold what is there against what the site released."""
        self.found.forget()
        self.found.look()
        judge(self.account, self.found, self.site.articles(), self.site.decoys(), states(self.output))

    def never_reached(self) -> list[str]:
        """Steps that no kill came at, where there were kills enough for all."""
        enough = self._wanted >= 5 * len(
            STEPS
        )  # each is twice in a deck, and a third of the kills are in none
        return [step for step in STEPS if not self.account.kills[step]] if enough else []


def judge(
    account: Account, found: Output, articles: dict[str, str], decoys: set[str], known: dict[str, str]
) -> None:
    """Fill the account: every article in one row with its own text, every URL at its end."""
    stored = dict(found.texts())
    account.articles = len(articles)
    account.unreadable, account.duplicates = found.unreadable, found.duplicates()
    account.missing = [f"{url} ({known.get(url, 'unknown')})" for url in articles if url not in stored]
    account.missing += [f"{url} in rejected" for url in sorted(decoys - found.rejected())]
    account.altered = [url for url, text in stored.items() if articles.get(url) != text]
    account.unended = unended(known) + [f"{url} is unknown" for url in {*articles, *decoys} - known.keys()]
