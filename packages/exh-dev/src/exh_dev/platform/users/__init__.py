"""The user service, `/users/v1`: users, their passwords and verification, and the roles they hold."""
