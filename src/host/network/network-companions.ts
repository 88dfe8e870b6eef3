/** A host's network together with what follows it: flow logs of its VPCs. */
import type { FlowLogger } from "./flow-logs/flow-logger.ts";
import type { HostNetwork } from "./host-network.ts";

export interface NetworkCompanions {
  readonly flows: FlowLogger;
}

export function accompany(network: HostNetwork, { flows }: NetworkCompanions): HostNetwork {
  return {
    prepareInterface: (nic, user) => network.prepareInterface(nic, user),
    connectInterface: async (nic) => {
      await network.connectInterface(nic);
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
    removeInterface: (id) => network.removeInterface(id),
    retainOnly: (ids) => network.retainOnly(ids),
    close: async () => {
      await flows.close();
      await network.close();
    },
  };
}
