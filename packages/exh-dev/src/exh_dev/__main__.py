"""`python -m exh_dev`, and the command `exh-dev`.

It imports only what it needs to exit quietly, so that Ctrl-C while the command loads prints no traceback.
"""

import gc
import os
import signal

#: New objects between two looks for garbage while the command is loaded: hundreds of modules make none.
_WHILE_LOADING = 50_000
INTERRUPTED = 130  # 128 and the number of SIGINT, as a shell has it


def main() -> None:
    """Load the command line, and run it."""
    usual = signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))  # nothing is open yet
    gc.set_threshold(_WHILE_LOADING)
    from exh_dev.cli.main import main as run

    signal.signal(signal.SIGINT, usual)
    run()


if __name__ == "__main__":
    main()
