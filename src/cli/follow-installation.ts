/**
 * What an installation's file says should run, while the topology may change: nodes that are new get their networks first, and what is left of retired nodes
 * is taken away, also what an interrupted supervisor left of them. A look costs a `stat` as long as the file is the same.
 */
import { statSync } from "node:fs";
import type { Log } from "../base/log.ts";
import type { Component } from "./component.ts";
import { installationFile } from "./directories.ts";
import { findInstallation, type Installation } from "./installation.ts";
import { ensureNetworks } from "./networks.ts";
import { dismantle, hasRemains } from "./power.ts";
import { findComponents } from "./processes.ts";

/** After a failure: what runs goes on running meanwhile. */
const retryMs = 5_000;

/** `first` has its networks already. */
export function followInstallation(dataDirectory: string, first: Installation, log: Log): () => Promise<readonly Component[]> {
  let followed = "";
  let current = first;
  let lookAt = -Infinity;
  return async () => {
    const stamp = stampOf(dataDirectory);
    if (stamp === undefined || stamp === followed || performance.now() < lookAt) return wantedComponents(current);
    try {
      const next = findInstallation(dataDirectory) ?? current;
      if (JSON.stringify(next.topology) !== JSON.stringify(current.topology)) await ensureNetworks(next);
      current = next;
      for (const node of remainsOf(dataDirectory, next)) {
        await dismantle({ dataDirectory, runDirectory: next.runDirectory, installation: next.id, node });
        log.info("a node that the topology has no more is gone", { node });
      }
      followed = stamp;
    } catch (error) {
      lookAt = performance.now() + retryMs;
      log.error("the topology cannot be followed", { error, again: `in ${retryMs / 1000} s` });
    }
    return wantedComponents(current);
  };
}

/** Files are replaced as a whole, so another one has another number. */
function stampOf(dataDirectory: string): string | undefined {
  const found = statSync(installationFile(dataDirectory), { throwIfNoEntry: false });
  return found && `${found.ino} ${found.mtimeMs}`;
}

/** Retired nodes of which something is there. */
function remainsOf(dataDirectory: string, { id: installation, runDirectory, retired = [] }: Installation): readonly string[] {
  if (retired.length === 0) return [];
  const running = new Set(findComponents(dataDirectory).flatMap(({ component }) => ("node" in component ? component.node : [])));
  return retired.filter((node) => running.has(node) || hasRemains({ dataDirectory, runDirectory, installation, node }));
}

export function wantedComponents({ topology }: Installation): readonly Component[] {
  const zones = topology.regions.flatMap((region) => region.zones);
  const nodes = zones.flatMap((zone) => [...zone.storageNodes, ...zone.hosts]);
  return [{ kind: "control-plane" }, ...nodes.map((node): Component => ({ kind: "emulated" in node ? "machine" : "agent", node: node.id }))];
}
