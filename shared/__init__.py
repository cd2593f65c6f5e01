"""What functions need at run time. This package goes whole into every bundle."""

__version__ = "0.1.0"
