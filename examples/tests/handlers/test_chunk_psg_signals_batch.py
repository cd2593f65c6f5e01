"""The function as a job on AWS Batch, for recordings that take longer than a task may."""

import json
import os
import subprocess
import sys

import pytest

NAME = "chunk-psg-signals"
RECORDING = "6968d0a1c4b7e2f3a1d5e921"


@pytest.fixture
def job(project_root, platform, seed):
    """Runs it for a schema and a document; its exit code and the last line of its log."""
    seed(NAME)

    def job(schema_id, document_id):
        variables = {"SCHEMA_ID": schema_id, "DOCUMENT_ID": document_id, "AWS_BATCH_JOB_ID": "4f1d"}
        variables |= {"FUNCTION_HANDLER": "handlers.chunk_psg_signals.handler", "PATH": os.environ["PATH"]}
        done = subprocess.run(
            [sys.executable, "-m", "extrahorizon.batch"],
            cwd=project_root,
            env={**platform.function_environment(NAME), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return done.returncode, json.loads((done.stdout.splitlines() or ["null"])[-1])

    return job


@pytest.fixture
def schema_id(exh):
    return exh.data.schemas.find_by_name("psg-recording")["id"]


def test_a_job_chunks_the_recording_that_its_variables_name(job, exh, schema_id):
    assert job(schema_id, RECORDING)[0] == 0
    recording = exh.data.documents.find_by_id(schema_id, RECORDING)
    assert (recording["status"], recording["data"]["done"]) == ("chunked", 3)
    assert job(schema_id, RECORDING)[0] == 0  # another attempt finds it done


def test_swapped_variables_are_told(job, schema_id):
    code, line = job(RECORDING, schema_id)
    assert (code, line["errorType"]) == (1, "ResourceUnknownError")
    assert "may be swapped" in line["hint"]


def test_an_error_of_the_function_ends_the_job(job, exh, schema_id):
    exh.data.documents.remove(schema_id, RECORDING)
    code, line = job(schema_id, RECORDING)
    assert (code, line["errorType"], line["task_id"]) == (1, "RecordingUnavailableError", "4f1d")
