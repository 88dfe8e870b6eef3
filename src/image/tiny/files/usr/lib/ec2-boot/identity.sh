# Who this machine is: its SSH host key, its host name, and who may log in. A machine launched from an image of another one
# has another instance id, and then forgets that one's host key and user data.
host_key=/etc/dropbear/dropbear_ed25519_host_key
state=/var/lib/cloud

make_host_key_if_missing() {
  [ -s $host_key ] && return 0
  # Written whole before it gets its name: a power cut leaves no half key, and what it leaves is in nobody's way.
  rm -f $host_key.new
  dropbearkey -t ed25519 -f $host_key.new > /dev/null 2>&1 && sync $host_key.new && mv $host_key.new $host_key
}

settle_identity() {
  [ -n "$instance_id" ] || { read -r name < /etc/hostname && hostname "$name"; return 0; }
  name=${full_name%%.*}
  if [ -n "$name" ]; then
    hostname "$name"
    echo "$name" > /etc/hostname
    printf '127.0.0.1 localhost\n127.0.1.1 %s %s\n::1 localhost ip6-localhost\n' "$full_name" "$name" > /etc/hosts
  fi
  read -r known < $state/data/instance-id
  if [ "$known" != "$instance_id" ]; then
    [ -n "$known" ] && { rm -f $host_key; make_host_key_if_missing; }
    authorize_key_pair
    mkdir -p "$state/instances/$instance_id"
    ln -sfn "$state/instances/$instance_id" $state/instance
    sync # a power cut must not leave the id without what was done for it
    echo "$instance_id" > $state/data/instance-id
  fi
  say "instance $instance_id, host name $name"
}

# The key pair of the launch lets its owner log in as admin. The file is there, empty, with the right owner and mode.
authorize_key_pair() {
  [ -n "$public_key" ] || { say "launched without a key pair"; return 0; }
  keys=/home/admin/.ssh/authorized_keys
  while read -r line; do [ "$line" = "$public_key" ] && return 0; done < $keys
  echo "$public_key" >> $keys
}

# One process a connection, which looks first for keys that were pushed; without delay for small packets, as dropbear itself would ask for.
start_ssh() {
  family=TCP4
  [ -e /proc/net/if_inet6 ] && family=TCP6
  socat $family-LISTEN:22,fork,reuseaddr,nodelay,keepalive,backlog=64,max-children=256 EXEC:/usr/lib/ec2-boot/ssh-connection,nofork 2>/dev/null &
  say "ssh is ready"
}

# In the form in which EC2's images print them, so that the console tells an owner which host key is right.
print_host_keys() {
  name=$(hostname)
  set -- $(dropbearkey -y -f $host_key | grep '^ssh-')
  print=$(echo "$2" | base64 -d | sha256sum | cut -d' ' -f1 | xxd -r -p | base64 | tr -d '=')
  tee -a /var/log/boot.log > /dev/console <<END
ec2: 
ec2: #############################################################
ec2: -----BEGIN SSH HOST KEY FINGERPRINTS-----
ec2: 256 SHA256:$print root@$name (ED25519)
ec2: -----END SSH HOST KEY FINGERPRINTS-----
ec2: #############################################################
-----BEGIN SSH HOST KEY KEYS-----
$1 $2 root@$name
-----END SSH HOST KEY KEYS-----
END
}
