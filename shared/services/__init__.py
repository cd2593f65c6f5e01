"""The platform's services, a package each."""
