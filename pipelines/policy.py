"""Every threshold of the cleaning in one frozen record, each with the reason for its value."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits and thresholds; units are in the names. Change one with `dataclasses.replace`."""

    # Input gate: none of 2,285 real pages is refused by these. The largest values seen (measured): 4.74 MiB,
    # 25,496 times "<", 71 attributes on a tag, 22,692 on a page.
    max_body_bytes: int = 5 * MIB
    # Less holds no document, whatever it says; the smallest real page has 207 bytes.
    min_body_bytes: int = 16
    max_tags: int = 50_000
    max_attributes: int = 512
    max_page_attributes: int = 100_000
    # libxml2 silently drops what is nested 253 deep and more. Of real pages the deepest has 56 levels, and
    # the gate's own guess is 54 at most.
    max_depth: int = 200
    # Above this share of U+FFFD the text is a guess and not a reading.
    max_replacement_share: float = 0.01

    # An element named like furniture ("related", "share", ...) that holds more than this share of the
    # page's text is the article's own wrapper under an unlucky name, and stays.
    max_furniture_share: float = 0.5
    # A block is the extractor's choice when this share of its letters was aligned with its output.
    min_vote_share: float = 0.6
    # A block with more of its letters inside links than this is a list of links, not prose.
    max_link_share: float = 0.6
    # A body with less than this share of the page's prose makes us read again without class names; the second
    # reading counts when it is this many times the first.
    min_prose_share: float = 0.5
    min_second_gain: float = 1.5
    max_prose_link_share: float = 0.3
    # Unvoted neighbours of body paragraphs are restored from this length on (letters).
    min_restored_letters: int = 40

    # The body's place on the page holds at least this share of the chosen letters.
    min_container_share: float = 0.75
    # A line that is the beginning or the end of a headline is one, from this length on and up to this ratio.
    min_headline_letters: int = 20
    max_headline_factor: float = 2.0
    # A body that the quality model expects to be read no better than this is sought by the extractor, too.
    min_sure_quality: float = 0.85
    # ... and so is that of a page of fewer blocks: it is small, and what its prose tells is little.
    min_prose_blocks: int = 40
    # Text the extractor took from outside the body's place is kept from this length on (letters).
    min_outside_letters: int = 120
    # Prose between headline and body that the extractor passed over is a lead from this length on.
    min_lead_letters: int = 80
    # The only text of a box around a picture is its caption up to this length (letters).
    max_caption_letters: int = 300
    # A phrase rule never cuts more than a teaser: a paragraph that begins "Read more ..." stays.
    max_phrase_block_letters: int = 220
    # What stands in one box below a heading that is boilerplate goes with it, up to this length.
    max_box_letters: int = 300
    # A dateline, byline or signature is no longer; this many datelines in a place are a chronicle's.
    max_dateline_letters: int = 80
    min_chronicle_dates: int = 3

    # What the rules keep stays from this score of the learned model on, what they passed over joins from
    # that: chosen under cross-validation by host, docs/measuring.md.
    min_score_to_stay: float = 0.4
    min_score_to_join: float = 0.55
    # ... rows of a table, which hold bylines where tables make the layout, from this one,
    min_score_of_row: float = 0.62
    # ... a heading before all that the rules keep, which may be the headline in other words, from this one,
    min_score_to_lead: float = 0.8
    # ... and what a rule had cut, from this one; a teaser, linked below "related", reads like an article.
    min_score_to_return: float = 0.75
    min_score_of_teaser: float = 0.88
    # The models were fitted on pages of real sites, which have this many blocks and more: of barer ones they
    # know nothing.
    min_model_blocks: int = 25
    # A page is refused when the learned models give it less than this chance to be an article. Out of fold
    # that costs no page of the sets of news; of all, five in 1,000: goods, threads, home pages.
    min_article_score: float = 0.034

    # Site memory. A block is the site's when different stories have it: this many at least, and ...
    memory_min_pages: int = 3
    # ... in a place of its own (beside the body, at its edge) this share of those that have the place at all;
    memory_min_share: float = 0.3
    # ... a short line at an edge of the body, or a steady box within, this share of all;
    memory_even_share: float = 0.5
    # ... anything else nearly all. Then four agree by chance only where they tell one story,
    memory_most_share: float = 0.9
    memory_min_stories: int = 4
    # and what stands anywhere in the prose needs many to tell it from a statement that is quoted for days.
    memory_many_stories: int = 10
    # A place is the articles' own when this share of its letters differs from page to page.
    memory_prose_share: float = 0.5
    # A block has a steady place when this share of its pages have it there.
    memory_steady_share: float = 0.8
    # No sentence of news, when it stands at an edge of the body (letters).
    memory_short_letters: int = 60
    # A byline or kicker, when it stands there: a site has several, each on this share of its articles.
    memory_label_letters: int = 30
    memory_label_share: float = 0.2
    # Blocks this short are the same whatever number they show (letters).
    memory_counter_letters: int = 60
    # Articles that share this many paragraphs tell one story.
    memory_story_paragraphs: int = 2
    # The learnt road: open from so many judged pages of a template on; ...
    learnt_min_pages: int = 3
    # ... a place has a fate when so many blocks stood there and this share of them became the same;
    learnt_min_blocks: int = 2
    learnt_steady_share: float = 0.95
    # ... paragraphs outside the body may have so many times the characters they had at most, and some more.
    learnt_most_beside: float = 1.5
    learnt_beside_chars: int = 500
    # Of so many pages one is read on the general road whatever is known: drift shows there.
    learnt_audit: int = 16
    # Bounds: pages remembered of a template and of a site, pages looked at together, blocks of a page.
    memory_template_pages: int = 32
    memory_site_pages: int = 160
    memory_recent_pages: int = 32
    memory_max_page_blocks: int = 300
    # A new site's first pages wait until so many were seen, or until those of all sites take this much.
    memory_hold_pages: int = 10
    memory_hold_bytes: int = 32 * MIB

    # Two sentences of Hebrew are an article; a menu is not. Letters, not characters.
    min_body_letters: int = 70
    # A page without a body is read as browsers show it that run no scripts, when they are told so much.
    min_unscripted_chars: int = 400
    # Pages that say "not found", "log in" or "enable JavaScript" are only believed when their body is
    # shorter than this: an article may quote such words.
    max_wall_letters: int = 600
    max_wall_chars: int = 20_000
    # What declares itself a listing or looks like one is refused below this chance to be an article.
    max_listing_score: float = 0.5
    # A topic page: many blocks, and this share of their letters led elsewhere.
    max_listing_link_share: float = 0.5
    # A page of linked headlines with teasers lists articles and is none.
    min_listing_headings: int = 3
    min_listing_heading_share: float = 0.25
    # ... unless so many letters of prose stand under each of the headlines.
    max_listing_letters: int = 250
    # A page of search results: most blocks stand under a line of links in one box with it.
    min_teaser_share: float = 0.7
    # Hidden prose of this length is folded up, not switched off: answers, tabs, the rest of a paywalled text.
    min_folded_chars: int = 200

    # langdetect costs 2.5 ms on 1,000 characters and 11 ms on a whole article, with the same answer.
    language_sample_chars: int = 1_000
    # Absurd headlines and names come from broken mark-up; Arrow and readers need bounds.
    max_title_chars: int = 1_000
    max_author_chars: int = 200
    max_text_chars: int = MIB

    # Near-duplicates. Less has too few shingles to compare (letters; an ideograph is three); of a longer text
    # the beginning counts. Longest of 14,848 articles of Arabic papers: 33,687 characters.
    near_min_letters: int = 100
    near_max_chars: int = 50_000
    # Texts of one length are near when this share of the shingles is the same. Of real pairs with 0.5 one in
    # four were a form filled in twice. 0.6 finds 1 % more of our pairs, and puts the weather of four days and
    # half as many telegrams again into one cluster.
    near_min_containment: float = 0.65
    # The shorter one is, the more of it must stand in the longer (this much more, times the missing part):
    # who cuts does not rewrite. Without it and the next, 71 stories of one prince's meetings hang together.
    near_containment_slope: float = 0.3
    # A story that is less than this part of a round-up is no copy of it,
    near_min_part: float = 0.4
    # and a share of fewer shingles than this is a guess.
    near_min_common: int = 8
    # Of what has a key in common so many are compared; wire copy is printed within days.
    near_bucket: int = 32
    near_window_days: int = 30
    # In the index at most; some 150 MB. An archive may bring more than weeks of a crawl do.
    near_max_rows: int = 250_000

    # Cleaning stored pages again is published unasked while it takes no more than these shares of the letters
    # and of the rows of each site. Measured on 121 articles of 11 sites stored without them: the rules
    # for phrases of seven languages take 0.4 % of the letters (1.8 % on the worst site), memory 0.02 %
    # (0.16 %), neither a row.
    max_letters_lost: float = 0.01
    max_rows_lost: float = 0.005

    # Rules that a site file turns off, by name or by the beginning of one up to a dot ("phrase.ar").
    rules_off: frozenset[str] = frozenset()

    def applies(self, rule: str) -> bool:
        """Whether the rule of this name cuts."""
        return not self.rules_off or not is_off(rule, self.rules_off)


def is_off(rule: str, rules_off: frozenset[str]) -> bool:
    """Whether `rules_off` holds the rule or a family it belongs to.

    >>> off = frozenset({"phrase.ar"})
    >>> is_off("phrase.ar.share.line.1", off), is_off("phrase.arz.share.line.1", off)
    (True, False)
    """
    parts = rule.split(".")
    return any(".".join(parts[:end]) in rules_off for end in range(1, len(parts) + 1))


DEFAULT_POLICY = Policy()
