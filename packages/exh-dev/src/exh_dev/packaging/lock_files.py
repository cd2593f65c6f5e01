"""The names of locks and of what they are made of; apart from reading them, for which few commands have a reason."""

LOCK = "requirements.txt"
INPUTS = "requirements.in"
