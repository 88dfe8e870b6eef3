"""The life of an instance through boto3 and its waiters, polled faster than their 15 seconds. Prints `done` when every step held."""
import os
import subprocess
import sys
import time

import boto3
from botocore.exceptions import ClientError

ec2 = boto3.client("ec2")
sts = boto3.client("sts")
fast = {"Delay": 1, "MaxAttempts": 120}
assert sts.get_caller_identity()["Arn"].endswith(":root")

key = ec2.create_key_pair(KeyName="boto")
key_file = os.path.join(os.environ["WORK"], "boto.pem")
with open(os.open(key_file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
    file.write(key["KeyMaterial"])

group = ec2.create_security_group(GroupName="boto", Description="logins")["GroupId"]
ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
launched = ec2.run_instances(
    ImageId=sys.argv[1], InstanceType="m1.small", KeyName="boto", MinCount=1, MaxCount=1, SecurityGroupIds=[group],
    UserData="#!/bin/sh\necho hello > /var/tmp/hello\n",
    TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "from boto"}]}],
)["Instances"][0]
instance_id = launched["InstanceId"]
assert launched["State"]["Name"] == "pending", launched["State"]
ec2.get_waiter("instance_running").wait(InstanceIds=[instance_id], WaiterConfig=fast)
ec2.get_waiter("instance_status_ok").wait(InstanceIds=[instance_id], WaiterConfig=fast)


def describe():
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def login(command, seconds=60):
    options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes", "ConnectTimeout=2", "LogLevel=ERROR"]
    flags = [word for option in options for word in ("-o", option)]
    end = time.monotonic() + seconds
    while True:
        done = subprocess.run(["ssh", *flags, "-i", key_file, "admin@" + describe()["PublicIpAddress"], command], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.strip()
        assert time.monotonic() < end, done.stderr
        time.sleep(0.2)


assert login("cat /var/tmp/hello") == "hello"
found = ec2.describe_instances(Filters=[{"Name": "tag:Name", "Values": ["from *"]}, {"Name": "instance-state-name", "Values": ["running"]}])
assert [i["InstanceId"] for r in found["Reservations"] for i in r["Instances"]] == [instance_id]
ec2.stop_instances(InstanceIds=[instance_id])
ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance_id], WaiterConfig=fast)
ec2.start_instances(InstanceIds=[instance_id])
ec2.get_waiter("instance_running").wait(InstanceIds=[instance_id], WaiterConfig=fast)
assert login("cat /var/tmp/hello") == "hello"
ec2.terminate_instances(InstanceIds=[instance_id])
ec2.get_waiter("instance_terminated").wait(InstanceIds=[instance_id], WaiterConfig=fast)
try:
    ec2.start_instances(InstanceIds=[instance_id])
    raise AssertionError("a terminated instance was started")
except ClientError as error:
    assert error.response["Error"]["Code"] == "IncorrectInstanceState", error
print("done")
