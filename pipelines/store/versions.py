"""Which row an article page makes: the first version, a new one, or none because it is stored already."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from pipelines.normalize import letters
from pipelines.records import Article, ChangeKind
from pipelines.similarity.fingerprint import article_id, text_hash
from pipelines.urls import article_key


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """The last stored version of an article and where the bytes of its page are."""

    article_id: str
    version: int
    text_hash: str
    title: str | None
    key: str | None
    warc_file: str | None
    warc_offset: int | None

    def shows(self, article: Article) -> bool:
        """Whether `article` says the same under the same headline."""
        return self.text_hash == article.text_hash and self.title in (None, folded_title(article.title))


_COLUMNS = "article_id, version, text_hash, title, key, warc_file, warc_offset"


def last_version(db: sqlite3.Connection, url_canonical: str) -> StoredVersion | None:
    """The newest version of the article, or None when none is stored."""
    query = f"SELECT {_COLUMNS} FROM article_versions WHERE article = ? ORDER BY version DESC LIMIT 1"  # noqa: S608  constants only
    row = db.execute(query, (article_key(url_canonical),)).fetchone()
    return StoredVersion(*row) if row else None


def next_version(db: sqlite3.Connection, key: str, article: Article) -> Article | None:
    """`article` as the row it makes, noted as a version; None when it makes none.

    `key` is the URL asked for. Another URL of a stored article adds nothing, whatever its template shows: the
    article's own URL is looked at again. Runs inside the transaction that spools the row.
    """
    last = last_version(db, article.url_canonical)
    if last is None:
        if stored_copy(db, article) is not None:
            return None
    else:
        kind = article.change_kind or ChangeKind.TEXT
        if last.key not in (None, key) or _is_known(db, article, kind):
            return None
        article = replace(
            article,
            id=_row_id(article, kind),
            version=last.version + 1,
            previous_id=last.article_id,
            change_kind=kind,
        )
    _note(db, key, article)
    return article


def recleaned_version(db: sqlite3.Connection, article: Article, last: StoredVersion) -> Article:
    """The version after `last`, whose page a later cleaning reads as `article`; noted as a version.

    The article stays the one it was, whatever the page is now read to say of its address.
    """
    article = replace(
        article,
        id=recleaned_id(db, article, last.article_id),
        version=last.version + 1,
        previous_id=last.article_id,
        change_kind=ChangeKind.RECLEANED,
    )
    _note(db, last.key, article)
    return article


def recleaned_id(db: sqlite3.Connection, article: Article, previous_id: str) -> str:
    """Id of the version after `previous_id`; where a version has the same text, that one tells them apart."""
    plain = article_id(article.url_canonical, article.text_hash)
    taken = "SELECT 1 FROM article_versions WHERE article = ? AND article_id = ?"
    if db.execute(taken, (article_key(article.url_canonical), plain)).fetchone() is None:
        return plain
    return article_id(article.url_canonical, f"{article.text_hash}\n{previous_id}")


def stored_copy(db: sqlite3.Connection, article: Article) -> str | None:
    """Id of the stored article that says the same under the same headline at another address of the host."""
    query = "SELECT article_id FROM article_versions WHERE copy = ? ORDER BY article, version LIMIT 1"
    copy = _copy(article)
    row = db.execute(query, (copy,)).fetchone() if copy is not None else None
    return row["article_id"] if row else None


def folded_title(title: str | None) -> str:
    """The headline's letters: case, accents and punctuation are no other headline."""
    return letters(title or "")


def copy_hash(site: str, article: str, digest: str, title: str) -> str | None:
    """What the same text under the same headline has in common at all addresses of a host.

    `article` is the key of its canonical URL, `digest` the hash of its text, `title` the headline folded;
    without a headline there is none.
    """
    if not title:
        return None
    return text_hash("\n".join((site, urlsplit(article).netloc, digest, title)))


def _is_known(db: sqlite3.Connection, article: Article, kind: str) -> bool:
    """Whether a version before said the same; a headline alone is told apart only where it is the change."""
    query = (
        "SELECT 1 FROM article_versions WHERE article = ? AND text_hash = ? AND (NOT ? OR title = ?) LIMIT 1"
    )
    values = (article_key(article.url_canonical), article.text_hash)
    told = (kind == ChangeKind.HEADLINE, folded_title(article.title))
    return db.execute(query, (*values, *told)).fetchone() is not None


def _note(db: sqlite3.Connection, key: str | None, article: Article) -> None:
    db.execute(
        "INSERT INTO article_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (article_key(article.url_canonical), article.version, article.id, article.text_hash,
         folded_title(article.title), _copy(article), key, article.warc_file, article.warc_offset),
    )  # fmt: skip


def _row_id(article: Article, kind: str) -> str:
    """Of a new headline over the same text the headline is part of the identity, too."""
    if kind == ChangeKind.HEADLINE:
        return headline_id(article.url_canonical, article.text_hash, folded_title(article.title))
    return article.id


def headline_id(url_canonical: str, digest: str, title: str) -> str:
    """The id of a version that has another headline (folded) over the same text."""
    return article_id(url_canonical, f"{digest}\n{title}")


def _copy(article: Article) -> str | None:
    key = article_key(article.url_canonical)
    return copy_hash(article.site, key, article.text_hash, folded_title(article.title))
