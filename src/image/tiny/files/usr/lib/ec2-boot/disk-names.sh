# Names of disks that do not depend on the order in which they were found; the kernel makes only its own.
#   /dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol…   as on EC2; the serial is the volume's id without its dash
#   /dev/xvdf, /dev/sdf                                    for /dev/ubdf, a paravirtual machine's disk

name_disks() {
  mkdir -p /dev/disk/by-id
  for disk in /sys/block/nvme*n* /sys/block/vd* /sys/block/ubd*; do
    [ -e "$disk" ] || continue
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
  case "$1" in ubd*) link_once "$1" "/dev/xvd${1#ubd}"; link_once "$1" "/dev/sd${1#ubd}" ;; esac
}

link_once() {
  [ -e "$2" ] || ln -sfn "$1" "$2"
}

forget_gone_disks() {
  for link in /dev/disk/by-id/* /dev/xvd* /dev/sd*; do
    [ -L "$link" ] && [ ! -e "$link" ] && rm "$link"
  done
}
