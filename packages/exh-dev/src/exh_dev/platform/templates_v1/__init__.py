"""The template service, version 1."""
