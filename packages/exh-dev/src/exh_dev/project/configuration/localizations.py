"""Localizations: a file `<LANGUAGE>.json` of keys and translations for each language; English is required."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from exh_dev.project.configuration.reading import Node, Problem, read_json

if TYPE_CHECKING:
    from pathlib import Path

KEY = re.compile(r"[a-z0-9_.-]{1,200}")
LANGUAGE = re.compile(r"[A-Z]{2}")
DEFAULT = "EN"


def read_localizations(folder: Path, problems: list[Problem]) -> dict[str, dict[str, str]]:
    """Return the translations of each key by language, and collect mistakes in `problems`."""
    texts: dict[str, dict[str, str]] = {}
    places: dict[str, Node] = {}
    for path in sorted(folder.iterdir()):
        language = path.stem.upper()
        if path.suffix != ".json":
            continue
        if not LANGUAGE.fullmatch(language):
            problems.append(Problem(path, "", "the name of a localization's file is a language of two letters"))
            continue
        node = read_json(path, problems)
        for key, member in node.entries(pattern=KEY, of="key").items() if node else ():
            text = member.text()
            if text is not None:
                texts.setdefault(key, {})[language] = text
                places.setdefault(key, member)
    for key, by_language in texts.items():
        if DEFAULT not in by_language:
            places[key].problem(f"the key has no translation in {DEFAULT}, the language that others fall back to")
    return texts
