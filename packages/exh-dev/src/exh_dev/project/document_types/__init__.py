"""`exh-dev types`: Python types for the documents of a schema, generated and kept up to date."""
