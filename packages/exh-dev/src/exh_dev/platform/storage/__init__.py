"""Storage: JSON documents in one SQLite database, RQL translated to SQL, lists and paging.

A service's collections and rules are in its own package; the contents of files are on disk, not here.
"""
