# Names of disks that do not depend on the order in which they were found; the kernel makes only its own.
#   /dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol…   as on EC2; the serial is the volume's id without its dash
#   /dev/xvdf, /dev/sdf                                    for a disk that has a letter. A paravirtual machine has a device for each, /dev/vdf for this one, of no size
#                                                          where there is no disk, and of one sector while a disk comes or goes; other machines have a slot for each

name_disks() {
  mkdir -p /dev/disk/by-id
  for disk in /sys/block/nvme*n* /sys/block/vd*; do
    [ -e "$disk" ] || continue
    read -r sectors < "$disk/size"
    [ "$sectors" -gt 1 ] || { forget_names "${disk##*/}"; continue; }
    serial=
    for file in "$disk/serial" "$disk/device/serial"; do [ -r "$file" ] && read -r serial < "$file"; done
    find_letter "${disk##*/}"
    for part in "$disk" "$disk/${disk##*/}"*; do
      [ -e "$part/dev" ] && name_part "${part##*/}"
    done
  done
}

# Of a disk whose serial number says that it is known by its place: the root disk's slot is 2, that of b is 31, of c 30, and so on.
find_letter() {
  letter=
  [ -e /sys/bus/platform/drivers/virtio-uml/virtio-uml.0 ] && letter=${1#vd}
  [ "$serial" = vhost_user_blk ] && [ -z "$letter" ] || return 0
  slot=$(readlink -f "/sys/block/$1")
  slot=${slot%%.0/virtio*}
  slot=${slot##*:}
  case "$slot" in
    02) letter=a ;;
    1?) letter=$(printf "\\$(printf %o $((97 + 32 - 0x$slot)))") ;;
  esac
}

# Of the disk itself, which has no number, or of a partition; `serial` and `letter` are the disk's.
name_part() {
  number=
  [ -e "/sys/class/block/$1/partition" ] && read -r number < "/sys/class/block/$1/partition"
  case "$serial" in vol*) link_once "../../$1" "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_$serial${number:+-part$number}" ;; esac
  [ -n "$letter" ] && { link_once "$1" "/dev/xvd$letter$number"; link_once "$1" "/dev/sd$letter$number"; }
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

# Those of a disk or partition that is gone; there may be another of the same name already, whose other names are to be made again.
forget_gone_disk() {
  for link in /dev/disk/by-id/* /dev/xvd* /dev/sd*; do
    [ -L "$link" ] || continue
    case "$(readlink "$link")" in "$1" | "../../$1") rm "$link" ;; esac
  done
}
