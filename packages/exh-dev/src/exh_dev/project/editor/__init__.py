"""What editors need to complete and check a project's own files: JSON Schemas, and settings that name them."""
