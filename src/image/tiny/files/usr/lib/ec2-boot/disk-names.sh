# Names of disks that do not depend on the order in which they were found; the kernel makes only its own.
#   /dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol…   as on EC2; the serial is the volume's id without its dash
#   /dev/xvdf, /dev/sdf                                    for /dev/vdf, a paravirtual machine's disk; it has a device for each letter, of no size
#                                                          where there is no disk, and of one sector while a disk comes or goes

name_disks() {
  mkdir -p /dev/disk/by-id
  for disk in /sys/block/nvme*n* /sys/block/vd*; do
    [ -e "$disk" ] || continue
    read -r sectors < "$disk/size"
    [ "$sectors" -gt 1 ] || { forget_names "${disk##*/}"; continue; }
    serial=
    for file in "$disk/serial" "$disk/device/serial"; do [ -r "$file" ] && read -r serial < "$file"; done
    for part in "$disk" "$disk/${disk##*/}"*; do
      [ -e "$part/dev" ] && name_part "${part##*/}"
    done
  done
}

# Of the disk itself, which has no number, or of a partition; `serial` is the disk's.
name_part() {
  number=
  [ -e "/sys/class/block/$1/partition" ] && read -r number < "/sys/class/block/$1/partition"
  case "$serial" in vol*) link_once "../../$1" "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$serial${number:+-part$number}" ;; esac
  [ -e "/sys/bus/platform/drivers/virtio-uml/virtio-uml.0" ] && { link_once "$1" "/dev/xvd${1#vd}"; link_once "$1" "/dev/sd${1#vd}"; }
}

forget_names() {
  for link in "/dev/xvd${1#vd}"* "/dev/sd${1#vd}"*; do
    [ -L "$link" ] && rm "$link"
  done
}

# The kernel looks for partitions only when a device is new; this one may have got another disk, or none. Each partition found is an event by itself.
find_partitions() {
  read -r sectors < "/sys/block/${1#/dev/}/size"
  if [ "$sectors" -gt 1 ]; then partx --update "$1"; else partx --delete "$1"; fi
} 2> /dev/null

link_once() {
  [ -e "$2" ] || ln -sfn "$1" "$2"
}

forget_gone_disks() {
  for link in /dev/disk/by-id/* /dev/xvd* /dev/sd*; do
    [ -L "$link" ] && [ ! -e "$link" ] && rm "$link"
  done
}
