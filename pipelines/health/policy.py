"""Every threshold of the alarms in one frozen record, each with the reason for its value."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class HealthPolicy:
    """When a run counts as out of the ordinary; `python -m benchmarks.health` measures what that costs.

    Its figures are in docs/alarms.md: false alarms of healthy sites a year, and runs until a decay is seen.
    """

    # History that counts: five of each weekday. With less than the rest of these nothing is judged.
    history_days: int = 35
    min_runs: int = 5
    min_articles: int = 30
    # An alarm that nobody answered is the new normal after so long.
    accept_days: int = 30

    # Pages looked at together: those of a run, or of the latest runs when it has fewer. Six of six are enough
    # for a share that hardly moves, and a site of ten a run has seldom less; shares that do move take more.
    portions: tuple[int, ...] = (6, 24)
    # Lengths differ more than anything else: so many texts tell of all.
    text_portions: tuple[int, ...] = (10, 24)
    # Runs that may be looked at together go no further back.
    max_batch_days: float = 14.0
    # Batches of earlier runs that say how shares move from run to run.
    min_batches: int = 3
    # A healthy site shows what it shows with this chance at most, or it is no sign. Some 15 shares are looked
    # at in each run.
    share_chance: float = 1e-5
    # What a share must have moved to matter, and what may be left of it: on a day of videos half of the
    # articles have no author, and their texts are short.
    share_change: float = 0.5
    share_left: float = 0.15
    # Fields that fewer articles had are not missed.
    min_filled: float = 0.8
    # Spread of shares between runs that is assumed before it is known (as the correlation of two pages of one
    # run), and how many batches that assumption is worth.
    share_spread: float = 0.05
    prior_batches: float = 3.0

    # The same for lengths of texts, in octaves, and for what is removed of pages, in logits: distance from
    # the usual in standard deviations, the least that matters, and the spread assumed.
    min_deviations: float = 6.0
    length_change: float = 1.0
    length_spread: float = 0.25
    removed_change: float = 2.0
    removed_spread: float = 0.4
    # Pages of which hardly anything was cut cannot lose their furniture; octaves that texts grow by at least.
    min_removed: float = 0.05
    min_growth: float = 0.2
    growth_deviations: float = 3.0

    # Silence: articles of a day, or of as many days as it takes to be this sure. Days that are shorter are
    # taken together; jitter of a daily run is no shorter day.
    silence_chance: float = 3e-4
    # Far too little is seldom the end of a site: it takes more to believe.
    little_chance: float = 1e-6
    silence_hours: float = 22.0
    max_silence_days: int = 21
    # What is left of the usual is more than this: no silence.
    max_left: float = 0.25
    # ... and so is what is more than this share of the least that such a time brought before.
    max_of_least: float = 0.5
    # Variance of a day's count beyond Poisson's, as a share of the squared mean, assumed before it is known,
    # and how many days that assumption is worth. Of eleven Arabic papers over six days: 0 to 0.09.
    day_spread: float = 0.03
    prior_days: float = 4.0
    # Older than this when it is fetched, and an article is no news (hours, an edge of `LAG_EDGES`).
    old_hours: int = 168

    def to_recover(self) -> HealthPolicy:
        """What an open alarm is judged by: half a change, with less certainty, is still one.

        Only the latest pages are looked at: those before them were under the alarm.
        """
        return replace(
            self,
            portions=self.portions[:1],
            text_portions=self.text_portions[:1],
            share_chance=1e-2,
            share_change=self.share_change / 2,
            share_left=4 * self.share_left,
            min_deviations=self.min_deviations / 2,
            length_change=self.length_change / 2,
            removed_change=self.removed_change / 2,
            silence_chance=1e-2,
            little_chance=1e-2,
            max_left=2 * self.max_left,
            max_of_least=1.0,
        )


DEFAULT_HEALTH_POLICY = HealthPolicy()
