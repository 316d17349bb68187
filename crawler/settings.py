"""Every setting that differs from Scrapy's default, and all of our own (`NEWS_…`), with the reason.

Each can be set with `-s NAME=VALUE`.
"""

from pipelines import EXTRACTOR_VERSION
from pipelines.recheck import DEFAULT_RECHECK

BOT_NAME = "khabar"
SPIDER_MODULES = ["crawler.spiders"]
NEWSPIDER_MODULE = "crawler.spiders"
COMMANDS_MODULE = "crawler.commands"

# -- Our own

# Folder or s3://bucket/prefix that receives articles/, rejected/, removed_blocks/, raw/ and manifest.json.
NEWS_OUTPUT = "output"
# Ledger file; empty means <NEWS_OUTPUT>/.state/ledger.sqlite.
NEWS_STATE = ""
# Cleaning processes; 0 means one a core.
NEWS_WORKERS = 0
# Seconds a page may hold a worker before the worker is killed and the page rejected.
NEWS_PAGE_SECONDS = 10.0
# Memory (MiB of address space) a worker may use before the page is rejected.
NEWS_PAGE_MEMORY_MB = 1024
# Pages on their way or waiting for workers: at most so many, and so many MiB; downloads wait for room. As
# many as requests under way, so that slow hosts hold up nobody; so many pages of 30 kB are 15 MiB.
NEWS_WAITING_PAGES = 512
NEWS_WAITING_MB = 64
# MiB after which the raw store begins another WARC file.
NEWS_RAW_FILE_MB = 1024
# Days after the end of its run for which a WARC file is kept; 0 keeps all.
NEWS_RAW_DAYS = 0
# Ages since its first fetch at which a stored article is looked at again; never; always (in every run).
NEWS_RECHECK = DEFAULT_RECHECK
# Chromium for sites with `render = true`; empty means `chromium` of the PATH.
NEWS_CHROMIUM = ""
# Seconds such a page's scripts may run; the page is then taken as it stands.
NEWS_RENDER_SECONDS = 10.0
# Pages open in the browser at a time: it took 700 MiB with four small ones.
NEWS_RENDER_PAGES = 4
# Hosts (host or host:port, comma-separated) on private addresses that may be fetched; only the demo sets it.
NEWS_ALLOW_PRIVATE = ""
# Address or page under which site owners reach the operator; part of the user agent.
NEWS_CONTACT = ""
# text, or json: each record of the log an object on one line.
NEWS_LOG_FORMAT = "text"
# The live line of a crawl on a terminal; 0 means plain lines there, too.
NEWS_PROGRESS = 1
# File for Prometheus in the folder of node_exporter's textfile collector; empty means report/khabar.prom in
# the output.
NEWS_METRICS = ""
# Whether each run writes the report and the data card; `scrapy report` and `scrapy card` do at any time.
NEWS_REPORT = True
# Requests one host gets in a run, robots.txt apart; 0 means no bound. More than a day of the largest
# newsroom; what is left waits for the next run, and a trap of endless addresses ends here.
NEWS_HOST_BUDGET = 5_000

# -- Who we are and how we behave

# NEWS_CONTACT is added to it.
USER_AGENT = f"Khabar/{EXTRACTOR_VERSION}"
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "Khabar"
# One request at a time and one second between two on a host; polite without knowing the host. It is the
# least: Crawl-delay, slow answers, 429 and 503 raise a host's delay (crawler/politeness/hosts.py).
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY = 1
# Scrapy's default of 0.5 would ask after half of a Crawl-delay.
DOWNLOAD_DELAY_JITTER = 0
# Many hosts at once, since each of them is asked slowly. A request that waits for its host's delay counts as
# one of these: with few, some slow or dead hosts would hold up all others.
CONCURRENT_REQUESTS = 512
# Scrapy makes so many tasks for what each callback yields: one for the item of ours, which may wait for long,
# and one for the requests behind it.
CONCURRENT_ITEMS = 2
# News pages need no session, and cookies would carry state from page to page.
COOKIES_ENABLED = False
REFERRER_POLICY = "scrapy-default"
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
}

# -- What the web may do to us

DOWNLOAD_TIMEOUT = 30
# The largest real article page measured has 3 MiB; Scrapy's default of 1 GiB invites bombs.
DOWNLOAD_MAXSIZE = 5 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
# Scrapy accepts any certificate unless told otherwise.
DOWNLOAD_VERIFY_CERTIFICATES = True
# The address that is connected to is checked here: a public name may lead to a private one.
TWISTED_DNS_RESOLVER = "crawler.network.resolver.GuardingResolver"
# Seconds a name may take; less than DOWNLOAD_TIMEOUT, so that the reason says that it was the DNS.
DNS_TIMEOUT = 15
REDIRECT_MAX_TIMES = 8
# Seconds. A page that sends its reader on later has something to say, or shows news and reloads itself.
METAREFRESH_MAXDELAY = 5
RETRY_TIMES = 2
# Handlers for file:, ftp:, data: and s3: would let a link read this machine. Ours is Scrapy's own with names
# for what fails, a bound on headers and a look that the guarding resolver is there.
DOWNLOAD_HANDLERS = {
    "http": "crawler.network.handler.GuardedHandler",
    "https": "crawler.network.handler.GuardedHandler",
    "file": None,
    "ftp": None,
    "data": None,
    "s3": None,
}
# Both would listen on a port of an unattended machine.
TELNETCONSOLE_ENABLED = False
REMOTE_CONTROL_ENABLED = False

# -- Components

DOWNLOADER_MIDDLEWARES = {
    # Before robots.txt (100): a forbidden address is not even asked for its robots.txt.
    "crawler.middlewares.guard.GuardMiddleware": 50,
    "crawler.middlewares.credentials.CredentialsMiddleware": 60,
    # Ours in its place: Scrapy's allows all when robots.txt fails, and knows no Crawl-delay and no yesterday.
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
    "crawler.middlewares.robots.RobotsMiddleware": 100,
    # Ours in their places: Scrapy's take headers of one host to another, and decode pages here to search
    # them.
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
    "crawler.middlewares.metarefresh.MetaRefreshMiddleware": 580,
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": None,
    "crawler.middlewares.redirects.RedirectMiddleware": 600,
    # Nearer to the network than retries (550): no 429 is retried at once, and each try is counted.
    "crawler.middlewares.politeness.PolitenessMiddleware": 560,
    # Ours in its place: Scrapy's takes what there is of a cut or damaged body for the page.
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,
    "crawler.middlewares.transfer.TransferMiddleware": 590,
}
SPIDER_MIDDLEWARES = {
    "crawler.middlewares.refused.LedgerRefusedMiddleware": 900,
}
ITEM_PIPELINES = {
    "crawler.item_pipelines.RawStorePipeline": 100,
    "crawler.item_pipelines.CleanPipeline": 200,
    "crawler.item_pipelines.SpoolPipeline": 300,
}
EXTENSIONS = {
    "crawler.extensions.outcome.OutcomeExtension": 100,
    "crawler.extensions.closing.ClosingExtension": 200,
    "crawler.extensions.heap.HeapExtension": 900,
}

# -- Logging

LOG_LEVEL = "INFO"
# A dropped item is a counted row of `rejected`, no reason for alarm.
DEFAULT_DROPITEM_LOG_LEVEL = "DEBUG"
# Bodies never go to the log, nor does the record of each page.
LOG_FORMATTER = "crawler.logformatter.QuietLogFormatter"
