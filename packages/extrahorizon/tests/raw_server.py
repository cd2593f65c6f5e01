"""A server whose every byte is a test's own."""

import socket
import threading
from contextlib import suppress

from extrahorizon.authentication import Authorization
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials


def head_of(length, status="200 OK"):
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n".encode()


def client_of(host, transport):
    return ExtraHorizon(Credentials(host, "k", "cs", "t", "ts"), transport=transport)


class Unsigned:
    """As a host that is none of a platform, which `Credentials` would not take."""

    def __init__(self, host):
        self.authorization = Authorization(host, lambda request: None)

    def current(self, deadline):
        return self.authorization


class RawServer:
    """Answers each connection in turn with what `answer(connection, reader, head)` does after a request's headers."""

    def __init__(self, answer, transport):
        self.answer = answer
        self.requests = []
        self.closed = threading.Semaphore(0)  # released after each connection
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"http://localhost:{self.listener.getsockname()[1]}"
        self.session = client_of(self.host, transport).session
        self.thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.session.close()
        self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept
        self.listener.close()
        self.thread.join()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                reader = connection.makefile("rb")
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    if not (line := reader.readline()):
                        break
                    head += line
                self.requests.append(head)
                with suppress(OSError):
                    self.answer(connection, reader, head)
                reader.close()
            self.closed.release()
