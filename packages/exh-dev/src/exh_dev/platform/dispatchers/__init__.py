"""What is done when something happens: dispatchers, and the delivery of events to them."""
