"""Downloads: what ends up on disk, and what never does."""

import hashlib
import time
import traceback
import tracemalloc
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import StreamingResponse
from starlette.routing import Route

from exh_dev.serve.server import Server, listen
from exh_dev.sidefx import failures
from extrahorizon.deadline import Deadline
from extrahorizon.errors import DeadlineExceededError, PlatformUnreachableError
from extrahorizon.sidefx import APIError, DownloadError, download_build, newest_first
from extrahorizon.sidefx.transport import unlimited

ABC_MD5 = "900150983cd24fb0d6963f7d28e17f72"
NAME = "houdini-20.5.584-linux_x86_64_gcc11.2.tar.gz"
CDN = "https://cdn.example/b/?Expires=1&Signature=a~x-y_%7E&Key-Pair-Id=K"


def build_of(sidefx):
    return next(each for each in sidefx.builds if each.filename == NAME)


def download(api, tmp_path, **kwargs):
    return download_build(api, "houdini", "20.5", "584", "linux", directory=tmp_path, **kwargs)


def offering(**changes):
    """A service that offers one file at `CDN`, or what `changes` say."""
    offer = {"download_url": CDN, "filename": "a.bin", "size": 3, "hash": ABC_MD5} | changes
    asked = []
    offers = SimpleNamespace(get_daily_build_download=lambda *args: (asked.append(args), offer)[1])
    return SimpleNamespace(download=offers, timeout=None, remaining=unlimited, asked=asked)


def test_a_build_is_downloaded_under_its_name(api, sidefx, tmp_path):
    path = download(api, tmp_path)
    assert path == tmp_path / NAME
    assert path.read_bytes() == build_of(sidefx).content
    assert list(tmp_path.iterdir()) == [path]


def test_the_latest_production_build_has_a_name_of_its_own(api, tmp_path):
    path = download_build(api, "houdini", "20.5", "production", "linux_x86_64_gcc11.2", directory=tmp_path / "new")
    assert path == tmp_path / "new" / NAME


def test_a_build_number_may_be_a_number(api, tmp_path):
    assert download_build(api, "houdini", "20.5", 584, "linux", directory=tmp_path).name == NAME


def test_a_product_without_platforms_needs_none(api, tmp_path):
    path = download_build(api, "docker", "20.5", "production", directory=tmp_path)
    assert path.name == "Houdini20.5.584_Docker.zip"


def test_an_earlier_file_of_that_name_is_replaced(api, sidefx, tmp_path):
    (tmp_path / NAME).write_text("half of it")
    assert download(api, tmp_path).read_bytes() == build_of(sidefx).content


def test_an_expired_url_is_asked_for_again_once(api, sidefx, tmp_path):
    sidefx.url_lifetime = -1
    original = sidefx.functions["download.get_daily_build_download"]

    def offer(*args, **kwargs):
        answer = original(*args, **kwargs)
        sidefx.url_lifetime = 3600
        return answer

    sidefx.functions["download.get_daily_build_download"] = offer
    assert download(api, tmp_path).name == NAME
    assert len(sidefx.downloads) == 2
    assert len(set(sidefx.downloads)) == 2


def test_a_url_that_stays_expired_is_an_error(api, sidefx, tmp_path):
    sidefx.url_lifetime = -1
    with pytest.raises(APIError) as raised:
        download(api, tmp_path)
    assert str(raised.value) == f"403 the download of {NAME} was refused"
    assert len(sidefx.downloads) == len(sidefx.calls) == 2
    assert not list(tmp_path.iterdir())


def test_a_url_expires_by_the_clock(api, sidefx, clock, tmp_path):
    url = api.download.get_daily_build_download("houdini", "20.5", "584", "linux")["download_url"]
    assert f"Expires={int(clock.now) + 3600}&" in url
    clock.now += 3601
    assert not sidefx.is_signed(build_of(sidefx).id, {"Expires": url.split("Expires=")[1].split("&")[0]})


def test_the_url_is_sent_as_it_was_signed(http, tmp_path):
    http.get("https://cdn.example/b/", body=b"abc")
    download_build(offering(), "houdini", "20.5", "1", "linux", directory=tmp_path)
    sent = http.calls[0].request
    assert sent.url == CDN
    assert "Authorization" not in sent.headers
    assert sent.headers["Accept-Encoding"] == "identity"
    assert sent.req_kwargs["timeout"] == (5.0, 30.0)


@pytest.mark.parametrize("size", [2, 4, 0])
def test_a_wrong_size_leaves_nothing_behind(http, tmp_path, size):
    http.get("https://cdn.example/b/", body=b"abc")
    with pytest.raises(DownloadError, match=f"instead of the announced {size}"):
        download_build(offering(size=size), "houdini", "20.5", "1", "linux", directory=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_wrong_md5_leaves_nothing_behind(http, tmp_path):
    (tmp_path / "a.bin").write_bytes(b"earlier")
    http.get("https://cdn.example/b/", body=b"abd")
    with pytest.raises(DownloadError, match="the MD5 of a.bin is .* instead of the announced 9001509"):
        download_build(offering(), "houdini", "20.5", "1", "linux", directory=tmp_path)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"earlier"]


def test_an_md5_in_capitals_is_one_too(http, tmp_path):
    http.get("https://cdn.example/b/", body=b"abc")
    assert download_build(offering(hash=ABC_MD5.upper()), "h", "1", "1", directory=tmp_path).read_bytes() == b"abc"


def test_a_file_that_the_cdn_compresses_is_checked_as_it_is_sent(http, tmp_path):
    http.get("https://cdn.example/b/", body=b"abc", headers={"Content-Encoding": "gzip"})
    assert download_build(offering(), "h", "1", "1", directory=tmp_path).read_bytes() == b"abc"


@pytest.mark.parametrize(
    ("sent", "used"),
    [
        ("../../etc/passwd", "passwd"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:evil.exe", "evil.exe"),
        ("a/b/c.tar.gz", "c.tar.gz"),
        ("dir/", "dir"),
    ],
)
def test_only_the_last_part_of_a_filename_counts(http, tmp_path, sent, used):
    http.get("https://cdn.example/b/", body=b"abc")
    path = download_build(offering(filename=sent), "h", "1", "1", directory=tmp_path)
    assert path == tmp_path / used


@pytest.mark.parametrize("sent", ["", "..", ".", "/", "a/..", "a\x00b", "a\nb", None])
def test_an_invalid_file_name_is_refused(tmp_path, sent):
    with pytest.raises(DownloadError, match="filename"):
        download_build(offering(filename=sent), "h", "1", "1", directory=tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"download_url": "http://cdn.example/x"}, "https"),
        ({"download_url": "ftp://cdn.example/x"}, "https"),
        ({"download_url": "https://u:p@cdn.example/x"}, "https"),
        ({"download_url": None}, "https"),
        ({"size": "3"}, "size"),
        ({"size": -1}, "size"),
        ({"size": True}, "size"),
        ({"hash": "abc"}, "MD5"),
        ({"hash": None}, "MD5"),
    ],
)
def test_an_offer_that_cannot_be_used_is_refused(tmp_path, changes, message):
    with pytest.raises(DownloadError, match=message):
        download_build(offering(**changes), "h", "1", "1", directory=tmp_path)


def test_a_url_that_cannot_be_called_is_refused_without_quoting_it(tmp_path):
    offer = offering(download_url=f"https://{'a' * 70}.example/?Signature=zzz")
    with pytest.raises(PlatformUnreachableError, match="its URL cannot be called") as raised:
        download_build(offer, "h", "1", "1", directory=tmp_path)
    assert "zzz" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("answer", [None, [], "text", {}])
def test_an_answer_that_is_no_offer_is_refused(tmp_path, answer):
    api = SimpleNamespace(
        download=SimpleNamespace(get_daily_build_download=lambda *_: answer), timeout=None, remaining=unlimited
    )
    with pytest.raises(DownloadError):
        download_build(api, "h", "1", "1", directory=tmp_path)


def test_a_download_is_retried_after_a_failure_of_the_cdn(api, sidefx, tmp_path):
    sidefx.fail(failures.unavailable(), where="cdn")
    sidefx.fail(failures.cut_connection(), where="cdn")
    assert download(api, tmp_path).exists()


def test_other_refusals_of_the_cdn_are_named(api, sidefx, tmp_path):
    sidefx.fail(failures.Failure(404, b"not there"), where="cdn")
    with pytest.raises(APIError, match=f"404 the download of {NAME} was refused"):
        download(api, tmp_path)


def test_a_redirect_of_the_cdn_is_not_followed(api, sidefx, tmp_path):
    sidefx.fail(failures.redirect("https://other.example/?Signature=zzz"), where="cdn")
    with pytest.raises(PlatformUnreachableError, match="to https://other.example/, which is not followed") as raised:
        download(api, tmp_path)
    assert "Signature" not in str(raised.value)


# With a server that streams


def streaming(content, pause=0.0, length=None):
    seen = []

    def serve(request):
        seen.append(dict(request.headers))

        def body():
            for piece in content():
                time.sleep(pause)
                yield piece

        headers = {} if length is None else {"Content-Length": str(length)}
        return StreamingResponse(body(), headers=headers)

    sockets = listen()
    app = Starlette(routes=[Route("/f", serve)])
    return Server(app, sockets), f"http://localhost:{sockets[0].getsockname()[1]}/f?Signature=x", seen


@pytest.mark.slow
def test_a_large_file_is_streamed_to_disk(tmp_path):
    piece, count = bytes(1 << 20), 48
    digest = hashlib.md5(piece * count, usedforsecurity=False).hexdigest()
    server, url, seen = streaming(lambda: (piece for _ in range(count)))
    with server:
        tracemalloc.start()
        try:
            api = offering(download_url=url, size=len(piece) * count, hash=digest)
            path = download_build(api, "h", "1", "1", directory=tmp_path)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert path.stat().st_size == len(piece) * count
    assert peak < 16 << 20
    assert "authorization" not in seen[0]
    path.unlink()


@pytest.mark.slow
def test_a_download_ends_before_the_time_is_up(tmp_path):
    server, url, _ = streaming(lambda: (b"x" for _ in range(20)), pause=0.1)
    with server:
        api = offering(download_url=url, size=20)
        api.remaining = Deadline(0.4).remaining
        with pytest.raises(DeadlineExceededError):
            download_build(api, "h", "1", "1", directory=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_connection_lost_on_the_way_leaves_nothing_behind(tmp_path):
    server, url, _ = streaming(lambda: iter([b"x" * 1000]), length=5000)
    with server, pytest.raises(PlatformUnreachableError, match="ended before it was complete"):
        download_build(offering(download_url=url, size=5000), "h", "1", "1", directory=tmp_path)
    assert not list(tmp_path.iterdir())


# Order


def test_the_newest_is_first_by_numbers(api, sidefx):
    sidefx.sorted_as_text = True
    listed = api.download.get_daily_builds_list("houdini", version="20.5", platform="linux")
    assert [build["build"] for build in listed] == ["97", "613", "606", "584", "410"]
    assert [build["build"] for build in newest_first(listed)] == ["613", "606", "584", "410", "97"]


def test_versions_of_two_and_of_three_parts_are_sorted_by_version_and_then_by_build():
    named = [("20.5", "9999"), ("20.5.1", "2"), ("20.5.1", "10"), ("21.0", "1"), ("20.10", "5"), ("20.5.10", "1")]
    builds = [{"version": version, "build": number} for version, number in named]
    assert [(each["version"], each["build"]) for each in newest_first(builds)] == [
        ("21.0", "1"),
        ("20.10", "5"),
        ("20.5.10", "1"),
        ("20.5.1", "10"),
        ("20.5.1", "2"),
        ("20.5", "9999"),
    ]


@pytest.mark.parametrize(
    "build",
    [{"version": "20.5-beta", "build": "1"}, {"version": "20.5", "build": None}, {"build": "1"}, {"version": ""}],
)
def test_a_build_without_numbers_is_named(build):
    with pytest.raises(ValueError, match="^version .*, build .*: not made of numbers"):
        newest_first([{"version": "20.5", "build": "1"}, build])


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 20), st.integers(0, 2000))))
def test_builds_are_sorted_as_their_numbers_are(numbers):
    builds = [{"version": f"{major}.{minor}", "build": str(build)} for major, minor, build in numbers]
    ordered = [(*map(int, each["version"].split(".")), int(each["build"])) for each in newest_first(builds)]
    assert ordered == sorted(numbers, reverse=True)
