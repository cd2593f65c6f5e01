"""Nothing in the packages is left that neither they, nor tests, nor examples use."""

import pytest
from vulture import Vulture

pytestmark = pytest.mark.timeout(120)
USERS = ("packages", "examples", "benchmarks", "checks", "docs", "handlers", "shared", "tests")
#: For users: classes of errors, members of the platform's JSON, methods of services.
FOR_OTHERS = ("extrahorizon/errors/*.py", "services/*.py", "services/*/*.py", "types.py")
#: Names that a library, a protocol or a command line looks for.
LOOKED_UP = {
    "CRC", "create_system", "start_dir",  # zipfile
    "ConnectionCls", "_new_conn", "_tunnel", "is_connected", "response_class",  # urllib3 and http.client
    "daemon_threads", "do_*", "log_message", "verify_request",  # socketserver
    "get_redirect_target", "resp", "trust_env",  # requests
    "pool_classes_by_scheme", "suppress_ragged_eofs",  # urllib3 and ssl
    "main_loop", "should_exit", "on_body", "on_header*", "on_message_*", "on_url", "send_400_response",  # uvicorn
    "DIRECTIVES", "NullLoader", "StoppableStream", "load_template", "_js_text",  # the template engines
    "initialize_client", "post_error", "post_init_error", "post_invocation_result",  # AWS's runtime client
    "__dir__", "__getattr__",  # modules
    "_exh_dev", "_list_by_default", "list_dead_letters",  # commands
    "BOTH", "CANCELED", "COMPLETE", "EXH", "RUNNING", "SCHEDULE",  # values of options
    "OF_EXAMPLES",  # hatch_build.py
    "_transport_over_requests",  # a fixture that every test has
    "on_broken_pipe",  # rich
    "blocking", "idempotent_data", "is_function", "max_length", "ne", "watchers",  # arguments and methods for others
}  # fmt: skip


@pytest.mark.slow
def test_nothing_is_there_that_nobody_uses(project_root):
    vulture = Vulture(ignore_names=sorted(LOOKED_UP), ignore_decorators=["@app.*", "@*.route*", "@pytest.*"])
    vulture.scavenge([project_root / each for each in USERS], exclude=["*/.venv*", "*/build/*", "*/node_modules/*"])
    found = [
        f"{item.filename.relative_to(project_root)}:{item.first_lineno}: {item.typ} {item.name}"
        for item in vulture.get_unused_code(min_confidence=60)
        if "src" in item.filename.parts and not any(item.filename.match(each) for each in FOR_OTHERS)
    ]
    assert found == []
