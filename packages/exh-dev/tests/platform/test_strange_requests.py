"""What a library refuses in its constructor, and names that no file can have, are no errors of the platform's own."""

import httpx
import pytest


@pytest.mark.parametrize("boundary", ["a" * 300, "a" * 257])
def test_a_boundary_that_is_too_long_is_refused(platform, boundary):
    from exh_dev.remote.client import client_of

    session = client_of(platform.environment()).oauth1_session()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = session.post(f"{platform.url}/files/v1/", data=b"x", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, 22)


@pytest.mark.parametrize("name", ["%00", "a" * 5000, "a%00.js", "style/" + "b" * 300 + ".css", "..%2f..%2fx.js"])
def test_a_name_that_no_file_can_have_is_not_there(platform, name):
    answer = httpx.get(f"{platform.url.replace('localhost', '127.0.0.1')}/_dev/static/{name}")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/files/v1/a%2Fb/details", "/files/v1/a%2fb/details", "/files/v1/..%2F..%2Fx/details", "/data/v1/a%2Fb/documents"],
)
def test_a_slash_in_a_name_parts_no_segments(platform, path):
    """What is not there is told of the name, and not of a path that nobody asked for."""
    from exh_dev.remote.client import client_of

    session = client_of(platform.environment()).oauth1_session()
    answer = session.get(f"{platform.url}{path}")
    assert answer.status_code in {400, 404, 405}
    assert answer.json()["name"] != "ENDPOINT_EXCEPTION"
