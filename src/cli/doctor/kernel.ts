/** What the kernel lets us do, found out by doing it in a network namespace that is thrown away. */
import { openProcessorGroups } from "../../host/processor/control-groups.ts";
import { asRoot, type Check, no, tryCommand, unknown, yes } from "./check.ts";

const translation = `table ip hostelry_trial {
  chain postrouting { type nat hook postrouting priority srcnat; masquerade; }
  chain forward { type filter hook forward priority filter; ct state established accept; }
}
`;

export function kernelChecks(isRoot: boolean): readonly Check[] {
  return [...(isRoot ? namespaceChecks() : unprivileged()), cgroupCheck(isRoot)];
}

function namespaceChecks(): readonly Check[] {
  return [
    trial("network namespaces", "a network for every host and VPC", ["true"], "In a container, start it with --privileged or --cap-add NET_ADMIN,SYS_ADMIN"),
    trial("virtual links", "pairs, bridges and taps between namespaces", ["sh", "-ec", linkScript], "Load the kernel's modules: modprobe veth bridge tun"),
    trial("nftables", "address translation and connection tracking", ["nft", "-f", "-"], "Install nftables; load the kernel's modules: modprobe nf_tables nft_chain_nat nft_masq nf_conntrack", translation),
    trial("mounts", "the names of network namespaces", ["mount", "-t", "tmpfs", "none", "/mnt"], "In a container, start it with --privileged or --cap-add SYS_ADMIN"),
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

/** Version 2 or 1, as `host/processor` finds them. */
function cgroupCheck(isRoot: boolean): Check {
  const forWhat = "shares of the processors and CPU credits";
  if (!isRoot) return unknown("control groups", "can only be tried as root", asRoot);
  const found = openProcessorGroups();
  if (!("missing" in found)) return yes("control groups", forWhat, false);
  return no("control groups", `${found.missing}: ${forWhat}`, "Guests run without these; in a container, give it control groups of its own (--cgroupns=private) and write access", false);
}
