/** What an emulated host takes from Debian: the programs that a host's agent runs, the libraries that they ask for, and kernel modules. */

/** Programs, and files and folders that programs open by name, from which package. */
export const chosenFiles: Readonly<Record<string, readonly string[]>> = {
  "busybox-static": ["/bin/busybox"],
  bash: ["/bin/bash"],
  "dnsmasq-base": ["/usr/sbin/dnsmasq"],
  e2fsprogs: ["/etc/mke2fs.conf", "/sbin/e2fsck", "/sbin/mke2fs"],
  iproute2: ["/bin/ip", "/sbin/bridge", "/sbin/ip", "/sbin/tc"], // the second `ip` is where busybox's would be
  // What Node.js asks for, whose own files are the machine's that emulates this one.
  libc6: ["/lib/x86_64-linux-gnu/libdl.so.2", "/lib/x86_64-linux-gnu/libpthread.so.0", "/lib/x86_64-linux-gnu/librt.so.1"],
  "libstdc++6": ["/usr/lib/x86_64-linux-gnu/libstdc++.so.6"],
  nftables: ["/usr/sbin/nft"],
  "nvme-cli": ["/usr/sbin/nvme"],
  openssl: ["/usr/bin/openssl", "/usr/lib/ssl/openssl.cnf"],
  "qemu-system-x86": ["/usr/bin/qemu-system-x86_64"], // without the module that translates: emulation inside emulation boots nothing in time
  "qemu-utils": ["/usr/bin/qemu-img"],
  "qemu-system-common": ["/usr/bin/qemu-storage-daemon"],
  "util-linux": ["/sbin/blkid", "/usr/bin/flock", "/usr/bin/nsenter", "/usr/bin/prlimit", "/usr/bin/setpriv", "/usr/bin/taskset"],
};

/** Firmware of the guests' machines. */
export const chosenFolders: Readonly<Record<string, readonly string[]>> = {
  "qemu-system-data": ["/usr/share/qemu"],
  seabios: ["/usr/share/seabios"],
};

/** Before the root file system is there. */
export const firstModules: readonly string[] = ["virtio_pci", "virtio_blk", "crc32c_generic", "ext4", "overlay"];

/** Loaded at the start; others come when the kernel asks for them. */
export const startModules: readonly string[] = ["virtio_net", "9p", "9pnet_virtio", "kvm_amd", "kvm_intel", "tun", "button", "evdev", "virtio-rng", "igb", "nvme", "vfio-pci", "vfio_iommu_type1"];

export const furtherModules: readonly string[] = [
  ...["veth", "bridge", "vxlan", "dummy", "ifb", "loop", "fuse", "macvlan"],
  ...["nf_tables", "nf_conntrack", "nf_nat", "nft_chain_nat", "nft_ct", "nft_masq", "nft_nat", "nft_limit", "nft_log", "nft_reject_inet", "nft_reject_ipv4", "nft_reject_ipv6", "nft_reject_netdev", "nft_redir", "nft_fib_inet", "nft_hash", "nft_numgen", "nft_connlimit", "nft_quota", "nft_objref", "nft_dup_netdev", "nft_fwd_netdev"],
  ...["sch_tbf", "sch_htb", "sch_ingress", "sch_fq_codel", "sch_prio", "act_mirred", "act_police", "act_gact", "cls_u32", "cls_matchall", "cls_flower", "cls_bpf"],
  "8021q",
];
