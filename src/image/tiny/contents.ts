/**
 * What the tiny image takes from Debian: programs by name, the libraries that they ask for, and a few kernel modules. The
 * rest of each package stays outside.
 */

/** Programs, and files that programs open by name, from which package; `libraries` is the folder that is named after the architecture. */
export function chosenFiles(libraries: string): Readonly<Record<string, readonly string[]>> {
  return {
    "busybox-static": ["/bin/busybox"],
    bash: ["/bin/bash"],
    curl: ["/usr/bin/curl"],
    "dropbear-bin": ["/usr/sbin/dropbear", "/usr/bin/dropbearkey", "/usr/bin/dbclient"],
    e2fsprogs: ["/etc/mke2fs.conf", "/sbin/e2fsck", "/sbin/mke2fs", "/sbin/resize2fs", "/sbin/tune2fs"],
    fdisk: ["/sbin/sfdisk"],
    "openssh-client": ["/usr/bin/scp"],
    "openssh-sftp-server": ["/usr/lib/openssh/sftp-server"],
    socat: ["/usr/bin/socat"],
    sudo: ["/usr/bin/sudo", "/usr/libexec/sudo/libsudo_util.so.0", "/usr/libexec/sudo/sudoers.so"],
    "libpam-modules": [`${libraries}/security/pam_deny.so`, `${libraries}/security/pam_permit.so`],
    "util-linux": ["/bin/findmnt", "/bin/lsblk", "/usr/bin/partx", "/sbin/blkid", "/sbin/wipefs"],
    "wide-dhcpv6-client": ["/usr/sbin/dhcp6c"], // Debian's busybox leaves its own client out
    "ncurses-base": ["/lib/terminfo/l/linux", "/lib/terminfo/s/screen", "/lib/terminfo/t/tmux", "/lib/terminfo/v/vt100", "/lib/terminfo/v/vt220", "/lib/terminfo/x/xterm", "/lib/terminfo/x/xterm-256color"],
  };
}

/** Packages whose certificates are put together into one file, as Debian's own installation script would. */
export const certificatePackage = "ca-certificates";

export const linkedNames: Readonly<Record<string, string>> = {
  "/sbin/mkfs.ext4": "mke2fs",
  "/sbin/mkfs.ext3": "mke2fs",
  "/sbin/fsck.ext4": "e2fsck",
  "/usr/bin/ssh": "dbclient",
  "/usr/lib/sftp-server": "openssh/sftp-server",
  "/etc/mtab": "/proc/self/mounts",
};

export const setUserIdFiles: readonly string[] = ["/usr/bin/sudo"];

/** Kernel modules of machines with firmware, without those that they depend on and those of `initramfs.ts`. */
export const firmwareModules: readonly string[] = [
  ...["button", "evdev", "virtio-rng", "virtio_console", "virtio_scsi", "virtio_balloon", "ena", "sd_mod"],
  ...["loop", "dm-mod", "xfs", "vfat", "nls_ascii", "nls_cp437", "isofs", "squashfs", "overlay", "fuse", "nfsv4"],
  ...["tun", "veth", "bridge", "8021q", "vxlan", "dummy", "nf_tables", "nft_chain_nat", "nft_ct", "nft_masq", "xt_MASQUERADE", "xt_conntrack", "iptable_nat", "iptable_filter"],
];

/** Modules of the paravirtual kernel, which has its network cards built in, and its disks' driver in its first file system. */
export const paravirtualModules: readonly string[] = ["ipv6", "loop", "tun", "vfat", "isofs", "overlay", "fuse", "squashfs"];
