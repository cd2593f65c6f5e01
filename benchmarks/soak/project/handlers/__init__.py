"""Functions that the soak test runs."""
