r"""Patterns of properties: regular expressions of JavaScript, by an engine of that language (`regress`).

The platform's services run on Node.js, and the official CLI checks schemas there too. A pattern is read with the flag
`u`, as JSON Schema asks for, or without it where it is none with it: `[\w-.]` and `\-` are in use.

An engine of this kind tries one way after the other, and can take longer than anybody waits: of `(a+)+$` and a text of
forty letters, hours. `most_steps` says how long that may be, from the look of a pattern.
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


_MANY = 20  # loops beside each other; more are no more hopeless


class PatternError(ValueError):
    """A text is no regular expression of JavaScript."""


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Regex:
    """Return a pattern, whose `find` looks for it in a text.

    Raises:
        PatternError: it is none.
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
    """Return whether a text has what a pattern describes. It may take any time: see `most_steps`.

    Raises:
        PatternError: it is no pattern.
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
    """Return an upper bound of what looking for a pattern takes, in steps of which an engine does millions a second.

    Args:
        pattern: one that `compiled` takes.
        length: of the text, in characters.

    Returns:
        The bound; infinite where a loop is in a loop, or alternatives are.
    """
    loops, starts = _shape(pattern)
    if math.isinf(loops):
        return math.inf
    return (len(pattern) + 1) * math.pow(length + 1, min(loops + starts, _MANY))
