"""The configuration service, `/configurations/v2`: data of the application, groups, users and patients."""
