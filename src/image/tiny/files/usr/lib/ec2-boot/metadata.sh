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

# Sets token, instance_id, full_name and public_key; all stay empty when the service does not answer for 30 seconds.
read_instance_metadata() {
  tries=0
  while [ "$tries" -lt 30 ]; do
    token=$(request_token) && break
    tries=$((tries + 1))
    sleep 1
  done
  for question in instance-id local-hostname public-keys/0/openssh-key; do
    metadata "meta-data/$question" > "/run/metadata-${question##*/}" &
    jobs="$jobs $!"
  done
  wait $jobs
  read -r instance_id < /run/metadata-instance-id
  read -r full_name < /run/metadata-local-hostname
  read -r public_key < /run/metadata-openssh-key
  [ -n "$instance_id" ] || say "the metadata service does not answer; the machine keeps the identity it has"
}
