"""infra/monitoring.yaml: the alarms, their topic, the dashboard and the sampling of traces, as CloudFormation."""

from collections.abc import Sequence
from typing import Any

import yaml

from ops.monitoring import dashboard
from ops.monitoring.alarms import Alarm, alarms
from ops.monitoring.watched import PREFIX, Function, Queue

Json = dict[str, Any]

_HEAD = """\
# Written by `python -m ops monitoring` from app.py, infra/resources.yaml, chalicelib/metrics.py and ops/monitoring: change those.
"""


class Short:
    """A function of CloudFormation in its short form: `Short("Ref", "Stage")` is `!Ref Stage`."""

    def __init__(self, function: str, argument: object) -> None:
        self.tag = f"!{function}"
        self.argument = argument


def sub(text: str) -> Short:
    return Short("Sub", text)


def ref(name: str) -> Short:
    return Short("Ref", name)


def document(functions: Sequence[Function], queues: Sequence[Queue]) -> str:
    """The whole file."""
    watched = alarms(functions, queues)
    body = dashboard.body(functions, queues, watched)
    resources = {
        **_topic(),
        **{_logical_id(alarm.name): _alarm(alarm) for alarm in watched},
        "Dashboard": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {"DashboardName": sub(PREFIX.removesuffix("-")), "DashboardBody": sub(body)},
        },
        "Sampling": _SAMPLING,
    }
    whole = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Guestlist: alarms and dashboard of one stage. docs/runbook.md has a page for every alarm.",
        "Parameters": _PARAMETERS,
        "Conditions": _CONDITIONS,
        "Resources": resources,
        "Outputs": {
            "AlarmTopicArn": {"Description": "Where every alarm goes", "Value": ref("AlarmTopic")},
            "DashboardUrl": {"Value": sub(_DASHBOARD_URL)},
        },
    }
    return _HEAD + yaml.dump(whole, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=150)


_PARAMETERS = {
    "Stage": {
        "Type": "String",
        "Description": "staging, prod, or a name of your own",
        "AllowedPattern": "[a-z][a-z0-9-]{0,19}",
    },
    "AlarmEmail": {
        "Type": "String",
        "Default": "",
        "Description": "Who gets every alarm by mail, after saying yes to the mail that asks; empty for nobody",
    },
    "KeyArn": {
        "Type": "String",
        "Default": "",
        "Description": "The key that encrypts the topic: the output KeyArn of resources.yaml; empty for none",
    },
    "Tracing": {
        "Type": "String",
        "AllowedValues": ["on", "off"],
        "Default": "off",
        "Description": "Whether X-Ray samples 5% of the API's requests: as xray of the stage in .chalice/config.json",
    },
}
_CONDITIONS = {
    "HasAlarmEmail": Short("Not", [Short("Equals", [ref("AlarmEmail"), ""])]),
    "HasKey": Short("Not", [Short("Equals", [ref("KeyArn"), ""])]),
    "Traced": Short("Equals", [ref("Tracing"), "on"]),
}
_SAMPLING = {
    "Type": "AWS::XRay::SamplingRule",
    "Condition": "Traced",
    "Properties": {
        "SamplingRule": {
            "RuleName": sub(PREFIX.removesuffix("-")),
            "Priority": 100,
            "FixedRate": 0.05,
            "ReservoirSize": 0,
            "ServiceType": "AWS::ApiGateway::Stage",
            "ServiceName": "guestlist/*",
            "ResourceARN": "*",
            "Host": "*",
            "HTTPMethod": "*",
            "URLPath": "*",
            "Version": 1,
        }
    },
}
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-configuring-xray-sampling-rules.html"""
_DASHBOARD_URL = "https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/${Dashboard}"


def _topic() -> Json:
    """Only this stage's alarms can publish, and only over TLS."""
    ours = f"arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:{PREFIX}*"
    publish = {"Action": "sns:Publish", "Resource": ref("AlarmTopic")}
    statements = [
        {
            "Sid": "OurAlarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            **publish,
            "Condition": {"ArnLike": {"aws:SourceArn": sub(ours)}},
        },
        {
            "Sid": "OverTlsOnly",
            "Effect": "Deny",
            "Principal": "*",
            **publish,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    key = Short("If", ["HasKey", ref("KeyArn"), ref("AWS::NoValue")])
    return {
        "AlarmTopic": {
            "Type": "AWS::SNS::Topic",
            "Properties": {"TopicName": sub(f"{PREFIX}alarms"), "KmsMasterKeyId": key},
        },
        "AlarmTopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [ref("AlarmTopic")],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
            },
        },
        "AlarmMail": {
            "Type": "AWS::SNS::Subscription",
            "Condition": "HasAlarmEmail",
            "Properties": {"TopicArn": ref("AlarmTopic"), "Protocol": "email", "Endpoint": ref("AlarmEmail")},
        },
    }


_COMPARISONS = {
    ">": "GreaterThanThreshold",
    ">=": "GreaterThanOrEqualToThreshold",
    "<=": "LessThanOrEqualToThreshold",
}


def _alarm(alarm: Alarm) -> Json:
    statistic, comparison, threshold = alarm.when.split()
    dimensions = [
        {"Name": name, "Value": sub(value) if "$" in value else value} for name, value in alarm.series.dimensions
    ]
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": sub(PREFIX + alarm.name),
            "AlarmDescription": f"{alarm.says}. What to do: docs/runbook.md#{alarm.page}",
            "Namespace": alarm.series.namespace,
            "MetricName": alarm.series.metric,
            "Dimensions": dimensions,
            "Statistic": statistic,
            "ComparisonOperator": _COMPARISONS[comparison],
            "Threshold": float(threshold) if "." in threshold else int(threshold),
            "Period": alarm.period,
            "EvaluationPeriods": alarm.periods,
            "TreatMissingData": alarm.missing,
            "AlarmActions": [ref("AlarmTopic")],
            "OKActions": [ref("AlarmTopic")],
        },
    }


def _logical_id(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-")) + "Alarm"


class _Dumper(yaml.SafeDumper):
    """Writes out what occurs twice, too."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # PyYAML's signature
        return True


def _short(dumper: yaml.SafeDumper, short: Short) -> yaml.Node:
    match short.argument:
        case str(text):
            return dumper.represent_scalar(short.tag, text, style="|" if "\n" in text else None)
        case list(items):
            return dumper.represent_sequence(short.tag, items, flow_style=True)
    raise TypeError(short.tag)


_Dumper.add_representer(Short, _short)
