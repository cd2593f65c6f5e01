"""`sam package`, which is what `sam deploy` begins with, against a bucket of moto's."""

import os
import shutil
import subprocess
import zipfile

import boto3
import pytest
from exh_dev.aws.services import LocalAws
from exh_dev.project.project import Project
from exh_dev.runtime.environment import REGION
from samtranslator.yaml_helper import yaml_parse


@pytest.mark.slow
def test_the_bundles_are_uploaded_byte_for_byte(project_root, tmp_path):
    sam = project_root.parent / ".venv-sam" / "bin" / "sam"
    if not sam.exists():
        pytest.skip("`make lint` installs the AWS SAM CLI")
    shutil.copy(project_root / "template.yaml", tmp_path)
    shutil.copytree(project_root / "aws", tmp_path / "aws")
    specs = Project(project_root).manifest.functions
    zips = {spec.logical_id: tmp_path / "build" / f"{spec.name}.zip" for spec in specs}
    for path in zips.values():
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("name.txt", path.stem)
            archive.writestr("__pycache__/module.cpython-313.pyc", b"bytecode, which SAM would leave out of a folder")
    with LocalAws() as aws:
        access = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        s3 = boto3.client("s3", endpoint_url=aws.url, region_name=REGION, **access)
        s3.create_bucket(Bucket="bundles", CreateBucketConfiguration={"LocationConstraint": REGION})
        environment = {name.upper(): value for name, value in access.items()}
        environment |= {"AWS_ENDPOINT_URL": aws.url, "AWS_DEFAULT_REGION": REGION, "SAM_CLI_TELEMETRY": "0"}
        command = ["package", "--template-file", "template.yaml", "--s3-bucket", "bundles"]
        done = subprocess.run(
            [sam, *command, "--output-template-file", "packaged.yaml"],
            cwd=tmp_path, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environment},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        packaged = yaml_parse((tmp_path / "packaged.yaml").read_text())["Resources"]
        for logical_id, path in zips.items():
            key = packaged[logical_id]["Properties"]["CodeUri"].removeprefix("s3://bundles/")
            assert s3.get_object(Bucket="bundles", Key=key)["Body"].read() == path.read_bytes()
        assert all("aws/" not in str(each.get("Properties", {}).get("Location")) for each in packaged.values())
