"""The dispatcher service: dispatchers, and the delivery of events to them."""
