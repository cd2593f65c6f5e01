"""Which endpoint answers: the first route that takes the path and the method, as with Starlette's router."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from starlette.routing import Route as StarlettesRoute

from exh_dev.platform.http.routing import Route, Routing


async def endpoint(_):
    return Response()


def answering(routes, method, path):
    """The number of the route that answers and the parameters, or the HTTP status of an error."""
    chosen = []

    def noting(number):
        async def note(request):
            chosen.append((number, request.path_params))
            return Response()

        return note

    async def send(_):
        pass

    routing = Routing(Route(path, noting(number), methods=methods) for number, (path, methods) in enumerate(routes))
    try:
        asyncio.run(routing({"type": "http", "method": method, "path": path}, None, send))
    except HTTPException as error:
        return error.status_code
    return chosen[0]


def starlettes(routes, method, path):
    partial = False
    for number, (each, methods) in enumerate(routes):
        route = StarlettesRoute(each, endpoint, methods=methods)
        match, scope = route.matches({"type": "http", "method": method, "path": path})
        if match is Match.FULL:
            return number, scope["path_params"]
        partial |= match is Match.PARTIAL
    return 405 if partial else 404


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/users/v1/nobody/knows", 404),
        ("PUT", "/users/v1/me", 405),
        ("GET", "/users/v1/", 404),  # a parameter takes no empty text
        ("GET", "/mails/1/a", 404),
        ("GET", "/mails/1/²", 404),
        pytest.param("GET", f"/mails/1/{'9' * 5_000}", 404, id="more digits than Python reads"),
        ("GET", "/users/v1/me", (1, {})),
        ("DELETE", "/users/v1/me", (2, {"id": "me"})),
        ("HEAD", "/users/v1/a b", (0, {"id": "a b"})),
        ("GET", "/mails/1/07", (3, {"id": "1", "number": 7})),
        ("POST", "/static/", (4, {"path": ""})),
        ("POST", "/static/a//b/", (4, {"path": "a//b/"})),
    ],
)
def test_the_first_that_takes_path_and_method_answers(method, path, expected):
    routes = [
        ("/users/v1/{id}", ["HEAD"]),
        ("/users/v1/me", ["GET"]),
        ("/users/v1/{id}", ["GET", "DELETE"]),
        ("/mails/{id}/{number:int}", ["GET"]),
        ("/static/{path:path}", ["POST"]),
    ]
    assert answering(routes, method, path) == expected


TEXTS = st.sampled_from(["a", "b", "1", "", "12"])
SEGMENTS = st.one_of(TEXTS, st.sampled_from(["{x}", "{y:int}"]))
METHODS = st.sampled_from(["GET", "PUT", "DELETE"])


@st.composite
def paths(draw):
    segments = draw(st.lists(SEGMENTS, min_size=1, max_size=3))
    named = [each.replace("{", f"{{p{number}") for number, each in enumerate(segments)]
    return "/" + "/".join([*named, *draw(st.sampled_from([[], ["{rest:path}"]]))])


@pytest.mark.slow
@given(
    routes=st.lists(st.tuples(paths(), st.lists(METHODS, min_size=1, max_size=2)), min_size=1, max_size=6),
    method=METHODS,
    segments=st.lists(TEXTS, min_size=1, max_size=5),
)
def test_routes_are_chosen_as_starlette_chooses_them(routes, method, segments):
    path = "/" + "/".join(segments)
    assert answering(routes, method, path) == starlettes(routes, method, path)
