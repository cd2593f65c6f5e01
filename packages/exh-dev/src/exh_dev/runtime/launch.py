"""Bootstrap of a Python worker: report when the import of the function's module begins, then run AWS's runtime client.

It runs as `python -c SOURCE HANDLER PIPE`. It leaves no trace when the module's code begins: `__main__`, `sys.argv` and
the path are those of `python -m awslambdaric HANDLER`.
"""


def _launch() -> None:
    import os
    import runpy
    import sys
    import time

    handler, pipe = sys.argv[1], int(sys.argv.pop())
    first_module = handler.rpartition(".")[0].replace("/", ".").partition(".")[0]

    class Watch:
        """An import hook that finds nothing; it removes itself when the function's module is imported."""

        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> None:  # noqa: ARG004 - the signature that Python asks finders for
            if name == first_module:
                sys.meta_path.remove(Watch)
                os.write(pipe, b"%d" % time.monotonic_ns())
                os.close(pipe)

    sys.meta_path.insert(0, Watch)
    sys.path[0] = os.getcwd()  # noqa: PTH109 - pathlib is not the function's to pay for
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)


_launch()
