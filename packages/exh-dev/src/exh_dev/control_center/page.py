"""The page, and what a browser may do with it: load its own scripts and styles, and talk to this platform alone."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, RedirectResponse, Response

from exh_dev.platform.http.browsers import place_of_center
from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.http.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from exh_dev.control_center.context import Context

HERE = Path(__file__).parent
PATH = "/_dev/"
_STATIC = HERE / "static"
#: In the order in which they count.
_STYLES = ("tokens", "base", "layout", "components", "views")
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_HEADERS = {
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'none'",
            *(f"{kind}-src 'self'" for kind in ("script", "style", "connect", "frame")),
            "img-src 'self' data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def routes(context: Context) -> list[Route]:
    """Return the page at `/_dev/`, which a browser is sent to from `/`, and its files."""

    async def page(request: Request) -> Response:
        host = request.headers.get("host", "")
        if "sec-fetch-site" in request.headers and (place := place_of_center(host, PATH)):
            return RedirectResponse(place)
        from jinja2 import Environment, FileSystemLoader, StrictUndefined

        templates = Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, auto_reload=False
        )
        name = context.project.name if context.project else "no project"
        # Preload all modules: a browser would otherwise discover them one after the other.
        scripts = sorted(each for each, path in _files().items() if path.suffix == ".js" and path.name != "theme.js")
        styles = [f"style/{name}.css" for name in _STYLES]
        text = templates.get_template("page.html").render(project=name, styles=styles, scripts=scripts)
        return Response(text, media_type="text/html", headers=_HEADERS)

    async def static(request: Request) -> Response:
        # By its name, and not looked for: a path of ten thousand segments takes a file system seconds.
        path = _files().get(request.path_params["path"])
        if path is None:
            raise ErrorAnswer(16, "The page has no such file")
        return FileResponse(path, media_type=_TYPES[path.suffix], headers=_HEADERS)

    async def root(request: Request) -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            raise ErrorAnswer(903, "There is no such service on this cluster")
        return RedirectResponse(PATH)

    return [
        Route("/", root, methods=["GET"]),
        # The gateway drops trailing slashes.
        Route(PATH.rstrip("/"), page, methods=["GET"]),
        Route(f"{PATH}static/{{path:path}}", static, methods=["GET"]),
    ]


@cache
def _files() -> dict[str, Path]:
    """Return the page's files, by the names below `static/` that a browser asks for."""
    return {path.relative_to(_STATIC).as_posix(): path for path in _STATIC.rglob("*") if path.suffix in _TYPES}
