import pytest

from extrahorizon.errors import ConfigurationError
from extrahorizon.hosts import base_url, normalize_host

SCHEMES = ["", "https://", "http://", "HTTPS://", "ftp://"]
HOSTS = ["acme.io", "localhost", "localhost:99999", "[::1", "127.0.0.1"]


@pytest.mark.parametrize(
    ("written", "called"),
    [
        ("https://api.dev.acme.extrahorizon.io", "https://api.dev.acme.extrahorizon.io"),
        ("https://api.dev.acme.extrahorizon.io/", "https://api.dev.acme.extrahorizon.io"),
        ("https://api.dev.acme.extrahorizon.io//", "https://api.dev.acme.extrahorizon.io/"),
        ("dev.acme.extrahorizon.io", "https://api.dev.acme.extrahorizon.io"),
        ("http://dev.acme.extrahorizon.io", "https://api.dev.acme.extrahorizon.io"),
        ("apx.dev.acme.extrahorizon.io", "https://api.dev.acme.extrahorizon.io"),
        ("api.apx.acme.io", "https://api.acme.io"),
        ("https://apx.api.foo.io", "https://api.api.foo.io"),
        ("HTTPS://acme.io", "https://api.HTTPS://acme.io"),
        ("acme.io/some/path", "https://api.acme.io/some/path"),
        ("http://127.0.0.1:8080", "https://api.127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://localhost:8080/", "http://localhost:8080"),
        ("localhost:8080", "localhost:8080"),
        ("https://api.localhost.acme.io", "https://api.localhost.acme.io"),
    ],
)
def test_a_host_becomes_the_base_url_that_the_official_sdk_would_use(written, called):
    assert normalize_host(written) == called


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080", "http://localhost:PORT"),
        ("[::1]:8080", "http://localhost:PORT"),
        ("HTTPS://acme.io", "not a host or a URL"),
        ("https://", "not a host or a URL"),
        ("", "the host of a cluster"),
        ("https://acme .io", "the host of a cluster"),
        ("https://acme.io?token=s3cret", "a query or a fragment"),
        ("https://acme.io#s3cret", "a query or a fragment"),
        *((f"{start}user:s3cret@{end}", "a password") for start, end in zip(SCHEMES, HOSTS, strict=True)),
        ("http://localhost.evil.example", "use https"),
        ("http://evil.example/localhost", "use https"),
        ("ftp://localhost", "write the scheme"),
        ("http://localhost:99999", "not a host or a URL"),
    ],
)
def test_a_host_that_can_never_be_called_is_refused_with_what_to_write_instead(written, advice):
    with pytest.raises(ConfigurationError, match="API_HOST (is|has|holds)") as refusal:
        base_url(written)
    assert advice in str(refusal.value)
    assert "s3cret" not in str(refusal.value)
