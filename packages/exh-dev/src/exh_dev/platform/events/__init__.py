"""The event service: events that services publish, and their subscriptions and deliveries."""
