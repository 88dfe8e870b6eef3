/**
 * The first process of the guest that the contract suite boots: a shell script on busybox, the same under every engine.
 *
 * Lines on the serial console: `GUEST ready MODE` after each boot, and whenever they change
 * `GUEST disks NAME=SERIAL:SECTORS …` (disks of no size are none) and `GUEST interfaces MAC …`; `GUEST heard LINE` for each line that is typed there. Modes, by
 * `hostelry.test=MODE` on the kernel's command line:
 *
 *   obey       powers off when asked (power button, Ctrl-Alt-Del)      poweroff   powers off by itself after a moment
 *   ignore     is deaf to it                                          reboot     restarts by itself after a moment, every time
 *   panic      crashes after a moment
 */
export type GuestMode = "obey" | "ignore" | "poweroff" | "reboot" | "panic";

export const guestInit = `#!/bin/sh
PATH=/bin
for name in mount cat ls tr sed insmod sleep poweroff reboot dd kill echo; do busybox ln -sf busybox /bin/$name; done
mount -t devtmpfs dev /dev 2> /dev/null
mount -t proc proc /proc
mount -t sysfs sys /sys
if [ -e /modules/order ]; then while read module; do insmod /modules/$module; done < /modules/order; fi
mode=$(sed -n 's/.*hostelry.test=\\([a-z]*\\).*/\\1/p' /proc/cmdline)
echo 0 > /proc/sys/kernel/ctrl-alt-del
asked() { [ "$mode" = obey ] || return; echo GUEST powering off; poweroff -f; }
trap asked INT
for event in /dev/input/event*; do
  [ -e $event ] && (dd if=$event of=/dev/null bs=24 count=1 2> /dev/null && kill -INT 1) &
done
serials() {
  for block in /sys/block/*; do
    case $block in */ram*|*/loop*) continue;; esac
    [ $(cat $block/size) = 0 ] && continue
    for file in $block/serial $block/device/serial; do [ -e $file ] && echo \${block##*/}=$(cat $file):$(cat $block/size); done
  done | tr '\\n' ' '
}
addresses() { for link in /sys/class/net/*; do cat $link/address; done | sed '/^00:00:00:00:00:00$/d' | tr '\\n' ' '; }
(while read -r line; do echo "GUEST heard $line"; done) < /dev/console &
echo GUEST ready $mode
turn=0
while :; do
  disks=$(serials)
  [ "$disks" = "$lastDisks" ] || echo "GUEST disks $disks"
  lastDisks=$disks
  interfaces=$(addresses)
  [ "$interfaces" = "$lastInterfaces" ] || echo "GUEST interfaces $interfaces"
  lastInterfaces=$interfaces
  turn=$((turn + 1))
  if [ $turn -ge 4 ]; then
    case $mode in
      poweroff) echo GUEST powering off; poweroff -f;;
      reboot) echo GUEST restarting; reboot -f;;
      panic) echo c > /proc/sysrq-trigger;;
    esac
  fi
  sleep 0.2 & wait $!
done
`;
