"""A server of HTTP with connections that stay open, with or without TLS, that is a proxy as well."""

import socket
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20

    def setup(self):
        super().setup()
        self.server.connections.append(self.client_address)

    def do_GET(self):
        self.server.seen.append(self.path)
        self.server.headers.append(self.headers)
        self.server.bodies.append(len(self.rfile.read(int(self.headers.get("Content-Length") or 0))))
        if self.server.gate:
            self.server.gate.wait()
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.answer)))
        if self.server.says:
            self.send_header("Connection", self.server.says)
            self.close_connection = False
        self.end_headers()
        self.wfile.write(self.server.answer)

    def do_PUT(self):
        """Answer before the body is read, a refusal by default; then leave the connection as it is, or hang up."""
        body = self.server.early or b"{}"
        self.send_response(200 if self.server.early else 413)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True
        if not self.server.hangs_up:
            self.server.over.wait(20)

    do_POST = do_GET  # noqa: N815 - the name is http.server's

    def do_CONNECT(self):
        self.server.seen.append((self.path, self.headers.get("Proxy-Authorization")))
        if self.server.refuses:
            self.send_error(407)
            return
        self.send_response(200)
        self.end_headers()
        host, _, port = self.path.partition(":")
        with socket.create_connection((host, int(port))) as target:
            back = threading.Thread(target=_copy, args=(target, self.connection))
            back.start()
            _copy(self.connection, target)
            back.join()
        self.close_connection = True

    def log_message(self, *_):
        pass


def _copy(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context=None, gate=None, host="127.0.0.1", says=None, answer=b"{}", early=b"", hangs_up=False):
        self.early, self.hangs_up = early, hangs_up
        self.says, self.answer, self.over = says, answer, threading.Event()
        self.seen, self.headers, self.bodies, self.connections, self.refuses, self.gate = [], [], [], [], False, gate
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), Answering)
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, *_):
        pass  # a client that does not trust the certificate hangs up


@contextmanager
def answering(**options):
    """Answers every request with an object; `seen` lists the paths that were asked for, `bodies`
    how many bytes came with each, `headers` theirs, `connections` the clients."""
    with Server(**options) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def tls(certificates, file="server.pem"):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / file)
    return context
