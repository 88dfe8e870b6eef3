#!/usr/bin/env bash
# Runs the README's lines, its first argument, as they stand, with Debian's own AWS command line. Where they log in, it waits for the
# guest's SSH and asks for what the user data left; that is its last line.
set -euo pipefail
cd "$WORK"
ln -s "$LAUNCHER" hostelry

ssh() {
  local options=(-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -o ConnectTimeout=2 -o LogLevel=ERROR)
  for _ in {1..120}; do
    if said=$(command ssh "${options[@]}" "$@" sudo cat /root/hello </dev/null); then return; fi
    sleep 0.5
  done
  return 1
}

eval "$1"
aws ec2 terminate-instances --instance-ids "$id" > /dev/null
echo "$said"
