"""The local SideFX behaves as the real one is known to: its functions, its forms, and what it refuses."""

import base64
import hashlib
import json
import time

import pytest
import requests

from exh_dev.sidefx import LocalSideFX, failures
from extrahorizon.sidefx import APIError

FIELDS = {"product", "platform", "version", "build", "date", "release", "status"}


def post(url, **kwargs):
    return requests.post(url, timeout=5, allow_redirects=False, **kwargs)


@pytest.fixture
def bearer(sidefx):
    return {"Authorization": f"Bearer {sidefx.new_token()[0]}"}


def builds(api, *args, **kwargs):
    return [
        (each["version"], each["build"], each["platform"])
        for each in api.download.get_daily_builds_list(*args, **kwargs)
    ]


# The token endpoint


def basic(text):
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


@pytest.mark.parametrize("kwargs", [{}, {"data": {"grant_type": "client_credentials"}}])
def test_a_token_is_given_for_an_empty_body_and_for_a_grant_type(url, sidefx, kwargs):
    answer = post(
        f"{url}/_sidefx/oauth2/application_token", headers=basic("client-id-Zq81:client/secret+é:Xy27"), **kwargs
    )
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 43_200
    assert answer.json()["token_type"] == "Bearer"
    assert sidefx.knows_token(f"bearer {answer.json()['access_token']}")


@pytest.mark.parametrize("headers", [{}, basic("client-id-Zq81:wrong"), basic("é"), {"Authorization": "Basic %%"}])
def test_a_wrong_client_gets_no_token(url, headers):
    answer = post(f"{url}/_sidefx/oauth2/application_token", headers=headers)
    assert (answer.status_code, answer.text) == (403, "Invalid client id or client secret")


def test_other_grants_are_refused(url):
    headers = basic("client-id-Zq81:client/secret+é:Xy27")
    answer = post(f"{url}/_sidefx/oauth2/application_token", headers=headers, data={"grant_type": "password"})
    assert answer.status_code == 400


def test_a_malformed_form_gets_no_token(url):
    headers = {**basic("client-id-Zq81:client/secret+é:Xy27"), "Content-Type": "multipart/form-data; boundary=b"}
    answer = post(f"{url}/_sidefx/oauth2/application_token", headers=headers, data=b"no parts")
    assert (answer.status_code, answer.text) == (400, "Malformed form: Invalid multipart data.")


def test_a_new_token_does_not_end_the_one_before(sidefx, clock):
    first, lifetime = sidefx.new_token()
    second, _ = sidefx.new_token()
    assert sidefx.knows_token(f"Bearer {first}")
    assert sidefx.knows_token(f"Bearer {second}")
    clock.now += lifetime
    assert not sidefx.knows_token(f"Bearer {first}")


# The API endpoint


@pytest.mark.parametrize("path", ["/_sidefx/api/", "/_sidefx/api"])
def test_the_endpoint_answers_with_and_without_a_slash(url, bearer, path):
    call = json.dumps(["bugs.get_submission_options", [], {}])
    answer = post(url + path, headers=bearer, data={"json": call})
    assert set(answer.json()) == {"os", "products", "categories"}


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}])
def test_a_call_needs_a_token(url, headers):
    assert post(f"{url}/_sidefx/api/", headers=headers, data={"json": "[]"}).status_code == 401


def test_both_encodings_of_a_form_are_read(url, bearer, sidefx):
    sidefx.functions["echo"] = lambda *args, **kwargs: [args, {name: str(value) for name, value in kwargs.items()}]
    call = json.dumps(["echo", ["é"], {"a": 1}], ensure_ascii=False)
    for files in (None, {"f": ("n.bin", b"\r\n\x00")}):
        answer = post(f"{url}/_sidefx/api/", headers=bearer, data={"json": call}, files=files).json()
        assert answer[0] == ["é"]
        assert answer[1]["a"] == "1"
    assert answer[1]["f"] == str(b"\r\n\x00")


@pytest.mark.parametrize("files", [None, {"f": ("n.bin", b"")}])
def test_arguments_may_have_megabytes(url, bearer, sidefx, files):
    sidefx.functions["length"] = lambda text, f=b"": len(text)
    call = json.dumps(["length", ["a" * 2_000_000], {}])
    assert post(f"{url}/_sidefx/api/", headers=bearer, data={"json": call}, files=files).json() == 2_000_000


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"json": ["ping", [], {}]},
        {"data": {"json": "no json"}},
        {"data": {"json": "[]"}},
        {"data": {"json": '["ping", [], []]'}},
        {"data": {"json": '["ping", 1, {}]'}},
        {"data": b"json=\xff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"data": b"--b", "headers": {"Content-Type": "multipart/form-data"}},
        {"data": b"no parts", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
    ],
)
def test_a_body_that_is_not_a_call_is_refused(url, bearer, kwargs):
    headers = {**bearer, **kwargs.pop("headers", {})}
    assert post(f"{url}/_sidefx/api/", headers=headers, **kwargs).status_code == 400


@pytest.mark.parametrize(
    ("args", "kwargs", "message"),
    [
        ((), {}, "missing a required argument: 'product'"),
        (("houdini", "20.5", "linux", True, 1), {}, "too many positional arguments"),
        (("houdini",), {"prodcut": 1}, "unexpected keyword argument 'prodcut'"),
        (("houdini",), {"product": "houdini"}, "multiple values for argument 'product'"),
    ],
)
def test_arguments_are_bound_as_python_binds_them(api, sidefx, args, kwargs, message):
    with pytest.raises(APIError) as raised:
        api.download.get_daily_builds_list(*args, **kwargs)
    assert raised.value.http_code == 500
    assert raised.value.args[0].startswith("Traceback (most recent call last):")
    assert message in raised.value.args[0]
    assert sidefx.calls == []


def test_a_function_that_does_not_exist_is_a_traceback(api):
    with pytest.raises(APIError, match="There is no function 'download.get_builds'"):
        api.download.get_builds()


def test_bytes_are_a_binary_result(api, sidefx):
    sidefx.functions["hpack.reserve_package_name"] = lambda name: name.encode()
    with api.hpack.reserve_package_name("abc") as file:
        assert file.read() == b"abc"


# Builds


def test_entries_are_texts_with_exact_platforms(api):
    listed = api.download.get_daily_builds_list("houdini")
    assert all(set(each) == FIELDS for each in listed)
    assert all(isinstance(value, str) for each in listed for value in each.values())
    assert not {each["platform"] for each in listed} & {"linux", "win64", "macos", "macosx_arm64"}


def test_a_family_selects_several_platforms(api):
    assert builds(api, "houdini", "20.0", "linux", True) == [
        ("20.0", build, platform)
        for build in ("896", "724")
        for platform in ("linux_x86_64_gcc9.3", "linux_x86_64_gcc11.2")
    ]
    assert builds(api, "houdini", "20.0", "linux_x86_64_gcc9.3", True) == [
        ("20.0", build, "linux_x86_64_gcc9.3") for build in ("896", "724")
    ]
    assert {each[2] for each in builds(api, "houdini", platform="macos")} == {"macosx_x86_64_clang12.0_11"}
    assert builds(api, "houdini", platform="nextstep") == []


def test_versions_are_one_or_several(api):
    assert {each[0] for each in builds(api, "houdini", version="20.5")} == {"20.5"}
    assert {each[0] for each in builds(api, "houdini", version=["20.0", "20.5"])} == {"20.0", "20.5"}
    assert builds(api, "houdini", version="12.1") == []
    assert builds(api, "houdini", version=None) == builds(api, "houdini")


@pytest.mark.parametrize("version", [20.5, [20.5], {"a": 1}])
def test_a_version_is_a_text(api, version):
    with pytest.raises(APIError, match="422 version must be a string"):
        api.download.get_daily_builds_list("houdini", version)


def test_only_production_builds_are_gold(api):
    listed = api.download.get_daily_builds_list("houdini", only_production=True)
    assert {each["release"] for each in listed} == {"gold"}
    assert {each["status"] for each in api.download.get_daily_builds_list("houdini")} == {"good", "bad"}


@pytest.mark.parametrize("product", ["docker", "sidefxlabs"])
def test_products_without_platforms_ignore_both_filters(api, product):
    everything = builds(api, product)
    assert everything
    assert builds(api, product, platform="linux", only_production=True) == everything


def test_builds_are_newest_first(api, sidefx):
    listed = [tuple(map(int, (*each[0].split("."), each[1]))) for each in builds(api, "docker")]
    assert listed == sorted(listed, reverse=True)
    sidefx.sorted_as_text = True
    assert builds(api, "docker", "20.5")[0][1] == "97"


def test_an_unknown_product_is_refused(api):
    with pytest.raises(APIError, match="422 There is no product 'houdinii'"):
        api.download.get_daily_builds_list("houdinii")


@pytest.mark.slow
def test_every_build_can_be_downloaded_as_announced(api, sidefx):
    for build in sidefx.builds:
        platform = build.platform or None
        offer = api.download.get_daily_build_download(build.product, build.version, str(build.build), platform)
        assert (offer["filename"], offer["releases_list"]) == (build.filename, build.release)
    content = requests.get(offer["download_url"], timeout=5).content
    assert len(content) == offer["size"]
    assert hashlib.md5(content, usedforsecurity=False).hexdigest() == offer["hash"]
    assert len({build.filename for build in sidefx.builds}) == len(sidefx.builds)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("houdini", "20.5", "1", "linux"), "There is no build 20.5.1"),
        (("houdini", "20.5", "584", "linux_x86_64_gcc9.3"), "There is no build"),
        (("houdini", "20.5", "584"), "platform is needed"),
        (("houdini", 20.5, "584", "linux"), "version must be a string"),
    ],
)
def test_an_unknown_build_is_refused(api, args, message):
    with pytest.raises(APIError, match=message):
        api.download.get_daily_build_download(*args)


def test_the_catalogue_is_the_same_every_time(sidefx, clock):
    again = LocalSideFX("a", "b", clock)
    assert again.builds == sidefx.builds
    build = next(build for build in again.builds if build.filename == "Houdini20.5.584_Docker.zip")
    assert (len(build.content), build.md5) == (297_165, "5df8b06419c36979d7c8ad547a3c3b78")


@pytest.mark.parametrize("change", ["Expires=4102444800", "Signature=AAAA"])
def test_a_url_that_was_changed_is_refused(api, change):
    offered = api.download.get_daily_build_download("docker", "20.5", "production")["download_url"]
    name = change.partition("=")[0]
    path, _, query = offered.partition("?")
    changed = "&".join(change if each.startswith(name) else each for each in query.split("&"))
    assert requests.get(f"{path}?{changed}", timeout=5).status_code == 403
    assert requests.get(path, timeout=5).status_code == 403
    assert requests.get(offered, timeout=5).status_code == 200


# Licences, changelog, bugs


def test_licences_have_the_fields_of_real_ones(api, sidefx):
    answer = api.license.get_non_commercial_license("render01", "12345678", "20.5", "HOUDINI-NC;RENDER-NC")
    assert sidefx.licenses_issued == len(answer["license_keys"]) == 2
    word, _, product, version, count, expiry, _mask, host, number, _signature = answer["license_keys"][0].split()
    assert (word, product, version, count, host) == ("LICENSE", "Houdini-Master-NonCommercial", "20.5", "1", "render01")
    assert expiry == "15-jul-2025"
    assert len(number) == 8
    assert answer["server_key"].startswith("SERVER render01 ")


def test_a_licence_without_version_is_for_the_latest(api):
    keys = api.license.get_non_commercial_license(server_name="a", server_code="1", products="RENDER-NC")[
        "license_keys"
    ]
    assert " 20.5 " in keys[0]


@pytest.mark.parametrize(
    ("version", "products", "status"), [("9.0", "HOUDINI-NC", 422), ("20.5", "FX", 422), ("20.5", ["RENDER-NC"], 422)]
)
def test_licences_for_anything_else_are_refused(api, version, products, status):
    with pytest.raises(APIError) as raised:
        api.license.get_non_commercial_license("a", "1", version, products)
    assert raised.value.http_code == status


def test_products_are_needed_for_a_licence(api):
    with pytest.raises(APIError, match="missing 1 required argument: 'products'"):
        api.license.get_non_commercial_license("a", "1")


def test_the_changelog_is_of_the_last_seven_days(api):
    entries = api.changelog.get_latest_changelog_entries("20.5")
    assert [entry["build"] for entry in entries] == [613, 606]
    assert entries[0]["title"] == "20.5.613: Fixed a crash when loading very o..."
    assert (entries[0]["version"], entries[0]["pubdate"]) == ("20.5.613", "2025/06/15")
    assert api.changelog.get_latest_changelog_entries("20.0") == []


def test_an_issue_is_stored(api, sidefx, issue):
    assert api.bugs.submit_issue(**issue, custom_id="mine") == {"id": 1, "custom_id": "mine"}
    assert sidefx.issues == [{**issue, "watchers": None, "custom_id": "mine"}]


@pytest.mark.parametrize(
    "change",
    [
        {"priority": "SEV6"},
        {"type": "wish"},
        {"os": "BeOS"},
        {"product": "x"},
        {"category": "x"},
        {"version": "20.5"},
        {"summary": "x" * 101},
    ],
)
def test_an_issue_that_is_not_one_is_refused(api, sidefx, issue, change):
    with pytest.raises(APIError, match=f"422 {next(iter(change))} must"):
        api.bugs.submit_issue(**{**issue, **change})
    assert sidefx.issues == []


# Failures


def test_failures_come_once_or_as_often_as_asked_in_order(url, bearer, sidefx):
    sidefx.fail(failures.unavailable(), times=2)
    sidefx.fail(failures.rate_limited("5"))
    call = {"json": json.dumps(["bugs.get_submission_options", [], {}])}
    answers = [post(f"{url}/_sidefx/api/", headers=bearer, data=call) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 503, 429, 200]
    assert answers[2].headers["Retry-After"] == "5"


@pytest.mark.slow
def test_a_slow_answer_is_late(url, bearer, sidefx):
    sidefx.fail(failures.slow(0.3))
    started = time.monotonic()
    call = {"json": json.dumps(["bugs.get_submission_options", [], {}])}
    assert post(f"{url}/_sidefx/api/", headers=bearer, data=call).ok
    assert time.monotonic() - started >= 0.3


def test_a_cut_connection_is_no_answer_at_all(url, bearer, sidefx, issue):
    sidefx.fail(failures.cut_connection())
    with pytest.raises(requests.ConnectionError):
        post(f"{url}/_sidefx/api/", headers=bearer, data={"json": json.dumps(["bugs.submit_issue", [], issue])})
    assert len(sidefx.issues) == 1
