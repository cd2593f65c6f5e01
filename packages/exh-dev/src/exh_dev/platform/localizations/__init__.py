"""The localization service, `/localizations/v1`: translations by key and language."""
