"""Exact fingerprints: the hash of a text and the identity of a row."""

from __future__ import annotations

import hashlib
import unicodedata


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def text_hash(text: str) -> str:
    """Hash of `text` with white space folded and compatibility forms unified; 32 hex digits."""
    return _digest(" ".join(unicodedata.normalize("NFKC", text).split()))


def article_id(url_canonical: str, hash_of_text: str) -> str:
    """Identity of an article version; 32 hex digits."""
    return _digest(f"{url_canonical}\n{hash_of_text}")
