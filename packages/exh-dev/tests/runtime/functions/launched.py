import stat
import sys
from pathlib import Path


def how(event, context):
    main = sys.modules["__main__"]
    there = [Path(f"/dev/fd/{number}") for number in range(3, 64)]
    pipes = [str(each) for each in there if each.exists() and stat.S_ISFIFO(each.stat().st_mode)]
    return {
        "arguments": sys.argv[1:],
        "client": sys.argv[0],
        "main": [main.__name__, main.__spec__.name, main.__package__],
        "finders": [getattr(each, "__name__", type(each).__name__) for each in sys.meta_path],
        "pipes": pipes,
        "first": sys.path[0],
    }
