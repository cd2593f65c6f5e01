"""`exh-dev init`: create a project from this toolkit's template."""
