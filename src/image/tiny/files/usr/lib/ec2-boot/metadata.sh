# The instance metadata service, version 2: a token first, then every question with it. Asked through nc, because busybox's
# wget cannot PUT (and Debian's build of it crashes when given a time limit).
service=169.254.169.254

# ask METHOD PATH HEADER: prints the answer's body; the status is 0 only when the service said 200.
ask() {
  printf '%s /latest/%s HTTP/1.0\r\nHost: %s\r\n%s\r\nContent-Length: 0\r\n\r\n' "$1" "$2" $service "$3" |
    nc -w 5 $service 80 2>/dev/null | {
      read -r _ status _
      while read -r line && [ ${#line} -gt 1 ]; do :; done
      [ "$status" = 200 ] && cat
    }
}

request_token() {
  ask PUT api/token 'X-aws-ec2-metadata-token-ttl-seconds: 21600'
}

# What the service says at this path, or status 1 when it has nothing there.
metadata() {
  ask GET "$1" "X-aws-ec2-metadata-token: $token"
}

# Sets token and instance_id; both stay empty when the service does not answer for 30 seconds.
read_instance_metadata() {
  tries=0
  while [ "$tries" -lt 30 ]; do
    token=$(request_token)
    instance_id=$(metadata meta-data/instance-id) && [ -n "$instance_id" ] && return 0
    tries=$((tries + 1))
    sleep 1
  done
  token='' instance_id=''
  say "the metadata service does not answer; the machine keeps the identity it has"
  return 1
}
