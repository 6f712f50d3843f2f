"""What the tests rely on in the emulator, where `ops/local/emulator.py` has mended it."""

import io
import json
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor

import boto3

from ops.local.environment import REGION
from tests.local_runtime import wait_until

CODE = """
import pathlib, time

def handle(event, context):
    pathlib.Path(event).touch()
    time.sleep(0.5)
    return "done"
"""


def test_what_a_function_has_begun_goes_on_while_its_settings_are_changed(emulator, tmp_path):
    lambda_ = boto3.client("lambda", endpoint_url=emulator, region_name=REGION)
    name, code = f"slow-{uuid.uuid4().hex[:8]}", io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("code_.py", CODE)
    settings = {"Runtime": "python3.11", "Role": "arn:aws:iam::000000000000:role/r", "Handler": "code_.handle"}
    lambda_.create_function(FunctionName=name, Code={"ZipFile": code.getvalue()}, **settings)

    def invoke(sign):
        return json.load(lambda_.invoke(FunctionName=name, Payload=json.dumps(str(tmp_path / sign)))["Payload"])

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(invoke, "first")
        wait_until((tmp_path / "first").exists)
        lambda_.update_function_configuration(FunctionName=name, Environment={"Variables": {"A": "b"}})
        assert first.result() == "done"
    assert invoke("second") == "done"
