"""Certificates are verified as Twisted does it; what is wrong with one gets a name.

Twisted passes on no more than "certificate verify failed", and lets a certificate pass that a trusted
authority signed but that it cannot read a name from.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from OpenSSL import SSL
from OpenSSL.crypto import X509
from service_identity.exceptions import VerificationError
from service_identity.hazmat import DNS_ID, IPAddress_ID, ServiceID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from twisted.web.iweb import IPolicyForHTTPS
from zope.interface import implementer  # type: ignore[import-untyped]  # it has no stubs

from crawler.network.failures import TlsFailed

# Numbers of OpenSSL's x509_vfy.h.
_SAID = {
    9: "certificate is not valid yet",
    10: "certificate has expired",
    18: "self-signed certificate",
    19: "unknown certificate authority",
    20: "unknown certificate authority",
    21: "unknown certificate authority",
    23: "certificate was revoked",
    66: "certificate has too short a key",
    68: "certificate has too weak a signature",
}
_OTHER_NAME = "certificate is for another name"
_Verify = Callable[[SSL.Connection, X509, int, int, int], bool]


@implementer(IPolicyForHTTPS)
class NamingPolicy:
    """Scrapy's policy, whose connections say what is wrong with a certificate."""

    def __init__(self, policy: Any) -> None:
        self._policy = policy

    def creatorForNetloc(self, hostname: bytes, port: int) -> _NamingCreator:  # noqa: N802  # Twisted's name
        """Makes the TLS connections to a host."""
        return _NamingCreator(self._policy.creatorForNetloc(hostname, port), hostname.decode("ascii"))


@implementer(IOpenSSLClientConnectionCreator)
class _NamingCreator:
    def __init__(self, creator: Any, hostname: str) -> None:
        self._creator = creator
        is_address = isIPAddress(hostname) or isIPv6Address(hostname)
        self._wanted = IPAddress_ID(hostname) if is_address else DNS_ID(hostname)

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:  # noqa: N802, N803  Twisted's
        connection: SSL.Connection = self._creator.clientConnectionForTLS(tlsProtocol)
        protocol: Any = tlsProtocol  # whose methods have no types
        verify = _verifying(self._wanted, lambda why: protocol.failVerification(_failure(why)))
        connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, verify)
        return connection


def _failure(why: str) -> Failure:
    return Failure(TlsFailed(why))  # type: ignore[no-untyped-call]  # Twisted leaves it unannotated


def _verifying(wanted: ServiceID, refuse: Callable[[str], None]) -> _Verify:
    def verify(_: SSL.Connection, certificate: X509, error: int, depth: int, ok: int) -> bool:
        why = None if ok else _SAID.get(error, f"certificate is not accepted (OpenSSL's error {error})")
        if why is None and depth == 0:
            why = _misnamed(certificate, wanted)
        if why is not None:
            refuse(why)
        return why is None

    return verify


def _misnamed(certificate: X509, wanted: ServiceID) -> str | None:
    """What is wrong with the names of the host's own certificate."""
    try:
        verify_service_identity(extract_patterns(certificate), [wanted], [])
    except VerificationError:
        return _OTHER_NAME
    except Exception as error:  # the boundary: what OpenSSL's callback raises is lost, and it would pass
        return f"certificate has no names that can be read ({type(error).__name__})"
    return None
