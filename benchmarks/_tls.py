"""The network half of the replay: a proxy on loopback that plays any host, https ones too.

It answers CONNECT itself, with a certificate that a throw-away authority signs for the host asked.
"""

from __future__ import annotations

import re
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NamedTuple, Self, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ADDRESS = "127.0.0.1"
_HIGH = re.compile(rb"[\x80-\xff]")
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Replay of stored pages")])
_LIFE = timedelta(days=30)
_SLACK = timedelta(days=1)  # for clients whose clock lags


class Authority:
    """Signs a certificate per host with a key that lives as long as this object, in memory only.

    All hosts share one key, which goes to `folder` because `ssl` loads keys from files alone.
    """

    def __init__(self, folder: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._host_key = ec.generate_private_key(ec.SECP256R1())
        self._file = folder / "host.pem"
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self.certificate = _pem(self._self_signed())

    def context(self, host: str) -> ssl.SSLContext:
        """Server context for `host`, made once; tunnels to one host come by the dozen."""
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = self._new_context(host)
            return self._contexts[host]

    def _new_context(self, host: str) -> ssl.SSLContext:
        self._file.touch(mode=0o600)
        self._file.write_bytes(_pem(self._signed(host)) + _private_pem(self._host_key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._file)
        return context

    def _self_signed(self) -> x509.Certificate:
        mine = self._key.public_key()
        return (
            _builder(mine)
            .subject_name(_NAME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(mine), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _signed(self, host: str) -> x509.Certificate:
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            _builder(self._host_key.public_key())
            .subject_name(x509.Name([]))
            .add_extension(x509.SubjectAlternativeName([_host_name(host)]), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(issuer, critical=False)
            .sign(self._key, hashes.SHA256())
        )


def _builder(key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .issuer_name(_NAME)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(now + _LIFE)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """Key usage; strict verifiers (Python 3.13's default) insist that an authority states it."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _host_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


class Reply(NamedTuple):
    """What a URL is answered with; Content-Length is added."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


Answer: TypeAlias = Callable[[str], Reply]  # of the URL
Record: TypeAlias = Callable[[str, str, int], None]  # method, URL, status


class ProxyServer(socketserver.ThreadingMixIn, HTTPServer):
    """A forward proxy that asks `answer` instead of the network and tells `record` of each request.

    It serves while its context lasts. It knows its open connections, so that the end of the context
    is theirs too, rather than waiting for clients.
    """

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, port: int, authority: Authority, answer: Answer, record: Record) -> None:
        self.authority, self.answer, self.record = authority, answer, record
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._stopping = False
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))
        super().__init__((ADDRESS, port), _Handler)

    def server_bind(self) -> None:
        """Bind without the base class's look-up of a host name, which may ask the network."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own."""
        self.adopt(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close and forget a connection."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def adopt(self, connection: socket.socket) -> None:
        """Remember a connection until it is closed."""
        with self._lock:
            self._open.add(connection)
            if self._stopping:
                _hang_up(connection)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening, hang up, wait for all threads."""
        self.shutdown()
        with self._lock:
            self._stopping = True
            for connection in self._open:
                _hang_up(connection)
        self.server_close()
        self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up or distrusts our certificate is no event worth a traceback."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _hang_up(connection: socket.socket) -> None:
    """Wake the thread that reads here; by the plain shutdown, as TLS's own would race with it."""
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    """One connection: requests to the proxy, or after CONNECT to the host it plays."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server: ProxyServer
    raw_requestline: bytes
    _url = ""
    _origin = ""  # of the host that is played inside a tunnel

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        reply = self.server.answer(self._url)
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(reply.body)

    def do_CONNECT(self) -> None:
        context = None if self._origin else self._context()
        if context is None:
            self.send_error(400)
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        tunnel = context.wrap_socket(self.connection, server_side=True, do_handshake_on_connect=False)
        self.request = tunnel
        self.server.adopt(tunnel)
        tunnel.do_handshake()
        self.setup()
        self._origin = "https://" + self.path.removesuffix(":443")
        self.close_connection = False

    def _context(self) -> ssl.SSLContext | None:
        """The context of the host that CONNECT names, None for what names no host and port."""
        host, _, port = self.path.rpartition(":")
        if not host or not port.isdecimal():
            return None
        try:
            return self.server.authority.context(host.strip("[]").lower())
        except ValueError:
            return None

    def parse_request(self) -> bool:
        """Escape bytes above ASCII first; the base class reads Latin-1 and would find spaces."""
        self.raw_requestline = _HIGH.sub(lambda m: b"%%%02X" % m[0][0], self.raw_requestline)
        self._url = self.raw_requestline.decode("ascii").strip()
        if not super().parse_request():
            return False
        target = self.requestline.split()[1]  # `path` has lost a second slash at its beginning
        origin = self._origin or f"http://{self.headers.get('Host', '')}"
        self._url = origin + target if target.startswith("/") else target
        return True

    def send_response(self, code: int, message: str | None = None) -> None:
        """Record the request; leave Server and Date out, so that headers are the page's own."""
        self.server.record(self.command or "", self._url, int(code))
        self.send_response_only(code, message)

    def finish(self) -> None:
        """Close a tunnel too; the server itself closes only the connection it accepted."""
        super().finish()
        self.server.shutdown_request(self.request)

    def log_message(self, *_: object) -> None:
        """Keep standard error for our own faults."""
