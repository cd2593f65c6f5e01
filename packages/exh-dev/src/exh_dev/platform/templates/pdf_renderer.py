"""Convert HTML to PDF with WeasyPrint, in a separate process.

The process has limited memory, is killed on a timeout, and loads no resources from the network or files, only `data:`
URLs. It is reused, because loading WeasyPrint takes longer than most PDFs; after a failure it is replaced.
"""

from __future__ import annotations

import atexit
import threading

from exh_dev.extras import how_to_install
from exh_dev.platform.child_process import ChildEndedError, ChildLateError, KeptProcess
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.tasks.runner import NotInvocableError

TIME_LIMIT = 30  # seconds for one PDF
#: How the process says that WeasyPrint cannot be used here.
UNAVAILABLE = 69
_MEMORY = 2 * 1024**3  # bytes of address space
#: An answer begins with P for a PDF, or with E for an error message.
PROGRAM = f"""
import resource, struct, sys
try:
    resource.setrlimit(resource.RLIMIT_AS, ({_MEMORY}, {_MEMORY}))
except (ValueError, OSError):  # macOS does not take it
    pass
try:
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher
except (ImportError, OSError) as error:
    print(error, file=sys.stderr)
    sys.exit({UNAVAILABLE})
source, target = sys.stdin.buffer, sys.stdout.buffer
while header := source.read(8):
    html = source.read(struct.unpack(">Q", header)[0]).decode()
    try:
        fetcher = URLFetcher(allowed_protocols=["data"], allow_redirects=False)
        answer = b"P" + HTML(string=html, url_fetcher=fetcher).write_pdf()
    except Exception as error:
        answer = f"E{{type(error).__name__}}: {{error}}".encode(errors="replace")
    target.write(struct.pack(">Q", len(answer)) + answer)
    target.flush()
"""
_PACKAGES = (
    f"{how_to_install('html-to-pdf', 'pdf')}, and the system's Pango (on Debian and Ubuntu: apt-get install "
    "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0; on macOS: brew install pango)"
)


class Renderer:
    """Renders PDFs, one after another. Thread-safe."""

    def __init__(self, program: str = PROGRAM, time_limit: float = TIME_LIMIT) -> None:
        """Start no process before the first PDF."""
        self._time_limit = time_limit
        self._lock = threading.Lock()
        self._process = KeptProcess("-c", program)

    def render(self, html: str) -> bytes:
        """Return HTML as a PDF.

        Raises:
            ErrorAnswer: WeasyPrint fails, or takes longer than the time limit.
            NotInvocableError: WeasyPrint cannot be used here.
        """
        with self._lock:
            try:
                answer = self._process.ask(html.encode(), self._time_limit)
            except ChildLateError:
                raise ErrorAnswer(26, f"The PDF was not made within {self._time_limit} seconds") from None
            except ChildEndedError as ended:
                raise _failure(ended) from None
            if answer[:1] != b"P":
                self._process.end()
                raise ErrorAnswer(26, f"No PDF can be made of this HTML: {answer[1:].decode()}")
            return answer[1:]

    def close(self) -> None:
        with self._lock:
            self._process.end()


def _failure(ended: ChildEndedError) -> Exception:
    if ended.code == UNAVAILABLE:
        return NotInvocableError(f"{_PACKAGES}: {ended.lines[0]}")
    return ErrorAnswer(26, f"No PDF can be made of this HTML: {ended}")


#: One for all platforms of this process.
renderer = Renderer()
atexit.register(renderer.close)
