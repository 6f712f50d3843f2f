"""What stops a package says why; and whatever only developers read stays behind."""

import os
import zipfile
from pathlib import PurePosixPath

import pytest
from click.testing import CliRunner

from ops.__main__ import ops
from ops.package import archive, bytecode, libraries
from ops.package.errors import Unbuildable


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A folder of wheels, which is all that pip can reach."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(folder), "CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    return folder


def offer(shop, name, *needs, tag="py3-none-any", files=()):
    """Put a wheel of version 1.0 into the shop, with a module of its name."""
    info = f"{name}-1.0.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0", *(f"Requires-Dist: {need}" for need in needs)]
    written = {
        f"{name}/__init__.py": "",
        **dict.fromkeys(files, ""),
        f"{info}/METADATA": "\n".join(metadata),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(shop / f"{name}-1.0-{tag}.whl", "w") as wheel:
        for path, text in written.items():
            wheel.writestr(path, text)


def install(tmp_path, *required, runtime="python3.11", architecture="arm64"):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("\n".join(required))
    libraries.install(requirements, tmp_path / "libraries", runtime, architecture)
    return {str(path.relative_to(tmp_path / "libraries")) for path in (tmp_path / "libraries").rglob("*.*")}


def test_a_module_that_does_not_compile_stops_the_package_and_is_named(tmp_path):
    (tmp_path / "fine.py").write_text("x = 1\n")
    (tmp_path / "broken.py").write_text("x = 1\nif x\n")
    with pytest.raises(Unbuildable, match=r"(?s)/var/task/broken\.py.*line 2.*expected ':'"):
        bytecode.compile_all(tmp_path, PurePosixPath("/var/task"))


def test_a_library_without_a_wheel_stops_the_package_and_is_named(tmp_path, shop):
    with pytest.raises(
        Unbuildable, match=r"(?s)python3\.11 on arm64.*No matching distribution found for nowhere==1\.0"
    ):
        install(tmp_path, "nowhere==1.0")
    assert list(shop.iterdir()) == []


@pytest.mark.parametrize(
    ("runtime", "architecture", "tag", "fits"),
    [
        ("python3.11", "arm64", "cp311-cp311-manylinux_2_26_aarch64", True),
        ("python3.11", "arm64", "cp311-cp311-manylinux_2_28_aarch64", False),
        ("python3.11", "arm64", "cp311-cp311-manylinux_2_17_x86_64", False),
        ("python3.11", "x86_64", "cp311-cp311-manylinux_2_17_x86_64", True),
        ("python3.11", "arm64", "cp39-abi3-manylinux2014_aarch64", True),
        ("python3.11", "arm64", "cp312-cp312-manylinux_2_17_aarch64", False),
        ("python3.12", "arm64", "cp312-cp312-manylinux_2_34_aarch64", True),
    ],
)
def test_a_wheel_is_taken_when_lambda_can_load_it(tmp_path, shop, runtime, architecture, tag, fits):
    offer(shop, "fast", tag=tag)
    if fits:
        assert "fast/__init__.py" in install(tmp_path, "fast==1.0", runtime=runtime, architecture=architecture)
    else:
        with pytest.raises(Unbuildable, match=r"fast==1\.0"):
            install(tmp_path, "fast==1.0", runtime=runtime, architecture=architecture)


def test_a_library_that_another_brings_along_must_be_pinned(tmp_path, shop):
    offer(shop, "web_pages", "colours")
    offer(shop, "colours")
    with pytest.raises(Unbuildable, match=r"Not pinned in requirements\.txt: colours==1\.0\."):
        install(tmp_path, "Web.Pages==1.0  # as its page spells it")
    assert "colours/__init__.py" in install(tmp_path, "web-pages==1.0", "colours==1.0")


def test_what_no_function_reads_stays_behind(tmp_path, shop):
    offer(shop, "small", files=["small/py.typed", "small/api.pyi", "small/deep/tests/test_api.py", "small/fast.c"])
    assert install(tmp_path, "small==1.0") == {"small/__init__.py"}


def test_a_zip_depends_on_nothing_but_names_and_contents(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, names in ((first, ["a.py", "b.py"]), (second, ["b.py", "a.py"])):
        folder.mkdir()
        for name in names:
            (folder / name).write_text(name)
    (second / "a.py").chmod(0o600)
    os.utime(second / "a.py", (1, 1))
    one, other = (archive.pack(folder, tmp_path / "x.zip", PurePosixPath("python")) for folder in (first, second))
    assert one == other
    with zipfile.ZipFile(one.path) as zipped:
        assert zipped.namelist() == ["python/a.py", "python/b.py"]
        assert {entry.external_attr >> 16 for entry in zipped.infolist()} == {0o100644}


def test_a_package_for_a_stage_that_there_is_not_is_refused():
    ended = CliRunner().invoke(ops, ["package", "--stage", "moon"])
    assert ended.exit_code == 2
    assert "there is no moon. .chalice/config.json has local, staging, prod" in ended.output
