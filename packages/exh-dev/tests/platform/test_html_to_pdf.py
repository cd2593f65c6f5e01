import base64
import io
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest
from local_app import local_app
from people import person
from uploads import upload
from user_service import NO_PERMISSION, NOBODY

from exh_dev.platform.http.error_answers import ErrorAnswer
from exh_dev.platform.templates import pdf_renderer
from exh_dev.platform.templates.pdf_renderer import PROGRAM, Renderer

pytestmark = pytest.mark.slow

pypdf = pytest.importorskip("pypdf")
EXECUTE = "/tasks/v1/functions/html-to-pdf/execute"
SECRET = "only in the file"


@pytest.fixture
def app(tmp_path):
    with local_app(folder=tmp_path) as app:
        yield app


def template(app, **outputs):
    body = {"name": "report", "inputs": {"name": {"type": "string"}}, "outputs": outputs}
    assert app.as_user("POST", "/templates/v2", json=body).status_code == 200


def execute(app, token=None, **data):
    return app.as_user("POST", EXECUTE, json={"data": {"templateName": "report", **data}}, token=token)


def text_of(app, token):
    content = app.send(None, "GET", f"/files/v1/{token}/file")
    assert content.headers["content-type"] == "application/pdf"
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content.content)).pages)


def own_font(text):
    """Return a style sheet with a font that has the characters of a text: those of a machine may lack some."""
    from fontTools.fontBuilder import FontBuilder  # comes with weasyprint
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((100, 700), (500, 700), (500, 0)):
        pen.lineTo(point)
    pen.closePath()
    characters = {f"uni{ord(each):06X}": ord(each) for each in sorted({*text, " "})}
    names = [".notdef", *characters]
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(names)
    font.setupCharacterMap({code: name for name, code in characters.items()})
    font.setupGlyf(dict.fromkeys(names, pen.glyph()))
    font.setupHorizontalMetrics(dict.fromkeys(names, (600, 100)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Own", "styleName": "Regular"})
    font.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    font.setupPost()
    file = io.BytesIO()
    font.save(file)
    source = f"data:font/ttf;base64,{base64.b64encode(file.getvalue()).decode()}"
    return f"<style>@font-face {{ font-family: Own; src: url({source}) }} * {{ font-family: Own }}</style>"


def test_a_template_becomes_a_pdf_file(app):
    body = "<h1>Zażółć ł {{@inputs.name}} 😀 {{number 1.5}}</h1>"
    template(app, body=own_font(body + "中,") + body)
    answer = execute(app, inputs={"name": "中"}, language="NL").json()
    assert (answer["status"], answer["functionName"]) == ("complete", "html-to-pdf")
    text = text_of(app, answer["result"]["fileToken"])
    for part in ("Zażółć ł", "中", "😀", "1,5"):
        assert part in text
    (file,) = app.as_user("GET", "/files/v1").json()["data"]
    assert (file["name"], file["creatorId"]) == ("report.pdf", app.first.user_id)
    assert "result" not in app.as_user("GET", "/tasks/v1").json()["data"][0]


def test_the_html_reaches_neither_files_nor_the_network(app, tmp_path):
    (tmp_path / "secret.css").write_text(f"p::after {{ content: '{SECRET}' }}")
    inside = "data:text/css,p::before%7Bcontent:'allowed'%7D"
    links = "".join(
        f'<link rel=stylesheet href="{url}">'
        for url in (f"file://{tmp_path}/secret.css", "http://127.0.0.1:9/x.css", "secret.css", inside)
    )
    attached = f'<link rel=attachment href="file://{tmp_path}/secret.css"><img src="file://{tmp_path}/secret.css">'
    template(app, body=f"{links}{attached}<p>text</p>")
    token = execute(app).json()["result"]["fileToken"]
    text = text_of(app, token)
    assert "allowed" in text
    assert SECRET not in text
    assert SECRET.encode() not in app.send(None, "GET", f"/files/v1/{token}/file").content


def test_failures_are_those_of_a_function(app, refused):
    body = refused(execute(app), 400, 1406, "LAMBDA_RUNTIME_EXCEPTION")
    assert body["runtimeError"]["name"] == "RESOURCE_UNKNOWN_EXCEPTION"
    template(app, subject="no body")
    assert "body" in refused(execute(app), 400, 1406, "LAMBDA_RUNTIME_EXCEPTION")["runtimeError"]["message"]
    empty = app.as_user("POST", EXECUTE)
    refused(empty, 400, 1406, "LAMBDA_RUNTIME_EXCEPTION")
    body = refused(execute(app, inputs={"name": 1}), 400, 1406, "LAMBDA_RUNTIME_EXCEPTION")
    assert body["runtimeError"]["name"] == "TEMPLATE_FILLING_EXCEPTION" or "body" in body["runtimeError"]["message"]
    statuses = {task["status"] for task in app.as_user("GET", "/tasks/v1").json()["data"]}
    assert statuses == {"failed"}


def test_making_a_pdf_needs_the_permission_to_execute_the_function(app, refused):
    template(app, body="x")
    refused(execute(app, person(app)), *NO_PERMISSION)
    refused(app.send(None, "POST", EXECUTE), *NOBODY)
    assert execute(app, person(app, "EXECUTE_TASK_FUNCTION:html-to-pdf")).status_code == 200


def test_without_weasyprint_the_answer_names_what_to_install(app, refused, monkeypatch):
    template(app, body="x")
    program = PROGRAM.replace("from weasyprint import", "from weasyprint.no import")
    monkeypatch.setattr(pdf_renderer, "renderer", Renderer(program))
    body = refused(execute(app), 400, 1405, "LAMBDA_INVOCATION_EXCEPTION")
    message = body["runtimeError"]["message"]
    assert message.startswith("html-to-pdf needs exh-dev[pdf]: pip install 'exh-dev[pdf]'")
    assert "libpango" in message


def test_a_pdf_is_made_in_time(app, refused, monkeypatch):
    template(app, body="x")
    monkeypatch.setattr(pdf_renderer, "renderer", Renderer("import time; time.sleep(60)", time_limit=0.2))
    assert "within" in refused(execute(app), 400, 1406, "LAMBDA_RUNTIME_EXCEPTION")["runtimeError"]["message"]


def test_an_uploaded_function_of_its_name_replaces_html_to_pdf(app):
    assert app.as_user("GET", "/tasks/v1/functions").json()["data"] == []
    upload(app, name="html-to-pdf")
    assert execute(app).json()["result"]["version"] == 1


def test_the_memory_of_a_pdf_is_bounded():
    renderer = Renderer(PROGRAM.replace("fetcher = ", "bytes(3 * 1024**3); fetcher = "))
    with pytest.raises(ErrorAnswer, match="MemoryError"):
        renderer.render("x")


def test_a_process_that_was_killed_is_replaced():
    renderer = Renderer()
    first = renderer.render("<p>one</p>")
    pid = renderer._process.pid
    assert renderer.render("<p>two</p>").startswith(b"%PDF")
    assert renderer._process.pid == pid  # kept
    os.kill(pid, signal.SIGKILL)
    assert renderer.render("<p>three</p>")[:4] == first[:4]
    assert renderer._process.pid != pid
    renderer.close()
    renderer.close()


def test_many_threads_get_each_their_own_pdf():
    renderer = Renderer()
    texts = [f"<title>number {number}</title>" for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(renderer.render, texts))
    renderer.close()
    titles = [pypdf.PdfReader(io.BytesIO(pdf)).metadata.title for pdf in made]
    assert titles == [f"number {number}" for number in range(8)]
