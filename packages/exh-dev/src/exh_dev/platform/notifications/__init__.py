"""The notification service, in its two versions. Notifications are stored; none is pushed to a device."""
