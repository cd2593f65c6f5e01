"""The profile service: who patients are, apart from what the user service knows."""
