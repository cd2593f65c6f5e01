"""The platform's services: a package each, a module per group of operations, each imported when first touched.

Methods are named as in the official SDK, in snake_case. They take the ids and names of the path, then the body: its
members as keyword arguments in the platform's own spelling (`functionName=...`), or one positional argument where the
body is the caller's own data. A member that is None is omitted, except where a docstring gives null a meaning. RQL is a
builder or a string. Answers are plain dicts; the `TypedDict`s for them and for bodies are in the service's `types.py`,
which is not imported at run time.

Beyond what docstrings list, every method raises what a session raises: `ConfigurationError`, `PlatformError` (such as
`NoPermissionError` where a permission is missing), `PlatformUnreachableError` and `DeadlineExceededError`.
"""
