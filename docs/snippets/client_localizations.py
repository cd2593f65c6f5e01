from extrahorizon.client import ExtraHorizon


def texts(exh: ExtraHorizon, language: str, keys: list[str]) -> dict[str, str]:
    """The texts of these keys: in this language, else in English, else the key itself."""
    found = exh.localizations.get_by_keys(localizations=keys, localization_codes=[language])
    return {key: found.get(key, {}).get(language) or found.get(key, {}).get("EN", key) for key in keys}


def add_texts(exh: ExtraHorizon, english: dict[str, str]) -> list[str]:
    """Add English texts. Returns the keys that were there already, and were left as they are."""
    made = exh.localizations.create(localizations=[{"key": key, "text": {"EN": text}} for key, text in english.items()])
    return made.get("existing_ids", [])
