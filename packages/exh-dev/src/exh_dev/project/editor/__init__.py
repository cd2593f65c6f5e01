"""Editor support for a project's files: JSON Schemas, and settings that refer to them."""
