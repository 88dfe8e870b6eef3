/**
 * QEMU's command line for the computer that an emulated host is: pure text. Its processor has AMD's virtualization, which emulation can provide, so that KVM
 * works in it. (Addresses of 39 bits keep the registers of virtual functions below 4 GiB, where QEMU 10's emulated cards need them.) Its network card that
 * splits itself has no cable: what guests send goes through the host, as everywhere, and from there over the underlay network.
 */
import type { EmulatedHostSystem } from "../../image/emulated-host/build-emulated-host.ts";

export interface EmulatedComputer {
  readonly host: string;
  readonly cpus: number;
  readonly memoryMib: number;
  readonly system: EmulatedHostSystem;
  /** A raw disk that outlives it. */
  readonly disk: string;
  /** The switch's port, in the namespace that it runs in. */
  readonly tap: string;
  readonly mac: string;
  readonly qmpSocket: string;
  /** Folders that it reads, by the names that it mounts them by. */
  readonly shares: Readonly<Record<string, string>>;
  /** It has a network card that splits itself, which QEMU's `igb` is. */
  readonly hasCard: boolean;
  /** Raw files of what an NVMe controller that splits itself has for guests; none: no such controller. */
  readonly namespaces: readonly string[];
}

/**
 * What an emulated timer and a slow first start ask for; an end that is seen, also of a processor that has stopped (emulation once lost an interrupt's end):
 * it is started again; and no measures against a processor that looks ahead, since this one does not.
 */
const kernelWords = ["console=ttyS0", "quiet", "panic=-1", "rcupdate.rcu_cpu_stall_timeout=300", "sysctl.kernel.panic_on_rcu_stall=1", "net.ifnames=0", "no_timer_check", "tsc=reliable", "cryptomgr.notests", "init_on_alloc=0", "mitigations=off", "apparmor=0", "audit=0"];

/** Each card is behind a port of its own. */
const networkCard = ["-device", "pcie-root-port,id=port1,slot=1", "-device", "igb,bus=port1,mac=02:68:00:00:00:01,romfile="];

/** A function for each namespace, with two queues beside the administrative one. None of the namespaces is attached: the host's agent does that. */
function storageCard(namespaces: readonly string[]): readonly string[] {
  if (namespaces.length === 0) return [];
  const resources = 3 * namespaces.length;
  return [
    ["-device", "pcie-root-port,id=port2,slot=2", "-device", "nvme-subsys,id=store,nqn=store"],
    ["-device", `nvme,id=store0,bus=port2,subsys=store,serial=store0,sriov_max_vfs=${namespaces.length},sriov_vq_flexible=${resources},sriov_vi_flexible=${resources},max_ioqpairs=${resources + 2},msix_qsize=${resources + 3}`],
    ...namespaces.map((file, index) => ["-drive", `file=${escape(file)},if=none,id=namespace${index},format=raw,discard=unmap`, "-device", `nvme-ns,drive=namespace${index},bus=store0,nsid=${index + 1},shared=on,detached=on`]),
  ].flat();
}

export function machineArguments({ host, cpus, memoryMib, system, disk, tap, mac, qmpSocket, shares, hasCard, namespaces }: EmulatedComputer): readonly string[] {
  const splits = hasCard || namespaces.length > 0; // then there is an IOMMU that keeps the functions apart
  return [
    ["-name", `host-${host}`],
    ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ["-machine", "q35,usb=off,vmport=off,dump-guest-core=off", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max,svm=on,phys-bits=39,erms=off,fsrm=off"],
    ["-smp", String(cpus), "-m", `${memoryMib}M`],
    ["-kernel", system.kernel, "-initrd", system.initrd, "-append", [...kernelWords, ...(splits ? ["intel_iommu=on", "iommu=pt"] : [])].join(" ")],
    splits ? ["-device", "intel-iommu"] : [],
    hasCard ? networkCard : [],
    storageCard(namespaces),
    ["-serial", "stdio", "-qmp", `unix:${escape(qmpSocket)},server=on,wait=off`],
    ["-drive", `file=${escape(system.image)},if=virtio,format=raw,readonly=on`, "-drive", `file=${escape(disk)},if=virtio,format=raw,discard=unmap`],
    ["-netdev", `tap,id=underlay,ifname=${tap},script=no,downscript=no`, "-device", `virtio-net-pci,netdev=underlay,mac=${mac},romfile=`],
    ["-object", "rng-builtin,id=entropy", "-device", "virtio-rng-pci,rng=entropy"],
    ...Object.entries(shares).map(([tag, path]) => ["-fsdev", `local,id=${tag},path=${escape(path)},security_model=none,readonly=on`, "-device", `virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`]),
  ].flat();
}

/** A comma inside a value is doubled. */
function escape(text: string): string {
  return text.replaceAll(",", ",,");
}
