"""A user, a role that asks for a code, and what they may do: by boto3, and by the command line's own way of taking on roles. Prints `done` when every step held."""
import base64
import hashlib
import hmac
import json
import os
import struct
import subprocess
import time

import boto3
from botocore.exceptions import ClientError

iam = boto3.client("iam")
account = boto3.client("sts").get_caller_identity()["Account"]


def allow(action, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, **more}})


def code_of(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "nothing"


def shown(seed, step):
    """As an authenticator shows it (RFC 6238)."""
    digest = hmac.new(base64.b32decode(seed), struct.pack(">Q", step), hashlib.sha1).digest()
    return "%06d" % ((struct.unpack_from(">I", digest, digest[-1] & 15)[0] & 0x7FFFFFFF) % 1_000_000)


user = iam.create_user(UserName="ann")["User"]["Arn"]
iam.put_user_policy(UserName="ann", PolicyName="only", PolicyDocument=allow("ec2:DescribeRegions", Resource="*"))
key = iam.create_access_key(UserName="ann")["AccessKey"]
device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
seed = device["Base32StringSeed"]


def enable():
    """With the codes of the last step and this one, so that the next one's is left; again when a step ended before they were read. Returns the step of the second."""
    step = int(time.time() // 30)
    codes = {"AuthenticationCode1": shown(seed, step - 1), "AuthenticationCode2": shown(seed, step)}
    refused = code_of(lambda: iam.enable_mfa_device(UserName="ann", SerialNumber=device["SerialNumber"], **codes))
    if refused == "nothing":
        return step
    assert step < int(time.time() // 30), refused
    return enable()


step = enable()
trusts = {"reader": {}, "guarded": {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}}
for role, condition in trusts.items():
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=allow("sts:AssumeRole", Principal={"AWS": user}, **condition))
    iam.put_role_policy(RoleName=role, PolicyName="only", PolicyDocument=allow("ec2:Describe*", Resource="*"))

ann = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"])
ann.client("ec2").describe_regions()
assert code_of(ann.client("ec2").describe_instances) == "UnauthorizedOperation"
guarded = {"RoleArn": f"arn:aws:iam::{account}:role/guarded", "RoleSessionName": "boto"}
assert code_of(lambda: ann.client("sts").assume_role(**guarded)) == "AccessDenied"
taken = ann.client("sts").assume_role(**guarded, SerialNumber=device["SerialNumber"], TokenCode=shown(seed, step + 1))["Credentials"]
session = boto3.Session(taken["AccessKeyId"], taken["SecretAccessKey"], taken["SessionToken"])
assert session.client("sts").get_caller_identity()["Arn"] == f"arn:aws:sts::{account}:assumed-role/guarded/boto"
session.client("ec2").describe_instances()
assert code_of(lambda: session.client("ec2").create_key_pair(KeyName="mine")) == "UnauthorizedOperation"

settings = os.path.join(os.environ["WORK"], "aws-config")
with open(settings, "w") as file:
    file.write(f"[profile ann]\naws_access_key_id = {key['AccessKeyId']}\naws_secret_access_key = {key['SecretAccessKey']}\n")
    file.write(f"[profile reader]\nrole_arn = arn:aws:iam::{account}:role/reader\nsource_profile = ann\nrole_session_name = cli\n")


def reader(*words):
    """The command line's outcome as a role that it takes on by itself."""
    return subprocess.run(["aws", "--profile", "reader", "--output", "text", *words], env={**os.environ, "AWS_CONFIG_FILE": settings}, capture_output=True, text=True)


who = reader("sts", "get-caller-identity", "--query", "Arn")
assert who.stdout.strip() == f"arn:aws:sts::{account}:assumed-role/reader/cli", who
assert reader("ec2", "describe-instances").returncode == 0
refused = reader("ec2", "create-key-pair", "--key-name", "mine")
assert "(UnauthorizedOperation)" in refused.stderr, refused
print("done")
