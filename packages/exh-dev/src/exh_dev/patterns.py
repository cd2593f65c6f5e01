r"""JavaScript regular expressions for schema patterns, run by the engine `regress`.

The platform's services run on Node.js, and the official CLI checks schemas there too. A pattern is compiled with the
flag `u`, as JSON Schema requires, or without it if that fails: `[\w-.]` and `\-` are in use.

A backtracking engine can take hours: with `(a+)+$` and a string of forty letters, for example. `most_steps` estimates
the cost from the pattern.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

from regress import Regex, RegressError

from extrahorizon.characters import well_formed

_TOKEN = re.compile(
    r"""\\k<|\\[1-9]                            # what a group matched, once more
    |\\(?:[pPu]\{[^}]*\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)
    |\[(?:\\.|[^\]\\])*\]?                      # a class
    |(?P<open>\((?:\?(?:[:=!]|<[=!]|<\w+>))?)
    |(?P<close>\))
    |(?P<more>[*+]|\{\d+(?P<range>,\d*)?\})\??
    |(?P<maybe>\?\??)
    |(?P<either>\|)
    |.""",
    re.VERBOSE | re.DOTALL,
)


_MANY = 20  # adjacent loops; more do not change the verdict


class PatternError(ValueError):
    """The string is not a JavaScript regular expression."""


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Regex:
    """Compile a pattern.

    Raises:
        PatternError: it is not a valid pattern.
    """
    try:
        return Regex(pattern, "u")
    except RegressError:
        try:
            return Regex(pattern)
        except RegressError as error:
            raise PatternError(str(error)) from None
    except UnicodeEncodeError:
        raise PatternError("it has half of a surrogate pair") from None


def found_in(pattern: str, text: str) -> bool:
    """Return whether a pattern matches in a string. It may take any time: see `most_steps`.

    Raises:
        PatternError: it is not a valid pattern.
    """
    # Half of a surrogate pair is a character to JavaScript, which nothing but `.` and classes without it match.
    return compiled(pattern).find(well_formed(text)) is not None


@lru_cache(maxsize=512)
def _shape(pattern: str) -> tuple[float, int]:
    """Return how often loops of a pattern may be tried against each other (inf where one is in another), and starts."""
    loops, groups = 0, [False]  # of each open group, whether it has more than one way
    closed: bool | None = None  # of the group that has just ended
    for token in _TOKEN.finditer(pattern):
        if token["open"]:
            groups.append(False)
        elif token["close"]:
            closed = groups.pop() if len(groups) > 1 else False
            groups[-1] |= closed
            continue
        elif token["more"]:
            is_fixed = token["more"].startswith("{") and token["range"] is None
            if closed:
                return math.inf, 1
            if not is_fixed:
                loops += 1
                groups[-1] = True
        elif token["either"] or token["maybe"]:
            groups[-1] = True
        elif token[0].startswith((r"\k<", *(f"\\{digit}" for digit in range(1, 10)))):
            return math.inf, 1
        closed = None
    return loops, not pattern.startswith("^")


def most_steps(pattern: str, length: int) -> float:
    """Return an upper bound of the matching cost, in steps; an engine does millions a second.

    Args:
        pattern: one that `compiled` takes.
        length: of the string, in characters.

    Returns:
        The bound; infinite where a loop is in a loop, or alternatives are.
    """
    loops, starts = _shape(pattern)
    if math.isinf(loops):
        return math.inf
    return (len(pattern) + 1) * math.pow(length + 1, min(loops + starts, _MANY))
