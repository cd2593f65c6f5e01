"""The `exh-dev` command line: commands, shared options, and output as text or JSON.

Commands only read arguments and print results; the work is done in the other rooms. No other room imports this one.
"""
