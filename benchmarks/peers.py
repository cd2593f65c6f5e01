"""`users.me()` over a kept-alive connection, against the HTTP clients that a handler could call the platform with.

They do less: none retries, raises typed errors or keeps a deadline, and none signs by itself. Each is signed by this
project's own signer, which is the fastest way to, and reads the JSON.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import ExitStack
from http.client import HTTPConnection
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import httpx
import pycurl
import urllib3
from extrahorizon.client import ExtraHorizon
from extrahorizon.credentials import Credentials
from extrahorizon.oauth1 import OAuth1Signer
from extrahorizon.transport.over_requests import RequestsTransport

from benchmarks.loopback import KEY, loopback_server
from benchmarks.signed_call import CALLS, KEYS, timed
from benchmarks.timing import comparison, interleaved, spread

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 15
PATH = "/users/v1/me"


def measure() -> dict[str, dict[str, Any]]:
    """Time per call, ours against each."""
    with ExitStack() as stack:
        host = stack.enter_context(loopback_server())
        loop = asyncio.new_event_loop()
        stack.callback(loop.close)
        credentials = Credentials(host, *KEYS)
        sign = _signing(host)
        measured = {
            "ours": timed(ExtraHorizon(credentials).users.me),
            "over requests": timed(ExtraHorizon(credentials, transport=RequestsTransport()).users.me),
            "httpx": timed(_httpx(host, sign)),
            "urllib3": timed(_urllib3(host, sign)),
            "aiohttp": _aiohttp(host, sign, loop),
            "http.client": timed(_http_client(host, sign)),
            "pycurl": timed(_pycurl(host, sign)),
        }
        times = interleaved(measured, rounds=ROUNDS)
    found = {
        name.replace(".", "_").replace(" ", "_"): {
            "what": f"`users.me()` over a kept-alive connection, against {name}, signed by hand"
            if name != "over requests"
            else "`users.me()` over a kept-alive connection, against the same over requests (`EXH_TRANSPORT=requests`)",
            **comparison(times["ours"], each, target=None),
        }
        for name, each in times.items()
        if name != "ours"
    }
    found["httpx"]["series"] = [{"label": name, "unit": "ms", **spread(each)} for name, each in times.items()]
    return found


def _signing(host: str) -> Callable[[], dict[str, str]]:
    signer = OAuth1Signer(KEY, KEY, KEY, KEY)
    return lambda: {"Authorization": signer.authorization("GET", host + PATH)}


def _httpx(host: str, sign: Callable[[], dict[str, str]]) -> Callable[[], object]:
    client = httpx.Client(base_url=host)
    return lambda: client.get(PATH, headers=sign()).raise_for_status().json()


def _urllib3(host: str, sign: Callable[[], dict[str, str]]) -> Callable[[], object]:
    pool = urllib3.PoolManager()
    return lambda: pool.request("GET", host + PATH, headers=sign()).json()


def _http_client(host: str, sign: Callable[[], dict[str, str]]) -> Callable[[], object]:
    parts = urlsplit(host)
    connection = HTTPConnection(parts.hostname or "", parts.port)

    def call() -> object:
        connection.request("GET", PATH, headers=sign())
        return json.loads(connection.getresponse().read())

    return call


def _pycurl(host: str, sign: Callable[[], dict[str, str]]) -> Callable[[], object]:
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, host + PATH)

    def call() -> object:
        body = BytesIO()
        curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in sign().items()])
        curl.setopt(pycurl.WRITEDATA, body)
        curl.perform()
        return json.loads(body.getvalue())

    return call


def _aiohttp(host: str, sign: Callable[[], dict[str, str]], loop: asyncio.AbstractEventLoop) -> Callable[[], float]:
    async def calls() -> float:
        async with aiohttp.ClientSession() as session:
            started = time.perf_counter()
            for _ in range(CALLS):
                async with session.get(host + PATH, headers=sign()) as answer:
                    await answer.json()
            return (time.perf_counter() - started) / CALLS

    return lambda: loop.run_until_complete(calls())
