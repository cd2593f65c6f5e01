"""From `API_HOST` as people write it to the base URL that is called and signed."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from extrahorizon.errors import ConfigurationError

_EXPECTED = "expected the host of a cluster, such as https://api.dev.acme.extrahorizon.io"


def normalize_host(host: str) -> str:
    """Return the base URL the official SDK would use for `host`, so that one value works in every tool.

    One trailing slash is removed. A value with `localhost` in it is used unchanged. Any other loses a leading
    `http://` or `https://`, then one `api.`, then one `apx.`, and gets `https://api.` in front.
    """
    host = host.removesuffix("/")
    if "localhost" in host:
        return host
    bare = host.removeprefix("http://") if host.startswith("http://") else host.removeprefix("https://")
    return "https://api." + bare.removeprefix("api.").removeprefix("apx.")


def base_url(host: str) -> str:
    """Return the result of `normalize_host`, checked: the error says what to write instead.

    Raises:
        ConfigurationError: no scheme before localhost, no host name, or an IP address, which the
            normalisation of all official tools turns into a name that does not exist.
    """
    if "@" in host or any(character.isspace() for character in host):  # never quoted: it may be a password
        raise ConfigurationError(f"API_HOST holds a user name, a password or a space; {_EXPECTED}")
    url = normalize_host(host)
    try:
        parts = urlsplit(url)
        name, _port = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError(f"API_HOST is {host!r}, which is not a host or a URL; {_EXPECTED}") from None
    if parts.netloc.endswith(":"):  # what a second scheme, or half of one, leaves behind
        raise ConfigurationError(f"API_HOST is {host!r}, which is not a host or a URL; {_EXPECTED}")
    if parts.query or parts.fragment:
        raise ConfigurationError(f"API_HOST has a query or a fragment; {_EXPECTED}")
    if parts.scheme not in ("http", "https"):
        raise ConfigurationError(f"API_HOST is {host!r}: write the scheme too, such as http://{host}")
    if not name or name == "api.":
        raise ConfigurationError(f"API_HOST is {host!r}; {_EXPECTED}")
    if parts.scheme == "http" and name != "localhost":
        raise ConfigurationError(f"API_HOST is {host!r}: only localhost may be called without TLS; use https")
    if _is_address(name.removeprefix("api.")) or _is_address(name):
        raise ConfigurationError(
            f"API_HOST is {host!r}: Extra Horizon tools rewrite an IP address to {url}, which cannot exist. "
            "Write http://localhost:PORT for a platform on this machine"
        )
    return url


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
