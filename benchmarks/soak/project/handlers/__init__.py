"""What a soak runs."""
