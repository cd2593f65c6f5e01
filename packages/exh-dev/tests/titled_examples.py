"""Examples in docstrings."""

import re

#: A bold title, and below it the lines of the example.
TITLED = re.compile(r"^\*\*(.+)\*\*\n\n((?:(?: {4}.*)?\n)+)", re.MULTILINE)
