"""The toolkit for Extra Horizon tasks: what a developer needs and production must not carry."""

__version__ = "0.2.0"
