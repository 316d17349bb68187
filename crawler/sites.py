"""Site files: one TOML per publisher, checked before anything is fetched."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from crawler.errors import UserError
from pipelines.body.rules import checked_rule
from pipelines.urls import given_url
from pipelines.urls.site_names import NAME_RULE, is_site_name

# Folder of site files where no other is named.
SITES = "sites"
_MAX_FILE_BYTES = 64 * 1024


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return value


def _name(value: str) -> str:
    if not is_site_name(value):
        raise ValueError(f"{value[:80]!r} is no name: {NAME_RULE}")
    return value


def _timezone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f"{value!r} is no time zone of the IANA database (such as 'Asia/Aden')")
    return value


_KINDS = {
    "tuple_type": "must be a list",
    "model_type": "must be a table",
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "date_type": "must be a date without quotes, such as 2026-11-20",
}
Url = Annotated[str, AfterValidator(given_url)]
Name = Annotated[str, AfterValidator(_name)]
Pattern = Annotated[str, AfterValidator(_pattern)]
RuleName = Annotated[str, AfterValidator(checked_rule)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]


@dataclass(frozen=True, slots=True)
class PathRules:
    """The patterns `allow` and `deny` of a site file.

    A pattern can take for ever (`(a+)+$`) on a path that a stranger chose: they are matched in workers.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.allow or self.deny)

    def admits(self, path: str) -> bool:
        """Whether an article may stand at this URL path."""
        if any(re.search(pattern, path) for pattern in self.deny):
            return False
        return not self.allow or any(re.search(pattern, path) for pattern in self.allow)

    def admitted(self, urls: Sequence[str]) -> list[bool]:
        """For each URL whether an article may stand there."""
        return [self.admits(urlsplit(url).path) for url in urls]


class Expect(BaseModel):
    """What a healthy run of the site yields; less is exit code 5. Runs before `since` tell nothing of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    min_articles: int = Field(default=0, ge=0)
    languages: tuple[Language, ...] = Field(default=(), strict=False)
    since: date | None = None


class Site(BaseModel):
    """One publisher. Only `name` and `start` are required."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Name
    start: Url
    language: Language | None = None
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    timezone: Timezone | None = None
    feeds: tuple[Url, ...] = Field(default=(), strict=False)
    sitemaps: tuple[Url, ...] = Field(default=(), strict=False)
    sections: tuple[Url, ...] = Field(default=(), strict=False)
    allow: tuple[Pattern, ...] = Field(default=(), strict=False)
    deny: tuple[Pattern, ...] = Field(default=(), strict=False)
    rules_off: tuple[RuleName, ...] = Field(default=(), strict=False)
    render: bool = False
    expect: Expect = Expect()

    @property
    def paths(self) -> PathRules:
        """Where the site file lets articles stand."""
        return PathRules(self.allow, self.deny)


def load_site(path: Path) -> Site:
    """The site of one file; raises `UserError` naming file and key."""
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise UserError(f"{path}: larger than {_MAX_FILE_BYTES} bytes, so no site file")
        values = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UserError(f"{path}: cannot read the site file: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: is not UTF-8") from None
    except (ValueError, RecursionError) as error:  # numbers of 5,000 digits are no TOMLDecodeError
        raise UserError(f"{path}: is not TOML: {error}") from None
    try:
        return Site.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UserError(f"{path}: {_said(first['loc'], first['type'], first['msg'])}") from None


def _said(place: tuple[int | str, ...], kind: str, message: str) -> str:
    key = ".".join(map(str, place))
    if kind == "missing":
        return f"key {key!r} is missing"
    if kind == "extra_forbidden":
        table = Site if len(place) == 1 else Expect
        return f"unknown key {key!r}; known are {', '.join(table.model_fields)}"
    return f"key {key!r}: {_KINDS.get(kind) or message.removeprefix('Value error, ')}"


def load_sites(paths: str, only: str | None = None) -> tuple[Site, ...]:
    """Sites of a folder or of comma-separated files, by name; `only` picks one of them.

    Raises `UserError` for a missing folder, a bad file, a name given twice or an unknown `only`.
    """
    sites: dict[str, Site] = {}
    for path in _files(paths):
        site = load_site(path)
        if site.name in sites:
            raise UserError(f"{path}: key 'name': there is another site {site.name!r}")
        sites[site.name] = site
    if only is None:
        return tuple(sites[name] for name in sorted(sites))
    if only not in sites:
        raise UserError(f"no site {only!r} in {paths}; there are {', '.join(sorted(sites))}")
    return (sites[only],)


def _files(paths: str) -> list[Path]:
    found: list[Path] = []
    for name in filter(None, (part.strip() for part in paths.split(","))):
        path = Path(name)
        if path.is_dir():
            found.extend(sorted(path.glob("*.toml")))
        else:
            found.append(path)
    if not found:
        raise UserError(f"no site files in {paths}; a site file ends in .toml")
    return found
