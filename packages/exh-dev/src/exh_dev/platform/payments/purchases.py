"""Shared parts of the two local stores: parsing the bodies of their paths below `/_dev/`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from exh_dev.platform.http.bodies import Fields
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.storage.timestamps import LATEST

P = TypeVar("P")

#: Changes a purchase at a time in epoch seconds, with the request's body; returns the notification's type.
Changed = Callable[[P, float, Fields], str]

#: The member of a change that says whether the platform hears of it by a notification; it does by default.
DELIVER = "deliver"
OFFERS = ("free_trial", "introductory_pricing", "promotion")
_PERIOD = 30 * 86_400  # seconds
_LONGEST = 366 * 86_400


def period_of(fields: Fields) -> int:
    """Return how long a subscription is paid for at a time, `period` in seconds; 30 days by default.

    Raises:
        ErrorAnswer: 15.
    """
    period = fields.optional_integer("period")
    if period is not None and not 1 <= period <= _LONGEST:
        raise ErrorAnswer(15, f"The field period must be from 1 to {_LONGEST} seconds")
    return period or _PERIOD


def writable(seconds: float) -> float:
    """Return a time in epoch seconds if the stores' formats can represent it.

    Raises:
        ErrorAnswer: 27 when it is after the year 9999, as after some thousand renewals.
    """
    if seconds > LATEST:
        raise ErrorAnswer(27, "The subscription would be paid for until after the year 9999: buy another one")
    return seconds


def read_offer(fields: Fields) -> str | None:
    """Return the `offer` that a subscription is paid with.

    Raises:
        ErrorAnswer: 15.
    """
    offer = fields.optional_text("offer")
    if offer is not None and offer not in OFFERS:
        raise ErrorAnswer(15, f"The field offer must be one of {', '.join(OFFERS)}")
    return offer
