# Who this machine is: its SSH host key, its host name, and who may log in. A machine launched from an image of another one
# has another instance id, and then forgets that one's host key, keys and user data.
host_key=/etc/dropbear/dropbear_ed25519_host_key
instances=/var/lib/cloud/instances

make_host_key_if_missing() {
  [ -s $host_key ] && return 0
  mkdir -p /etc/dropbear
  # Written whole before it gets its name: a power cut leaves no half key.
  dropbearkey -t ed25519 -f $host_key.new > /dev/null 2>&1 && sync $host_key.new && mv $host_key.new $host_key
}

settle_identity() {
  [ -z "$instance_id" ] && return 0
  known=$(cat /var/lib/cloud/data/instance-id 2>/dev/null)
  hostname_now=$(metadata meta-data/local-hostname)
  set_host_name "${hostname_now%%.*}" "$hostname_now"
  if [ "$known" != "$instance_id" ]; then
    [ -n "$known" ] && { rm -f $host_key; make_host_key_if_missing; }
    authorize_key_pair
    mkdir -p "$instances/$instance_id" /var/lib/cloud/data
    rm -rf /var/lib/cloud/instance
    ln -s "$instances/$instance_id" /var/lib/cloud/instance
    echo "$instance_id" > /var/lib/cloud/data/instance-id
  fi
  say "instance $instance_id, host name $(hostname)"
}

set_host_name() {
  [ -z "$1" ] && return 0
  hostname "$1"
  echo "$1" > /etc/hostname
  printf '127.0.0.1 localhost\n127.0.1.1 %s %s\n::1 localhost ip6-localhost\n' "$2" "$1" > /etc/hosts
}

# The key pair of the launch lets its owner log in as admin; root only says so.
authorize_key_pair() {
  key=$(metadata meta-data/public-keys/0/openssh-key) || { say "launched without a key pair"; return 0; }
  mkdir -p /home/admin/.ssh
  grep -qxF "$key" /home/admin/.ssh/authorized_keys 2>/dev/null || echo "$key" >> /home/admin/.ssh/authorized_keys
  chmod 700 /home/admin/.ssh
  chmod 600 /home/admin/.ssh/authorized_keys
  chown -R 1000:1000 /home/admin/.ssh
}

start_ssh() {
  dropbear -s -j -k -r $host_key -P /run/dropbear.pid 2>/dev/null
  say "ssh is ready"
}

# In the form in which EC2's images print them, so that the console tells an owner which host key is right.
print_host_keys() {
  key=$(dropbearkey -y -f $host_key | grep '^ssh-')
  set -- $key
  print=$(echo "$2" | base64 -d | sha256sum | cut -d' ' -f1 | xxd -r -p | base64 | tr -d '=')
  {
    echo "ec2: "
    echo "ec2: #############################################################"
    echo "ec2: -----BEGIN SSH HOST KEY FINGERPRINTS-----"
    echo "ec2: 256 SHA256:$print root@$(hostname) (ED25519)"
    echo "ec2: -----END SSH HOST KEY FINGERPRINTS-----"
    echo "ec2: #############################################################"
    echo "-----BEGIN SSH HOST KEY KEYS-----"
    echo "$1 $2 root@$(hostname)"
    echo "-----END SSH HOST KEY KEYS-----"
  } | tee -a /var/log/boot.log > /dev/console
}
