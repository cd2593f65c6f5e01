"""The auth service, `/auth/v2`: logins, the tokens they earn, and the applications they are earned through."""
