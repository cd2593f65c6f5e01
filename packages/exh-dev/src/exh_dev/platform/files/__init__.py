"""The file service, `/files/v1`: uploads on disk, reached by their tokens."""
