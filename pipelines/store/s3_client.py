"""One bucket, asked through botocore: requests that may be repeated, errors as one line with the mend.

It writes and reads: pyarrow's S3 streams have no conditional write, and complete what an error cut short.
"""

from __future__ import annotations

import hashlib
import logging
import re
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import (
    ConnectionError as NoConnection,
)

from pipelines.store.errors import StoreError

# botocore's pauses between them add up to some 13 s after errors and 55 s when told to slow down.
_ATTEMPTS = 10
_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
    connect_timeout=5,
    read_timeout=60,
    request_checksum_calculation="when_required",  # ours are SHA-256, in a header that old stores read, too
    s3={"payload_signing_enabled": True},  # the signature holds the body's SHA-256: any store checks it
)
# A store that knows no conditional writes says one of these.
_UNKNOWN_CONDITION = ("NotImplemented", "InvalidArgument", "InvalidRequest", "501", "400")
_MISSING = ("NoSuchKey", "404")
_UNMET_CONDITION = (
    "PreconditionFailed",
    "ConditionalRequestConflict",
    "OperationAborted",
    "412",
    "409",
    *_MISSING,
)
_DENIED = (
    "they need s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket there (AWS_ACCESS_KEY_ID, "
    "AWS_PROFILE or the machine's role)"
)
_MENDS = {
    "NoSuchBucket": "there is no such bucket; make it, or mend NEWS_OUTPUT",
    "AccessDenied": f"the credentials are refused; {_DENIED}",
    "403": f"the credentials are refused; {_DENIED}",
    "InvalidAccessKeyId": f"the credentials are unknown there; {_DENIED}",
    "SignatureDoesNotMatch": "the secret key is not that of the access key; mend AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the credentials have expired; get new ones",
    "PermanentRedirect": "the bucket is in another region; set AWS_DEFAULT_REGION",
    "AuthorizationHeaderMalformed": "the bucket is in another region; set AWS_DEFAULT_REGION",
    "RequestTimeTooSkewed": "this machine's clock is wrong; set it",
}


class NoConditions(Exception):
    """The store does not know conditional writes."""


@dataclass(frozen=True, slots=True)
class Place:
    """`s3://bucket/prefix`; the prefix has no slash at its ends and may be empty."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> Place:
        """Raises `StoreError` for what is no such place."""
        bucket, _, prefix = text.removeprefix("s3://").partition("/")
        if "@" in bucket:
            raise StoreError("credentials belong into the environment or the profile")
        if not text.startswith("s3://") or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", bucket):
            raise StoreError("it must name a bucket, as in s3://bucket/prefix")
        prefix = prefix.strip("/")
        if re.search(r"(^|/)(\.{0,2})(/|$)|[\x00-\x1f\s\\*?%#]", prefix) and prefix:
            raise StoreError("the prefix has an empty or relative part, or a character that patterns use")
        return cls(bucket, prefix)

    @property
    def name(self) -> str:
        """As users write it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    @property
    def slug(self) -> str:
        """A name for a local folder: readable, and no other place's."""
        plain = re.sub(r"[^a-z0-9.]+", "-", f"{self.bucket}-{self.prefix}".lower()).strip("-.")
        return f"s3-{plain[:48]}-{hashlib.sha256(self.name.encode()).hexdigest()[:8]}"

    def key(self, target: str) -> str:
        """The key of what is at `target` below the place."""
        return f"{self.prefix}/{target}" if self.prefix else target


@dataclass(frozen=True, slots=True)
class Head:
    """What the store says of an object; `sha256` in hex, where it keeps one of the whole object."""

    size: int
    etag: str
    sha256: str | None


class Bucket:
    """Requests below one place; each raises `StoreError` once its retries are used up."""

    def __init__(self, place: Place) -> None:
        self.place = place
        # At DEBUG, which `-L DEBUG` asks of all loggers, botocore logs session tokens.
        logging.getLogger("botocore").setLevel(logging.WARNING)
        self._client: Any = None
        with self._asking():
            self._client = botocore.session.get_session().create_client("s3", config=_CONFIG)

    def head(self, target: str) -> Head | None:
        """None where there is nothing."""
        with self._asking():
            try:
                found = self._client.head_object(**self._at(target), ChecksumMode="ENABLED")
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise
        return Head(found["ContentLength"], found["ETag"], _whole_digest(found))

    def digest(self, target: str, head: Head) -> str:
        """SHA-256 in hex of an object; one that the store keeps none of is read."""
        if head.sha256 is not None:
            return head.sha256
        found = hashlib.sha256()
        for start in range(0, head.size, 2**24):
            found.update(self.read(target, start, min(start + 2**24, head.size), head.etag))
        return found.hexdigest()

    def read(self, target: str, start: int, stop: int, etag: str) -> bytes:
        """These bytes of the object that had this ETag."""
        if stop <= start:
            return b""
        with self._asking():
            return self._get(target, Range=f"bytes={start}-{stop - 1}", IfMatch=etag)[0]

    def get(self, target: str) -> tuple[bytes, str] | None:
        """A small object whole, and its ETag; None where there is nothing."""
        with self._asking():
            try:
                return self._get(target)
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise

    def _get(self, target: str, **asked: str) -> tuple[bytes, str]:
        """Requests are repeated by botocore, the reading of their answers is by us."""
        for _ in range(_ATTEMPTS - 1):
            with suppress(HTTPClientError, IncompleteReadError):
                return self._get_once(target, asked)
        return self._get_once(target, asked)

    def _get_once(self, target: str, asked: dict[str, str]) -> tuple[bytes, str]:
        found = self._client.get_object(**self._at(target), **asked)
        return found["Body"].read(), found["ETag"]

    def put(self, target: str, body: BinaryIO | bytes, sha256: str, **headers: str) -> bool:
        """Put an object whole with one request; False when the condition (`IfMatch`, …) does not hold.

        `ContentType` may be said, too. The store refuses a body that has not this SHA-256 (hex). Raises
        `NoConditions`.
        """
        checksum = b64encode(bytes.fromhex(sha256)).decode()
        with self._asking():
            try:
                self._client.put_object(
                    **self._at(target),
                    Body=body,
                    ChecksumSHA256=checksum,
                    ChecksumAlgorithm="SHA256",
                    **headers,
                )
            except ClientError as error:
                conditional = bool({"IfMatch", "IfNoneMatch"} & headers.keys())
                if conditional and _code(error) in _UNMET_CONDITION:
                    return False
                if conditional and _code(error) in _UNKNOWN_CONDITION:
                    raise NoConditions from None
                raise
        return True

    def delete(self, target: str) -> None:
        """Take an object away, if it is there."""
        with self._asking():
            self._client.delete_object(**self._at(target))

    def targets(self, folder: str) -> Iterator[str]:
        """All objects below `folder`, in the order of their names."""
        prefix = self.place.key(f"{folder}/")
        yield from self._listed(prefix, len(prefix) - len(folder) - 1)

    def all_targets(self) -> Iterator[str]:
        """All objects below the place itself, in the order of their names."""
        prefix = f"{self.place.prefix}/" if self.place.prefix else ""
        yield from self._listed(prefix, len(prefix))

    def _listed(self, prefix: str, skip: int) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2")
        with self._asking():
            for page in pages.paginate(Bucket=self.place.bucket, Prefix=prefix):
                yield from (each["Key"][skip:] for each in page.get("Contents", ()))

    def _at(self, target: str) -> dict[str, str]:
        return {"Bucket": self.place.bucket, "Key": self.place.key(target)}

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise StoreError(f"{self.place.name}: {self._said(error)}") from None

    def _said(self, error: ClientError | BotoCoreError) -> str:
        """Words of our own: those of others may quote addresses and keys."""
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            return "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        if isinstance(error, ClientError):
            code = _code(error)
            asked = f"{error.operation_name} answered {code}"
            return f"{_MENDS[code]} ({asked})" if code in _MENDS else f"{asked}; try again later"
        if self._client is None:
            return (
                f"the AWS settings cannot be used ({type(error).__name__}); mend the environment or profile"
            )
        if isinstance(error, HTTPClientError | NoConnection):
            where = urlsplit(self._client.meta.endpoint_url)
            host = where.netloc.rpartition("@")[2]
            return f"{host} does not answer ({type(error).__name__}); is AWS_ENDPOINT_URL right?"
        return f"{type(error).__name__}; mend the AWS settings of the environment or profile"


def _code(error: ClientError) -> str:
    code: str = error.response.get("Error", {}).get("Code", "")
    return code


def _whole_digest(found: dict[str, Any]) -> str | None:
    checksum = found.get("ChecksumSHA256")
    if checksum is None or "-" in checksum:  # of parts
        return None
    return b64decode(checksum).hex()
