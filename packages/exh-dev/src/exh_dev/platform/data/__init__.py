"""The data service, `/data/v1`: schemas, and documents that move through their statuses."""
