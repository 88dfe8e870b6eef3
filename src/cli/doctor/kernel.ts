/** What the kernel lets us do, found out by doing it in a network namespace that is thrown away. */
import { existsSync, readFileSync } from "node:fs";
import { asRoot, type Check, no, tryCommand, unknown, yes } from "./check.ts";

const translation = `table ip hostelry_trial {
  chain postrouting { type nat hook postrouting priority srcnat; masquerade; }
  chain forward { type filter hook forward priority filter; ct state established accept; }
}
`;

export function kernelChecks(isRoot: boolean): readonly Check[] {
  return [...(isRoot ? namespaceChecks() : unprivileged()), cgroupCheck()];
}

function namespaceChecks(): readonly Check[] {
  return [
    trial("network namespaces", "a network for every host and VPC", ["true"], "In a container, start it with --privileged or --cap-add NET_ADMIN,SYS_ADMIN"),
    trial("virtual links", "pairs, bridges and taps between namespaces", ["sh", "-ec", linkScript], "Load the kernel's modules: modprobe veth bridge tun"),
    trial("nftables", "address translation and connection tracking", ["nft", "-f", "-"], "Install nftables; load the kernel's modules: modprobe nf_tables nft_chain_nat nft_masq nf_conntrack", translation),
    trial("mounts", "a FUSE export for every paravirtual volume", ["mount", "-t", "tmpfs", "none", "/mnt"], "In a container, start it with --privileged or --cap-add SYS_ADMIN"),
  ];
}

const linkScript = "ip link add trial0 type veth peer name trial1; ip link add trialbr type bridge; ip link set trial0 master trialbr; ip tuntap add trialtap mode tap";

function trial(name: string, forWhat: string, command: readonly string[], remedy: string, input = ""): Check {
  const { worked, said } = tryCommand("unshare", ["--net", "--mount", ...command], input);
  return worked ? yes(name, forWhat) : no(name, `${said.split("\n")[0] ?? "failed"}: ${forWhat}`, remedy);
}

function unprivileged(): readonly Check[] {
  return ["network namespaces", "virtual links", "nftables", "mounts"].map((name) => unknown(name, "can only be tried as root", asRoot));
}

function cgroupCheck(): Check {
  const forWhat = "limits of processor and memory for guests";
  if (existsSync("/sys/fs/cgroup/cgroup.controllers")) {
    return yes("control groups", `version 2 with ${readFileSync("/sys/fs/cgroup/cgroup.controllers", "utf8").trim()}: ${forWhat}`, false);
  }
  return no("control groups", `version 2 is not mounted: ${forWhat}`, "Guests run without these limits; boot with systemd.unified_cgroup_hierarchy=1 to have them", false);
}
