import click
import pytest

from ops import stages


def test_the_local_stage_is_where_make_run_was_moved_to(monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    for name, port in (("PORT", "8100"), ("SIM_PORT", "8101"), ("AWS_PORT", "4666")):
        monkeypatch.setenv(name, port)
    environ = stages.environment("local")
    assert environ["BASE_URL"] == "http://127.0.0.1:8100"
    assert environ["MESSENGER_API_URL"] == "http://127.0.0.1:8101"
    assert environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4666"


def test_without_variables_the_local_stage_is_where_make_run_puts_it(monkeypatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    environ = stages.environment("local")
    assert environ["BASE_URL"] == "http://127.0.0.1:8000"
    assert environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


def test_the_local_stage_has_no_key_that_opens_anything(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    environ = stages.environment("local")
    assert "AWS_PROFILE" not in environ
    assert environ["AWS_ACCESS_KEY_ID"] == "test"


def test_another_stage_has_its_own_settings_unless_a_variable_says_otherwise(monkeypatch):
    monkeypatch.setenv("STAGE", "local")
    monkeypatch.setenv("BASE_URL", "https://x.example")
    environ = stages.environment("staging")
    assert (environ["STAGE"], environ["BASE_URL"]) == ("staging", "https://x.example")
    assert environ["MESSENGER_API_URL"] == "https://graph.facebook.com"


def test_another_stage_takes_the_credentials_and_the_region_that_the_sdk_finds(monkeypatch, tmp_path):
    config = tmp_path / "config"
    config.write_text("[profile work]\nregion = eu-north-1\naws_access_key_id = AKIA\naws_secret_access_key = secret\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "work")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    environ = stages.environment("staging")
    assert (environ["AWS_REGION"], environ["AWS_ACCESS_KEY_ID"]) == ("eu-north-1", "AKIA")


def test_a_configuration_that_is_no_json_is_said_to_be_none(monkeypatch, tmp_path):
    broken = tmp_path / "config.json"
    broken.write_text('{"stages": {')
    monkeypatch.setattr(stages, "CONFIG", broken)
    with pytest.raises(click.ClickException, match=r"config\.json is not JSON"):
        stages.environment("staging")
