"""The profile service: medical profiles of patients."""
