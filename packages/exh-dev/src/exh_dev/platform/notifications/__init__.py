"""The notification service, in its two versions. Notifications are kept; nothing is pushed to a device."""
