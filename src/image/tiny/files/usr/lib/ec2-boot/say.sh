# One line for the console and the log: seconds since the kernel started, then what happened. Without starting any program:
# each costs a hundredth of a second on an emulated machine.
say() {
  read -r up _ < /proc/uptime
  line="[$up] ec2-boot: $*"
  echo "$line" > /dev/console
  echo "$line" >> /var/log/boot.log
}
