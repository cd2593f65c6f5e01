"""One module per function: what it does, and nothing about how it is called."""
