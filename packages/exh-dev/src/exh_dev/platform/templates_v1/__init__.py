"""The template service, version 1: Velocity, rendered in a child process with a time limit."""
