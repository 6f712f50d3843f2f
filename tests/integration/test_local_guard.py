"""The guard around every test run: no account, no network."""

import os
import socket

import boto3
import botocore.exceptions
import pytest
import requests


def test_a_connection_that_leaves_this_machine_is_refused():
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError, match="this machine only"):
        probe.connect(("192.0.2.1", 80))


def test_a_name_of_the_internet_is_not_looked_up():
    with pytest.raises(ConnectionRefusedError, match=r"not sqs\.eu-west-1\.amazonaws\.com"):
        socket.getaddrinfo("sqs.eu-west-1.amazonaws.com", 443)


def test_a_client_that_names_no_endpoint_reaches_nothing():
    client = boto3.client("sqs")
    assert client.meta.endpoint_url == "http://127.0.0.1:1"
    with pytest.raises(botocore.exceptions.EndpointConnectionError):
        client.list_queues()


def test_credentials_of_the_developer_are_gone():
    assert boto3.Session().get_credentials().access_key == "test"
    assert "AWS_PROFILE" not in os.environ


def test_this_machine_can_be_reached(emulator):
    assert requests.get(f"{emulator}/_ministack/health", timeout=5).status_code == 200
