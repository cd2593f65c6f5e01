"""File names of locks and their inputs; separate from `locks` because few commands read locks."""

LOCK = "requirements.txt"
INPUTS = "requirements.in"
