#!/usr/bin/env bash
# The README's lines with Debian's AWS command line, which is too old to read AWS_ENDPOINT_URL.
set -euo pipefail
cd "$WORK"
aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }
aws ec2 create-key-pair --key-name me --query KeyMaterial --output text > me.pem && chmod 600 me.pem
printf '#!/bin/sh\necho hello > /root/hello\n' > hello.sh
image=$(aws ec2 describe-images --filters 'Name=name,Values=tiny-paravirtual-*' --query 'Images[0].ImageId' --output text)
id=$(aws ec2 run-instances --image-id "$image" --instance-type m1.small --key-name me --user-data file://hello.sh --query 'Instances[0].InstanceId' --output text)
aws ec2 wait instance-running --instance-ids "$id"
address=$(aws ec2 describe-instances --instance-ids "$id" --query 'Reservations[0].Instances[0].PublicIpAddress' --output text)
for _ in $(seq 60); do
  if said=$(ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -o ConnectTimeout=2 -o LogLevel=ERROR -i me.pem "admin@$address" sudo cat /root/hello); then break; fi
  sleep 0.5
done
aws ec2 terminate-instances --instance-ids "$id" > /dev/null
echo "$said"
