"""The package as it is uploaded: whole, small, compiled, the same every time; and uploaded only where it has changed.

It is built with real wheels for this machine's processor, where it can run, and for Lambda's.
"""

import importlib.util
import json
import marshal
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ops.local import launch, stack
from ops.local.environment import isolated
from ops.package.build import build, keep_for_chalice
from tests.local_runtime import Stage

HOSTS = {"aarch64": "arm64", "x86_64": "x86_64"}[os.uname().machine]
RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
PLACES = {"code.zip": "/var/task", "layer.zip": "/opt"}

IMPORT = """
import json, pkgutil, sys
compiled = []
sys.addaudithook(lambda event, given: event == "compile" and compiled.append(given[1]))
import app, chalicelib
for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
    __import__(module.name)
import zoneinfo
zoneinfo.ZoneInfo("Europe/Amsterdam")
assert "<html" in chalicelib.pages.page.Pages("https://guestlist.example").missing("en", "ticket").body
answer = app.app(json.load(sys.stdin), None)
names = [str(name, "utf-8", "replace") if isinstance(name, bytes) else str(name) for name in compiled]
files = [str(getattr(module, "__file__", None)) for module in list(sys.modules.values())]
print(json.dumps([answer, [name for name in names if name.endswith(".py")], files]))
"""
"""Imports everything of ours, and with it every library, and answers a request."""

HEALTH = {
    "path": "/health",
    "resource": "/health",
    "httpMethod": "GET",
    "headers": {},
    "multiValueHeaders": {},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "pathParameters": None,
    "stageVariables": None,
    "body": None,
    "isBase64Encoded": False,
    "requestContext": {"httpMethod": "GET", "resourcePath": "/health", "identity": {"sourceIp": "192.0.2.1"}},
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build("prod", tmp_path_factory.mktemp("package"), architecture=HOSTS)


@pytest.fixture(scope="module")
def unpacked(built, tmp_path_factory):
    """The folder that is /var/task in Lambda, and the one that is /opt."""
    return tuple(unzip(archive.path, tmp_path_factory.mktemp("unpacked")) for archive in (built.code, built.layer))


def unzip(path, folder):
    with zipfile.ZipFile(path) as zipped:
        zipped.extractall(folder)
    return folder


def imported(code, opt):
    """Run IMPORT in the package alone: the answer to a request, the modules that had to be compiled, the files of all modules."""
    path = os.pathsep.join(map(str, (code, opt / "python" / "lib" / RUNTIME / "site-packages")))
    environ = {
        "STAGE": "prod",
        "BASE_URL": "https://guestlist.example",
        "MESSENGER_API_URL": "https://graph.facebook.com",
        "SLACK_API_URL": "https://slack.com",
    }
    environ |= {
        "AWS_REGION": "eu-west-1",
        "PYTHONPATH": path,
        "PYTHONTZPATH": "",
    }  # no other zones than those that ship
    ended = subprocess.run(  # noqa: S603  # ours
        [sys.executable, "-S", "-P", "-c", IMPORT],
        input=json.dumps(HEALTH),
        env=environ,
        cwd=code,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def content(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_module_ships_with_its_bytecode_which_is_taken_unchecked(built):
    for archive in (built.code, built.layer):
        with zipfile.ZipFile(archive.path) as zipped:
            shipped = {name: zipped.read(name) for name in zipped.namelist()}
        sources = {name for name in shipped if name.endswith(".py")}
        bytecode = {importlib.util.cache_from_source(name): name for name in sources}
        assert sources
        assert set(bytecode) == {name for name in shipped if name.endswith(".pyc")}
        for compiled, source in bytecode.items():
            magic, flags, of = shipped[compiled][:4], shipped[compiled][4:8], shipped[compiled][8:16]
            assert magic == importlib.util.MAGIC_NUMBER
            assert flags == b"\x01\0\0\0", f"{compiled}: https://peps.python.org/pep-0552/"
            assert of == importlib.util.source_hash(shipped[source])
            assert marshal.loads(shipped[compiled][16:]).co_filename == f"{PLACES[archive.path.name]}/{source}"  # noqa: S302


def test_importing_everything_compiles_nothing_and_writes_nothing(unpacked):
    before = [content(folder) for folder in unpacked]
    answer, compiled, _ = imported(*unpacked)
    assert (answer["statusCode"], json.loads(answer["body"])["stage"]) == (200, "prod")
    assert compiled == []
    assert [content(folder) for folder in unpacked] == before


def test_without_the_bytecode_all_of_it_would_be_compiled(unpacked, tmp_path):
    """The negative control."""
    folders = [
        shutil.copytree(folder, tmp_path / folder.name, ignore=shutil.ignore_patterns("__pycache__"))
        for folder in unpacked
    ]
    _, compiled, _ = imported(*folders)
    places = {"app.py", "chalicelib", "chalice", "requests", "cryptography"}
    assert all(any(place in Path(name).parts for name in compiled) for place in places)


def test_every_library_that_ships_is_imported_by_a_function_and_none_is_missing(unpacked):
    code, opt = unpacked
    libraries = opt / "python" / "lib" / RUNTIME / "site-packages"
    _, _, files = imported(code, opt)
    used = {Path(file).relative_to(libraries).parts[0] for file in files if Path(file).is_relative_to(libraries)}
    assert used == {path.name for path in libraries.iterdir()}
    assert not {path.name for path in libraries.iterdir()} & {"boto3", "botocore", "pip", "setuptools", "click"}
    assert {path.name for path in code.iterdir()} == {"app.py", "chalicelib", "__pycache__"}


def test_nothing_ships_that_only_developers_read(unpacked):
    for folder in unpacked:
        names = {str(path.relative_to(folder)) for path in folder.rglob("*")}
        assert [name for name in names if re.search(r"\.(pyi|c|h|dist-info|typed)(/|$)|/tests?(/|$)", name)] == []


def test_a_change_of_code_uploads_little_and_the_libraries_stay_small(built):
    assert built.code.packed < 1_250_000
    assert built.layer.packed < 9_000_000
    assert built.layer.unpacked < 30_000_000


def test_the_same_tree_makes_the_same_package_anywhere_at_any_time(built, tmp_path):
    project = copy_of_the_project(tmp_path / "elsewhere")
    for path in project.rglob("*.py"):
        os.utime(path, (1, 1))
    again = build("prod", tmp_path / "again", project=project, architecture=HOSTS)
    assert (again.code.sha256, again.layer.sha256) == (built.code.sha256, built.layer.sha256)


def test_the_package_for_lambda_has_libraries_for_its_processor_and_its_glibc(tmp_path):
    package = build("prod", tmp_path)
    assert package.architecture == "arm64"
    with zipfile.ZipFile(package.layer.path) as zipped:
        libraries = {name: zipped.read(name) for name in zipped.namelist() if name.endswith(".so")}
    assert len(libraries) > 3
    newest = max(int(minor) for library in libraries.values() for minor in re.findall(rb"GLIBC_2\.(\d+)", library))
    assert newest <= (26 if RUNTIME <= "python3.11" else 34)
    for name, library in libraries.items():
        assert library[:4] == b"\x7fELF"
        assert int.from_bytes(library[18:20], "little") == 183, f"{name} is not for arm64"  # EM_AARCH64


def copy_of_the_project(folder):
    ignore = shutil.ignore_patterns("__pycache__", "deployed", "deployments", "venv")
    for name in ("chalicelib", ".chalice", "ops"):
        shutil.copytree(launch.PROJECT / name, folder / name, ignore=ignore)
    for name in ("app.py", "requirements.txt"):
        shutil.copy(launch.PROJECT / name, folder)
    return folder


class Project:
    """A copy of the project, and the functions that are deployed from it."""

    def __init__(self, folder, stage):
        self.folder = copy_of_the_project(folder)
        self.stage = stage
        path = self.folder / ".chalice" / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"lambda_architecture": HOSTS}))

    def deploy(self, package):
        """As `make deploy` has Chalice do it, which knows where the streams are."""
        words = ("-m", "ops.package.deployer", "--stage", "prod", "--package", package)
        return self._run(sys.executable, *words, **dict(map(self._stream, ("campaigns", "conversations", "orders"))))

    def _stream(self, table):
        described = self.stage.client("dynamodb").describe_table(TableName=f"guestlist-prod-{table}")
        return f"STREAM_ARN_{table}", described["Table"]["LatestStreamArn"]

    def deploy_plainly(self):
        return self._run(Path(sys.executable).with_name("chalice"), "deploy", "--stage", "prod")

    def _run(self, *command, **variables):
        environ = isolated({name: os.environ[name] for name in ("PATH", "HOME")}, self.stage.endpoint) | variables
        ended = subprocess.run(  # noqa: S603  # ours
            command, cwd=self.folder, env=environ, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def health(self):
        invoked = self.stage.client("lambda").invoke(FunctionName="guestlist-prod", Payload=json.dumps(HEALTH))
        answer = json.loads(invoked["Payload"].read())
        assert answer.get("statusCode") == 200, answer
        return json.loads(answer["body"])

    def layers(self):
        versions = self.stage.client("lambda").list_layer_versions(LayerName="guestlist-prod-managed-layer")
        return [version["Version"] for version in versions["LayerVersions"]]

    def sources(self):
        mappings = self.stage.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        return [mapping["EventSourceArn"] for mapping in mappings]

    def functions(self):
        return self.stage.client("lambda").list_functions()["Functions"]


@pytest.fixture
def project(start_emulator, tmp_path):
    stage = Stage("prod", start_emulator(), {})
    stack.apply(stage.client("cloudformation"), stage.name)
    return Project(tmp_path / "project", stage)


def test_a_deploy_publishes_the_layer_only_when_the_libraries_have_changed(project, tmp_path, built):
    folder = built.code.path.parent
    assert "Creating lambda layer" in project.deploy(folder)
    functions = project.functions()
    assert len(functions) >= 4
    assert {function["CodeSha256"] for function in functions} == {built.code.sha256}
    assert {layer["Arn"].rpartition(":")[2] for function in functions for layer in function["Layers"]} == {"1"}
    assert all("guestlist-prod-" in source for source in project.sources())

    with (project.folder / "app.py").open("a") as app:
        app.write("\n# a change of code\n")
    changed = build("prod", tmp_path / "changed", project=project.folder, architecture=HOSTS)
    assert changed.layer.sha256 == built.layer.sha256
    assert "Keeping lambda layer" in project.deploy(changed.code.path.parent)
    assert {function["CodeSha256"] for function in project.functions()} == {changed.code.sha256}
    assert project.layers() == [1]

    other = tmp_path / "other"
    shutil.copytree(tmp_path / "changed", other)
    with zipfile.ZipFile(other / "layer.zip", "a") as zipped:
        zipped.writestr(f"python/lib/{RUNTIME}/site-packages/one_more.py", "")
    assert "Updating lambda layer" in project.deploy(other)
    assert project.layers() == [2]


def test_a_plain_chalice_deploy_ships_a_change_of_code_on_the_same_layer(project, built):
    project.deploy(built.code.path.parent)
    assert project.health()["version"] != "9.9.9"
    (project.folder / "chalicelib" / "version.py").write_text('VERSION = "9.9.9"\n')
    keep_for_chalice(built, project.folder)
    assert "Reusing existing shared layer" in project.deploy_plainly()
    assert project.health()["version"] == "9.9.9"
    assert "Keeping lambda layer" in project.deploy(built.code.path.parent)
    assert project.health()["version"] != "9.9.9"
