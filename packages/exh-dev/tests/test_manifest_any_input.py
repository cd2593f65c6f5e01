"""Whatever stands in the file, nothing but the errors a person can act on comes out."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exh_dev.errors import ManifestError, UsageError
from exh_dev.project.manifest import load_manifest

WORDS = st.sampled_from(
    [
        *("Resources", "Globals", "Function", "Metadata", "ExtraHorizon", "Properties", "Type", "name", "targets"),
        *("AWS::Serverless::Function", "Environment", "Variables", "Timeout", "Handler", "Ref", "Fn::Sub"),
        *(": ", ":", "- ", "\n", "\n  ", "\n    ", "!Ref ", "!Sub ", "!If ", "[", "]", "{", "}", ", ", "&a ", "*a"),
        *("? ", "'", '"', "|", ">", "%", "@", "\t", "---", "...", "<<", "~"),
        *("!!int ", "!!bool ", "0x", "1:30.5", "2025-13-41"),
    ]
)


@pytest.mark.slow
@given(st.one_of(st.text(), st.lists(WORDS | st.text(max_size=3)).map("".join)))
def test_no_text_makes_it_fail_in_any_other_way(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(UsageError):
        load_manifest(path)


SCALARS = st.sampled_from(
    ["x", "''", "5", "true", "~", "1.5", "!Ref A", "!Sub '${A}'", "!GetAtt A.B", "2025-99-99", "0b_"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(st.sampled_from(["name", "enabled", "Ref", "Fn::Join", "x"]), inner, max_size=3).map(
            lambda items: "{" + ", ".join(f'"{key}": {item}' for key, item in items.items()) + "}"
        )
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        *("name", "targets", "kind", "executionPermission", "defaultPriority", "retryPolicy"),
        *("executionCredentials", "schedule", "environment", "events"),
    ]
)
SETTINGS = st.sampled_from(
    ["Handler", "Runtime", "Timeout", "MemorySize", "Architectures", "LoggingConfig", "Environment"]
)


@pytest.mark.slow
@given(st.dictionaries(KEYS, VALUES, max_size=4), st.dictionaries(SETTINGS, VALUES, max_size=4))
def test_no_value_makes_it_fail_in_any_other_way(tmp_path_factory, meta, properties):
    meta = {"name": "one", "targets": "[exh]", **meta}
    properties = {"Handler": "a.b", "Runtime": "python3.13", **properties}
    path = tmp_path_factory.getbasetemp() / "any-value.yaml"
    path.write_text(
        "Parameters: {A: {Default: a}}\nResources:\n  One:\n    Type: AWS::Serverless::Function\n"
        "    Metadata:\n      ExtraHorizon:\n"
        + "".join(f"        {key}: {value}\n" for key, value in meta.items())
        + "    Properties:\n"
        + "".join(f"      {key}: {value}\n" for key, value in properties.items())
    )
    with suppress(ManifestError):
        for spec in load_manifest(path).functions:
            spec.environment("exh", {})
