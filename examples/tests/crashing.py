"""Functions that crash between two calls of the platform, as when Lambda kills them, and what they leave behind."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count


class Crash(BaseException):
    """The process is gone."""


@contextmanager
def crashing_after(exh, calls):
    """`exh` answers this many calls; what follows the last of them never happens."""
    perform, answered = exh.session._perform, count(1)

    def perform_then_crash(call, finish):
        result = perform(call, finish)
        if next(answered) >= calls:
            if hasattr(result, "close"):  # an answer whose body was still to come
                result.close()
            raise Crash
        return result

    exh.session._perform = perform_then_crash
    try:
        yield
    finally:
        exh.session._perform = perform


def crash_at_every_call(run, new_client, prepare, state):
    """Run to the end once; then, prepared anew each time, crash after the first call, the second, …, and run again.

    Args:
        run: what to do with a client.
        new_client: makes the client that the function has.
        prepare: puts the platform into the state before.
        state: what is to be the same in the end; called after each complete run.

    Returns:
        How many crashes there were, and the state after each run again, the one without a crash first.
    """
    prepare()
    run(new_client())
    states = [state()]
    for calls in count(1):
        prepare()
        client = new_client()
        try:
            with crashing_after(client, calls):
                run(client)
        except Crash:
            run(new_client())
            states.append(state())
        else:
            return calls - 1, states
    raise AssertionError
