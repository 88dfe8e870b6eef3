# Network interfaces. The first Ethernet interface is called eth0 on a machine with firmware and vec0 on a paravirtual one; each
# further interface is set up by the same DHCP client, with a default route of lower rank.

# Sets `interfaces` to the Ethernet interfaces that exist now.
find_ethernet_interfaces() {
  interfaces=
  for path in /sys/class/net/eth* /sys/class/net/en* /sys/class/net/vec*; do
    [ -e "$path" ] && interfaces="$interfaces ${path##*/}"
  done
}

# Asks for an address until there is one, but not for ever; the client then stays and renews it. `dhcp-event` writes the lease's
# address to /run/address-INTERFACE. The size of packets is told only to those who ask for it.
request_address() {
  ip link set "$1" up
  udhcpc -i "$1" -n -t 60 -T 1 -A 1 -O mtu -p "/run/udhcpc-$1.pid" -s /usr/lib/ec2-boot/dhcp-event > /dev/null 2>&1
}

# By IPv6 the kernel itself hears from the router where the way out is, and DHCPv6 tells the address, if the interface has one. One client serves all
# interfaces, since two would take each other's answers; it is ended without a farewell, with which it would give its addresses back.
request_ipv6_addresses() {
  [ -e /proc/net/if_inet6 ] || modprobe -q ipv6 || return
  find_ethernet_interfaces
  for interface in $interfaces; do
    read -r number < "/sys/class/net/$interface/ifindex"
    echo "interface $interface { send ia-na $number; }; id-assoc na $number { };"
  done > /run/dhcp6c.conf
  [ -e /run/dhcp6c.pid ] && kill -9 "$(cat /run/dhcp6c.pid)"
  mkdir -p /var/lib/dhcpv6
  dhcp6c -c /run/dhcp6c.conf -p /run/dhcp6c.pid $interfaces > /dev/null 2>&1
}

start_primary_network() {
  tries=0
  while find_ethernet_interfaces; [ -z "$interfaces" ]; do
    tries=$((tries + 1))
    [ "$tries" -gt 500 ] && { say "no network interface"; return 1; }
    usleep 10000
  done
  set -- $interfaces
  echo "$1" > /run/primary-interface
  if request_address "$1"; then
    read -r address < "/run/address-$1"
    say "$1 has $address by DHCP"
  else
    say "$1: no DHCP server answered in 60 seconds"
  fi
}
