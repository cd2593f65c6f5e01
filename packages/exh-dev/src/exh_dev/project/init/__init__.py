"""`exh-dev init`: a project of one's own, made of this toolkit's template."""
