# Network interfaces. The first Ethernet interface is called eth0 on a machine with firmware and vec0 or eth0 on a
# paravirtual one; each further interface is set up by the same DHCP client, with a default route of lower rank.

# The Ethernet interfaces that exist now, one word each.
ethernet_interfaces() {
  for path in /sys/class/net/*; do
    name=${path##*/}
    case "$name" in eth*|en*|vec*) echo "$name" ;; esac
  done
}

# Asks for an address until there is one, but not for ever; the client then stays and renews it.
request_address() {
  ip link set "$1" up
  udhcpc -i "$1" -n -t 60 -T 1 -A 1 -x "hostname:$(hostname)" -p "/run/udhcpc-$1.pid" -s /usr/lib/ec2-boot/dhcp-event > /dev/null 2>&1
}

start_primary_network() {
  tries=0
  until primary=$(ethernet_interfaces | head -n 1) && [ -n "$primary" ]; do
    tries=$((tries + 1))
    [ "$tries" -gt 200 ] && { say "no network interface"; return 1; }
    usleep 10000
  done
  echo "$primary" > /run/primary-interface
  if request_address "$primary"; then
    say "$primary has $(ip -4 -o address show dev "$primary" | awk '{print $4}') by DHCP"
  else
    say "$primary: no DHCP server answered in 60 seconds"
  fi
}
