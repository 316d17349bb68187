"""A newspaper on loopback that is nothing without JavaScript, and neighbours that nobody may ask."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HEADLINE = "مكتبة متنقلة تصل إلى قرى وادي السدر بعد انقطاع عامين"
_TEXT = """
وصلت صباح الثلاثاء حافلة زرقاء محملة بأكثر من ثلاثة آلاف كتاب إلى ساحة قرية أم الجرار، أولى محطات
المكتبة المتنقلة التي توقفت قبل عامين بسبب انهيار الجسر الحجري على الوادي، وكان في انتظارها عشرات
التلاميذ مع معلميهم.

وقالت أمينة المكتبة هدى الراسي إن الحافلة ستزور إحدى عشرة قرية كل أسبوعين، وإن الاستعارة مجانية لمن
يحمل بطاقة المدرسة، مضيفة أن رفوف الأطفال فرغت في الساعة الأولى وأن الطلب على كتب العلوم فاق ما
توقعه القائمون على المشروع.

ويمول المشروع صندوق أهلي جمع تبرعات من أبناء المنطقة المقيمين في المدن، وتكفلت البلدية بأجور السائق
والوقود حتى نهاية العام المقبل، على أن تعود اللجنة المحلية لتقييم التجربة بعد ذلك وتقرر إن كانت
ستضيف حافلة ثانية.

ويأمل أهالي القرى البعيدة أن تحمل الحافلة في زياراتها القادمة حواسيب محمولة، إذ لا يزال أقرب مركز
للإنترنت على بعد أربعين كيلومتراً، فيما اقترح بعض المعلمين تنظيم أمسيات للقراءة في ساحات المدارس
خلال عطلة الصيف.
"""
PARAGRAPHS = [" ".join(paragraph.split()) for paragraph in _TEXT.split("\n\n")]
_SHELL = """<!DOCTYPE html><html lang="ar" dir="rtl">
<head><meta charset="{charset}"><title>صحيفة الوادي</title>
</head><body><div id="app"></div><script>{script}</script></body></html>"""
# The article is only there after a request of the script's own, as on pages made by frameworks.
_STORY = """
(async () => {
  const story = await (await fetch("/api/story?of=" + location.pathname)).json();
  const article = document.createElement("article");
  for (const [tag, text] of [["h1", story.title], ...story.text.map(t => ["p", t])])
    article.appendChild(document.createElement(tag)).textContent = text;
  document.querySelector("#app").append(article);
  %s
})();
"""
_FRONT = """
setTimeout(() => { document.querySelector("#app").innerHTML =
  '<h2><a href="/news/%s">%s</a></h2>'; }, 50);
"""


@dataclass
class Paper:
    """The server: what scripts its stories run after the text is there, and who asked for what."""

    scripts: dict[str, str] = field(default_factory=dict)
    listed: list[str] = field(default_factory=list)  # other paths in the feed
    charset: str = "utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    robots: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)  # path, user agent
    hosts: set[str] = field(default_factory=set)
    port: int = 0

    @property
    def place(self) -> str:
        return f"127.0.4.1:{self.port}"

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body."""
        kind = f"text/html; charset={self.charset}"
        if path == "/robots.txt":
            return 200, {"Content-Type": "text/plain"}, self.robots.encode()
        if path == "/feed.xml":
            return 200, {"Content-Type": "application/rss+xml"}, self._feed()
        if path == "/":
            return 200, {"Content-Type": kind}, self._shell(_FRONT % ("front", HEADLINE))
        if path.startswith("/api/story"):
            story = {"title": f"{HEADLINE} {path[-3:]}", "text": PARAGRAPHS}
            return 200, {"Content-Type": "application/json"}, json.dumps(story).encode()
        if path.startswith("/moved/"):
            return 302, {"Location": f"/news/{path.removeprefix('/moved/')}"}, b""
        if path.startswith("/news/"):
            script = self.scripts.get(path.removeprefix("/news/"), "")
            return 200, {"Content-Type": kind, "ETag": '"shell"'} | self.headers, self._shell(_STORY % script)
        if path.startswith("/attachment"):
            return 200, {"Content-Disposition": "attachment; filename=a.bin"}, b"x" * 1000
        if path == "/to-neighbour":
            return 302, {"Location": self.headers["X-Neighbour"]}, b""
        return 404, {}, b""

    def _shell(self, script: str) -> bytes:
        page = _SHELL.format(charset=self.charset, script=script)
        return page.encode(self.charset, "xmlcharrefreplace")

    def _feed(self) -> bytes:
        items = "".join(
            f"<item><title>{HEADLINE}</title><link>http://{self.place}{path}</link></item>"
            for path in [*self.listed, *(f"/news/{name}" for name in self.scripts)]
        )
        return f'<rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode()

    def site_file(self, folder: Path, *, render: bool) -> Path:
        folder.mkdir(exist_ok=True)
        start = f"http://{self.place}/"
        lines = [f'name = "alwadi"\nstart = "{start}"\nfeeds = ["{start}feed.xml"]\nlanguage = "ar"']
        (path := folder / "alwadi.toml").write_text(f"{lines[0]}\nrender = {str(render).lower()}\n")
        return path


@contextmanager
def opened(paper: Paper) -> Iterator[Paper]:
    """Serve it on an address of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            paper.asked.append((self.path, self.headers.get("User-Agent", "")))
            paper.hosts.add(self.headers.get("Host", ""))
            if self.path == "/poll":  # long polling: an answer in its time, and then the next
                closing.wait(1)
            status, headers, body = paper.answer(self.path)
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  # the name is http.server's

        def log_message(self, *args: object) -> None:
            """Tests read `asked`."""

    closing = threading.Event()
    server = ThreadingHTTPServer(("127.0.4.1", 0), Handler)
    paper.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield paper
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Neighbour:
    """A port, for TCP and UDP, that counts who knocks."""

    port: int
    knocks: list[str] = field(default_factory=list)


@contextmanager
def neighbour() -> Iterator[Neighbour]:
    """Something on this machine that a page of strangers would like to reach."""
    stream = socket.create_server(("127.0.0.1", 0))
    found = Neighbour(stream.getsockname()[1])
    packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    packets.bind(("127.0.0.1", found.port))
    for door in (stream, packets):
        door.settimeout(0.1)
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            try:
                stream.accept()[0].close()
                found.knocks.append("tcp")
            except TimeoutError:
                pass
            try:
                packets.recv(2048)
                found.knocks.append("udp")
            except TimeoutError:
                pass

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        done.set()
        thread.join()
        stream.close()
        packets.close()


def processes_of(folder: str) -> list[str]:
    """Command lines of living processes that were told of `folder`, by argument or environment."""
    found = []
    mark = folder.encode()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, around = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:
            continue
        if mark in command or mark in around:
            found.append(command.replace(b"\0", b" ").decode("utf-8", "replace"))
    return found
