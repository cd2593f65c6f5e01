"""Fault rules: `METHOD PATH-GLOB:FAULT[:PROBABILITY][xN]`, such as `PUT /data/*:503:0.3`.

    METHOD       an HTTP method, or * for any
    PATH-GLOB    matched against the entire path, without query and trailing slashes; * matches slashes too, ? matches
                 a colon, [...] one of several characters
    PROBABILITY  from 0 to 1; 1 by default
    xN           only the next N matching requests are considered

FAULT is one of the following, which also decides whether the request is applied:

    400 to 599            answered with this status and an error as the platform's; not applied
    429+2, 503+2          the same, with Retry-After: 2
    html, html=STATUS     answered with an HTML page, like that of a proxy, with this status (default 502); not applied
    latency=SECONDS       delayed, then applied
    skew=SECONDS          applied, but the clock for OAuth1 timestamps is this far ahead
    reset                 the connection is reset without an answer; not applied
    reset-after           applied, then the connection is reset without an answer
    truncate              applied; the answer's body ends early and the connection is closed
    truncate-json         applied; the answer is valid HTTP, but half of its body is missing
    slow=SECONDS          applied; the answer's body is sent slowly over this time
    duplicate             applied twice; the client gets the second answer

Rules are tried in order, and all that match apply; the first one is nearest to the client.
"""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from exh_dev.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_TIMES = re.compile(r"(?P<rule>.*?)(?:\s*x(?P<times>[0-9]{1,9}))?", re.DOTALL)
_METHOD = re.compile(r"[A-Z]+|\*")
_STATUS = re.compile(r"(?P<status>[0-9]{3})(?:\+(?P<retry_after>[0-9]{1,9}))?")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")

_PLAIN = ("reset", "reset-after", "truncate", "truncate-json", "duplicate")
_TIMED = ("latency", "skew", "slow")
_MAY_SAY_RETRY_AFTER = (429, 503)  # RFC 6585, section 4; RFC 9110, section 10.2.3
_USUAL_HTML = 502  # what a load balancer answers with its own page
_WITHOUT_BODY = ("204", "205", "304")  # RFC 9110
_RIGHT = 'a right one is "PUT /data/*:503:0.3", "* /users/v1/*:latency=0.5" or "POST *:reset-after x2"'


@dataclass(frozen=True)
class Rule:
    """A parsed rule.

    Attributes:
        text: its source.
        method: HTTP method or `*`.
        path: glob over paths.
        fault: `status`, or the name of the fault.
        amount: seconds, or the HTTP status of `status` and `html`; otherwise 0.
        retry_after: seconds of the Retry-After header.
        probability: 0 to 1.
        times: how many matching requests are considered; None for all.
    """

    text: str
    method: str
    path: str
    fault: str
    amount: float = 0.0
    retry_after: int | None = None
    probability: float = 1.0
    times: int | None = None

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Parse a rule.

        Raises:
            UsageError: the rule is invalid; the message has valid examples.
        """
        try:
            return _parse(text)
        except ValueError as error:
            raise UsageError(f'the fault rule "{text}" cannot be used: {error}; {_RIGHT}') from None

    def matches(self, method: str, path: str) -> bool:
        """Return whether the rule applies to a request."""
        return self.method in ("*", method) and fnmatchcase(path, self.path)


class FaultRules:
    """The rules in force. They may be changed from any thread while requests are served."""

    def __init__(self, rules: Iterable[str] = (), *, chance: Callable[[], float] = random.random) -> None:
        """`chance` returns a random number in [0, 1).

        Raises:
            UsageError: a rule is invalid.
        """
        self._chance = chance
        self._in_force: tuple[RuleInForce, ...] = ()
        #: Whether rules may hold requests back.
        self.pausing = True
        self.add(*rules)

    @property
    def in_force(self) -> tuple[RuleInForce, ...]:
        """The rules in their order."""
        return self._in_force

    def add(self, *rules: str) -> None:
        """Append rules: all of them, or none if one is invalid.

        Raises:
            UsageError: a rule is invalid.
        """
        added = tuple(RuleInForce(Rule.parse(each), self._chance) for each in rules)
        self._in_force = (*self._in_force, *added)

    def remove(self, rule: RuleInForce) -> None:
        self._in_force = tuple(each for each in self._in_force if each is not rule)

    def clear(self) -> None:
        self._in_force = ()

    def end_pauses(self) -> None:
        """End all pauses, as the platform stops."""
        self.pausing = False


class RuleInForce:
    """A rule in force, which counts the requests that it matched and those that it disturbed."""

    def __init__(self, rule: Rule, chance: Callable[[], float]) -> None:
        self.rule = rule
        self.on = True
        self.matched = 0
        self.struck = 0
        self._chance = chance

    def strikes(self, method: str, path: str) -> bool:
        """Return whether to inject the fault into a request. Call it once for each request, which it counts."""
        if not self.on or self.matched == self.rule.times or not self.rule.matches(method, path):
            return False
        self.matched += 1
        # Not drawn when there is no choice, so that a seeded run does not depend on the rules without one.
        struck = self.rule.probability == 1 or self._chance() < self.rule.probability
        self.struck += struck
        return struck


def _parse(text: str) -> Rule:
    parts = _TIMES.fullmatch(text.strip())
    assert parts  # anything matches
    times = int(parts["times"]) if parts["times"] else None
    if times == 0:
        raise ValueError("x0 would never strike")
    method, _, rest = parts["rule"].partition(" ")
    path, colon, fault = rest.strip().partition(":")
    if not _METHOD.fullmatch(method.upper()):
        raise ValueError("it must begin with an HTTP method or *, and a space")
    if not path.startswith(("/", "*")):
        raise ValueError("after the method comes a path that begins with / or *")
    if not colon:
        raise ValueError("a colon and a fault must follow the path")
    fault, colon, chance = fault.partition(":")
    probability = _number("the probability", chance) if colon else 1.0
    if not 0 <= probability <= 1:
        raise ValueError(f"the probability is {chance}, not from 0 to 1")
    name, amount, retry_after = _fault(fault.strip())
    return Rule(text.strip(), method.upper(), path.rstrip("/") or "/", name, amount, retry_after, probability, times)


def _fault(text: str) -> tuple[str, float, int | None]:
    if match := _STATUS.fullmatch(text):
        status = _error_status(match["status"])
        if match["retry_after"] is None:
            return "status", status, None
        if status not in _MAY_SAY_RETRY_AFTER:
            raise ValueError(f"only 429 and 503 can say when to retry, {status} cannot")
        return "status", status, int(match["retry_after"])
    name, equals, amount = text.partition("=")
    if name in _PLAIN:
        if equals:
            raise ValueError(f"{name} takes no value")
        return name, 0, None
    if name == "html":
        return name, _page_status(amount) if equals else _USUAL_HTML, None
    if name in _TIMED:
        seconds = _number(f"{name} must be given as {name}=SECONDS; the value", amount)
        if seconds < 0 and name != "skew":
            raise ValueError(f"{name} cannot be negative")
        return name, seconds, None
    known = ", ".join(("a status from 400 to 599", "html", *(f"{each}=SECONDS" for each in _TIMED), *_PLAIN))
    raise ValueError(f'"{text}" is not a fault; use {known}')


def _number(what: str, text: str) -> float:
    number = float(text) if _NUMBER.fullmatch(text.strip()) else math.nan
    if not math.isfinite(number):
        raise ValueError(f'{what} "{text}" is not a number')
    return number


def _error_status(text: str) -> int:
    status = int(text)
    if not 400 <= status <= 599:
        raise ValueError(f"{status} is not an error; use a status from 400 to 599")
    return status


def _page_status(text: str) -> int:
    if not re.fullmatch("[2-5][0-9]{2}", text) or text in _WITHOUT_BODY:
        raise ValueError(f'"{text}" is not a status from 200 to 599 that can have a page')
    return int(text)
