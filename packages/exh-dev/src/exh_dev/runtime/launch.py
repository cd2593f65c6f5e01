"""What a worker for Python runs before AWS's runtime client: it tells when the function's module begins to be imported.

It is run as the text of `python -c`, whose arguments are the handler and the number of a pipe. Nothing of it is left
when the module's code begins: `__main__`, `sys.argv` and the path are those of `python -m awslambdaric HANDLER`.
"""


def _launch() -> None:
    import os
    import runpy
    import sys
    import time

    handler, told = sys.argv[1], int(sys.argv.pop())
    first_module = handler.rpartition(".")[0].replace("/", ".").partition(".")[0]

    class Watch:
        """Finds nothing, and is gone as soon as somebody looks for the function's module."""

        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> None:  # noqa: ARG004
            if name == first_module:
                sys.meta_path.remove(Watch)
                os.write(told, b"%d" % time.monotonic_ns())
                os.close(told)

    sys.meta_path.insert(0, Watch)
    sys.path[0] = os.getcwd()  # noqa: PTH109 - pathlib is not the function's to pay for
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)


_launch()
