"""Secrets with a known format: tokens with their provider's prefix, private keys, passwords in URLs.

Each format is documented by its provider for scanners, or seen in its tokens. Patterns begin with literal characters
where the format has any, which makes the search for all of them fast.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from exh_dev.packaging.secret_values import words

if TYPE_CHECKING:
    from collections.abc import Iterator

_E = r"(?![A-Za-z0-9])"

#: Kind and pattern of each token.
_FORMS = (
    ("AWS Access Key", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}" + _E),
    ("AWS Secret Key", r"[Ss]ecret_?[Aa]ccess_?[Kk]ey[\"']?\s{0,9}[:=,|]?\s{0,9}[\"']?[A-Za-z0-9+/]{40}(?![\w+/=])"),
    ("AWS Bedrock key", r"ABSK[A-Za-z0-9+/]{100,}"),
    ("a GitHub token", r"gh[pousr]_[A-Za-z0-9]{30,}"),
    ("a GitHub token", r"github_pat_[A-Za-z0-9_]{40,}"),
    ("a GitLab token", r"gl(?:pat|ptt|rt|dt|cbt|soat|ft|imt|agent|oas|ffct)-[\w.-]{20,}"),
    ("a Bitbucket or Atlassian token", r"AT(?:ATT3|CTT3|BB)[\w=-]{20,}"),
    ("a Google API key", r"AIza[\w-]{35}" + _E),
    ("a Google OAuth secret", r"GOCSPX-[\w-]{20,}"),
    ("a Google OAuth token", r"ya29\.[\w-]{20,}|1//0[\w-]{30,}"),
    ("a Firebase server key", r"AAAA[\w-]{7}:[\w-]{100,}"),
    ("an Anthropic key", r"sk-ant-[\w-]{20,}"),
    ("an OpenAI key", r"sk-(?:proj|svcacct|admin)-[\w-]{20,}|sk-[A-Za-z0-9]{40,}" + _E),
    ("an OpenRouter key", r"sk-or-v1-[0-9a-f]{40,}"),
    ("a Hugging Face token", r"hf_[A-Za-z0-9]{30,}"),
    ("an AI provider's key", r"(?:gsk_|xai-|pplx-|r8_|nvapi-|fw_)[A-Za-z0-9_-]{30,}"),
    ("a Stripe key", r"[sr]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    ("a webhook's secret", r"whsec_[A-Za-z0-9+/=]{24,}"),
    ("a Slack token", r"xox[abeoprs](?:\.xox[a-z])?-[\w-]{10,}|xapp-\d-[\w-]{20,}"),
    ("a Slack webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/-]{20,}"),
    ("a Teams webhook", r"\.webhook\.office\.com/webhookb2/[\w@-]{30,}/IncomingWebhook/[0-9a-f]{20,}"),
    ("a Discord webhook", r"discord(?:app)?\.com/api/webhooks/\d{15,}/[\w-]{40,}"),
    ("a Discord bot token", r"[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}" + _E),
    ("a Telegram bot token", r"\d{8,10}:AA[\w-]{33}" + _E),
    ("an npm token", r"npm_[A-Za-z0-9]{36}"),
    ("a PyPI token", r"pypi-Ag[\w-]{50,}"),
    ("a RubyGems token", r"rubygems_[0-9a-f]{40,}"),
    ("a crates.io token", r"cio[A-Za-z0-9]{32}" + _E),
    ("a NuGet key", r"oy2[a-z0-9]{43}" + _E),
    ("a Docker token", r"dckr_(?:pat|oat)_[\w-]{20,}"),
    ("a Vault token", r"hv[sbr]\.[\w-]{20,}"),
    ("a Terraform token", r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{50,}"),
    ("a Pulumi token", r"pul-[0-9a-f]{40}"),
    ("a Doppler token", r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{30,}"),
    ("a 1Password token", r"ops_eyJ[\w-]{60,}"),
    ("a DigitalOcean token", r"do[opr]_v1_[0-9a-f]{40,}"),
    ("a Databricks token", r"dapi[0-9a-f]{32}"),
    ("a Snowflake or Heroku token", r"HRKU-[\w-]{30,}"),
    ("a Cloudflare token", r"cf(?:ut|at|k)_[A-Za-z0-9]{30,}|v1\.0-[0-9a-f]{24}-[0-9a-f]{100,}"),
    ("a Tailscale key", r"tskey-[a-z]+-[\w-]{16,}"),
    ("a Fly.io token", r"fo1_[\w-]{40,}|FlyV1 fm\d_[\w+/=-]{40,}"),
    ("a Netlify token", r"nfp_[A-Za-z0-9]{36}"),
    ("a PlanetScale token", r"pscale_(?:tkn|pw|oauth)_[\w.-]{30,}"),
    ("a Supabase key", r"sbp_[0-9a-f]{40}|sb_secret_[\w-]{20,}"),
    ("an Azure storage key", r"(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,}={0,2}"),
    ("an Azure signature", r"(?<=[?&;])sig=[A-Za-z0-9%+/]{40,}"),
    ("an Azure client secret", r"[\w~.-]{3}\dQ~[\w~.-]{31,34}"),
    ("a SendGrid key", r"SG\.[\w-]{16,32}\.[\w-]{16,64}"),
    ("a Mailgun key", r"key-[0-9a-f]{32}" + _E),
    ("a Mailgun key", r"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}" + _E),
    ("a Mailchimp key", r"[0-9a-f]{32}-us\d{1,2}" + _E),
    ("a Brevo key", r"xkeysib-[0-9a-f]{64}-\w{16}"),
    ("a Twilio key", r"(?:AC|SK)[0-9a-f]{32}" + _E),
    ("a Square token", r"sq0[a-z]{3}-[\w-]{22,}|EAAA[\w-]{56,}"),
    ("a Shopify token", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("a Sentry token", r"sntry[su]_[\w+/=-]{40,}"),
    ("a Grafana token", r"gl(?:c|sa)_[\w+/=-]{30,}"),
    ("a New Relic key", r"NR(?:AK|AL|II)-[\w-]{20,}"),
    ("a Linear key", r"lin_(?:api|oauth)_[A-Za-z0-9]{30,}"),
    ("a Notion token", r"ntn_[A-Za-z0-9]{40,}|secret_[A-Za-z0-9]{43}" + _E),
    ("an Airtable token", r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    ("a Figma token", r"fig[dou]_?[a-z]?_[\w-]{40,}|figd_[\w-]{30,}"),
    ("a Postman key", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    ("a SonarQube token", r"sq[pua]_[0-9a-f]{40}"),
    ("a CI token", r"(?:CCIPAT|CCIPRJ)_[\w]{40,}|bk(?:ua|at|ct)_[A-Za-z0-9]{30,}"),
    ("an Artifactory token", r"AKC[a-zA-Z0-9]{40,}|cmVmd[A-Za-z0-9]{50,}"),
    ("a Mapbox token", r"sk\.eyJ[\w-]{40,1000}+\.[\w-]{20,}"),
    ("a Facebook token", r"EAA[A-Z][A-Za-z0-9]{60,}"),
    ("an age key", r"AGE-SECRET-KEY-1[0-9A-Z]{50,}"),
    ("a JSON Web Token", r"eyJ[\w-]{10,1000}+\.eyJ[\w-]{10,4000}+\.[\w-]{10,}"),
)
_TAIL, _WORD = 30, 3.4  # characters at a token's end to compare with names in code; average length of a name's words
_DIFFERENT = 6  # minimum of different characters among the last 16 of a token; a placeholder has fewer
#: Base64 data, such as a picture or a font, before a match in it that is a coincidence.
_DATA = re.compile(r"[A-Za-z0-9+/\r\n]{59}[+/]")
#: The same for strings of a binary file, where any long run of such characters counts, except digits of a hash.
_LONG_DATA = re.compile(r"(?![0-9a-fA-F]{60})[A-Za-z0-9+/_\r\n-]{60}")
#: A digest, as in lists of files, before a match in it that is a coincidence.
_DIGEST = re.compile(r"\b(?:sha\d{1,3}|md5|blake2[bs])[=:-][\w+/-]{0,90}$", re.IGNORECASE)
_KEYS = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File-\d|b3BlbnNzaC1rZXktdjEA")
_JWK = re.compile(r"""["'](?:d|k)\\?["']\s*:\s*\\?["'][\w-]{40,}""")
_LOGIN = re.compile(r"(?<=[A-Za-z0-9])://([^\s/:@\"'<>`]{0,80}):([^\s/@\"'<>`]{3,200})@[\w.\-\[]")
#: A placeholder for a password in a URL: a variable, or a word such as `password`.
_NO_PASSWORD = re.compile(
    r"[${\[(]|[*.]+$|%(?:\w+%|\(|s(?!\w))|\W*(?:x{3,}|pass(?:word|wd)?|pwd|pw|secret|token|api_?key|key|user(?:name)?|example|change_?me|test|dummy)\W*$",
    re.IGNORECASE,
)


class Found(NamedTuple):
    """A place in a text that looks like a secret.

    Attributes:
        position: offset of its first character.
        kind: kind of secret, in words.
    """

    position: int
    kind: str


#: For formats that begin with no literal characters: a substring to look for before the slow search.
_PARTS = {
    "an Azure client secret": "Q~",
    "a Terraform token": ".atlasv1.",
    "a Telegram bot token": ":AA",
    "a Mailchimp key": "-us",
}


@cache
def _forms(*, is_text: bool) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Return the kind, required substring and pattern of each token. In binary files, other text may touch its end."""
    return tuple(
        (kind, _PARTS.get(kind, ""), re.compile(form if is_text else form.replace(_E, ""))) for kind, form in _FORMS
    )


def by_form(text: str, *, is_text: bool = True) -> Iterator[Found]:
    """Yield each place that looks like a provider's token, a private key, or a password in a URL.

    Args:
        text: text to search.
        is_text: it comes from a text file; in strings of a binary file, other text may touch a token.
    """
    for kind, part, pattern in _forms(is_text=is_text):
        if part not in text:
            continue
        for match in pattern.finditer(text):
            if _is_random(match[0]) and _stands_alone(text, match, is_text=is_text):
                yield Found(match.start(), kind)
    for match in _KEYS.finditer(text):
        yield Found(match.start(), "Private Key")
    if '"kty' in text or "'kty" in text:
        for match in _JWK.finditer(text):
            yield Found(match.start(), "Private Key")
    for match in _LOGIN.finditer(text):
        if match[2] != match[1] and not _NO_PASSWORD.match(match[2]):
            yield Found(match.start(), "a password in a URL")


def _stands_alone(text: str, match: re.Match[str], *, is_text: bool) -> bool:
    """Return whether a match is a token by itself, and not a part of a word, a digest or base64 data.

    A word boundary in the patterns would do a part of this, but makes the search take ten times as long.
    """
    begin = match.start()
    before = text[begin - 1 : begin]
    if _DIGEST.search(text, max(0, begin - 100), begin):
        return False
    if is_text or not (before.isalnum() or before == "_"):
        return not before.isalnum() and not _DATA.match(text, begin - 60, begin)
    return _is_no_name(match[0][-_TAIL:]) and not _LONG_DATA.match(text, begin - 60, begin)


def _is_no_name(token: str) -> bool:
    """Return whether a token has too many words, or only capitals, to be a name in code."""
    return len(token) / max(1, len(words(token))) < _WORD or token.isupper()


def _is_random(text: str) -> bool:
    """Return whether a string is neither a placeholder such as `ghp_xxxxxxxx…` nor a name in lowercase."""
    return len(set(text[-16:])) >= _DIFFERENT and (any(map(str.isdigit, text)) or any(map(str.isupper, text)))
