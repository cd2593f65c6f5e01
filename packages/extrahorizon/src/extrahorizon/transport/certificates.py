"""CA bundles and client certificates. They are checked when a client is created, not at its first request."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from extrahorizon.errors import ConfigurationError

if TYPE_CHECKING:
    import ssl

#: certifi's certificates as one file each, named by OpenSSL's hash of the subject; `exh-dev build` puts them into a
#: bundle. Parsing all of certifi takes 15 ms of a cold start; OpenSSL finds a single one by its name at once.
AUTHORITIES = os.path.join(os.path.dirname(__file__), "authorities")  # noqa: PTH118, PTH120 - pathlib is not loaded
_PEM = b" CERTIFICATE-----"  # after BEGIN, BEGIN X509 or BEGIN TRUSTED


def checked_ca(verify: bool | str | None) -> bool | str:
    """Return which CA certificates to trust: `verify`, else the path in the environment, else True for certifi's.

    A file is only searched for a PEM header: to parse the bundle of an operating system takes 15 ms.

    Raises:
        ConfigurationError: the file or folder does not exist, or the file holds no certificate in PEM.
        TypeError: `verify` is neither a path nor a boolean.
    """
    if isinstance(verify, bool):
        return verify
    if verify is not None and not isinstance(verify, str):
        raise TypeError(f"verify is a boolean or the path of a CA bundle, not a value of type {type(verify).__name__}")
    path = verify or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if not path:
        return True
    if not os.path.isdir(path):  # noqa: PTH112 - pathlib is not loaded
        source = "verify" if verify else "REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE"
        if _PEM not in _content(path, source):
            raise ConfigurationError(f"{source} names {path}, which holds no certificate in PEM")
    return path


def checked_cert(cert: str | tuple[str, str] | None) -> str | tuple[str, str] | None:
    """Return a client certificate, after loading it once to check it.

    Raises:
        ConfigurationError: a file cannot be read, is not a certificate with its key, or the key needs a password.
        TypeError: `cert` is neither a path nor a tuple of two.
    """
    if cert is None:
        return None
    files = [cert] if isinstance(cert, str) else list(cert)
    if not 1 <= len(files) <= 2 or not all(isinstance(each, str) for each in files):
        raise TypeError("cert is the path of a client certificate, or a tuple of it and its key")
    import ssl

    show(cert, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    return cert


def show(cert: str | tuple[str, str], context: ssl.SSLContext) -> None:
    """Load a client certificate and its key into a TLS context.

    Raises:
        ConfigurationError: a file cannot be read, is not a certificate with its key, or the key needs a password.
    """
    files = [cert] if isinstance(cert, str) else list(cert)
    for path in files:
        _content(path, "cert")
    try:
        # `str` returns an empty password: without it OpenSSL prompts on the terminal for the one of an encrypted key.
        context.load_cert_chain(files[0], files[-1], password=str)
    except (OSError, ValueError) as error:
        reason = "are not a certificate and its key in PEM, or the key is encrypted"
        raise ConfigurationError(f"cert names {' and '.join(files)}, which {reason}") from error


def trusting(verify: bool | str) -> ssl.SSLContext:
    """Return a TLS context that trusts the given certificates.

    Args:
        verify: the path of a CA bundle or folder; True for certifi's, from the folder `AUTHORITIES` if it exists;
            False to accept any certificate.

    Raises:
        ConfigurationError: a bundle cannot be read.
    """
    import ssl

    if verify is True and os.path.isdir(AUTHORITIES):  # noqa: PTH112 - pathlib is not loaded
        verify = AUTHORITIES
    if isinstance(verify, str) and os.path.isdir(verify):  # noqa: PTH112 - pathlib is not a cold start's to pay for
        return ssl.create_default_context(capath=verify)
    if verify:
        import certifi

        bundle = verify if isinstance(verify, str) else certifi.where()
        try:
            return ssl.create_default_context(cafile=bundle)
        except OSError as error:
            raise ConfigurationError(f"the CA bundle {bundle} cannot be read") from error
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _content(path: str, source: str) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib is not loaded
            return file.read()
    except FileNotFoundError:
        raise ConfigurationError(f"{source} names {path}, which does not exist") from None
    except OSError as error:
        raise ConfigurationError(f"{source} names {path}, which cannot be read ({error.strerror})") from None
