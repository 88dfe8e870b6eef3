/** What the debian-12 image has beyond the packages that every Debian system must have. */

export const includedPackages: readonly string[] = [
  ...["systemd", "systemd-sysv", "systemd-resolved", "udev", "dbus", "libpam-systemd", "kmod", "apt", "debian-archive-keyring"],
  ...["cloud-init", "cloud-guest-utils", "openssh-server", "openssh-sftp-server", "sudo", "curl", "ca-certificates"],
  ...["e2fsprogs", "fdisk", "iproute2", "iputils-ping", "netbase", "procps", "less", "vim-tiny", "bash-completion", "file", "lsof", "xfsprogs", "fio"],
  ...["linux-image-cloud-amd64", "initramfs-tools", "lz4", "grub-pc-bin", "grub2-common"],
];

/** Files that packages bring and nobody reads on a server; a guest can reinstall a package to have them. */
export const excludedPaths: readonly string[] = [
  "/usr/share/doc/*",
  "/usr/share/info/*",
  "/usr/share/lintian/*",
  "/usr/share/locale/*",
  "/usr/share/man/*",
];
