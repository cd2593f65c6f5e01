"""The log service, `/logs/v1`: the latest requests to the platform, from all callers."""
