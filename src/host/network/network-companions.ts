/** A host's network together with what follows it: flow logs of its VPCs, and the bandwidth of its interfaces. */
import type { BandwidthKeeper } from "./bandwidth/bandwidth-keeper.ts";
import type { FlowLogger } from "./flow-logs/flow-logger.ts";
import type { HostNetwork } from "./host-network-options.ts";

export interface NetworkCompanions {
  readonly flows: FlowLogger;
  readonly bandwidth: BandwidthKeeper;
}

export function accompany(network: HostNetwork, { flows, bandwidth }: NetworkCompanions): HostNetwork {
  return {
    prepareInterface: (nic, user) => network.prepareInterface(nic, user),
    connectInterface: async (nic) => {
      await network.connectInterface(nic);
      await bandwidth.limit(nic);
      await flows.watch(nic.vpc.id);
    },
    setTokenHopLimit: (id, hopLimit) => network.setTokenHopLimit(id, hopLimit),
    applyVpc: async (specification) => {
      await network.applyVpc(specification);
      await flows.follow(specification);
    },
    removeVpc: async (id) => {
      await network.removeVpc(id);
      await flows.forget(id);
    },
    readCounters: (vpc) => network.readCounters(vpc),
    findSilent: (ids) => network.findSilent(ids),
    removeInterface: async (id) => {
      await network.removeInterface(id);
      await bandwidth.forget(id);
    },
    retainOnly: async (ids) => {
      await network.retainOnly(ids);
      await bandwidth.retainOnly(ids);
    },
    close: async () => {
      await Promise.all([flows.close(), bandwidth.close()]);
      await network.close();
    },
  };
}
