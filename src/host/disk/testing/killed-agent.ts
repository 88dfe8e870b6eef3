/**
 * A storage node's agent in a process of its own that kills itself before a numbered effect: a file's new name or end, or something said to a
 * storage daemon. Brings volumes in line until they are whole, their snapshots stored and their layers merged, and ends with code 0.
 *
 *   node killed-agent.ts DIRECTORY EFFECT SPECIFICATION...      EFFECT 0: never
 */
import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { Socket } from "node:net";
import type { VolumeSpecification } from "../../protocol/specification.ts";
import type { VolumeFacts } from "../volumes.ts";

const [directory = "", effect = "0", ...specifications] = process.argv.slice(2);
let effects = 0;

/** The method, after it was counted. */
function counted<A extends unknown[], R>(method: (...args: A) => R): (...args: A) => R {
  return function (this: unknown, ...args: A): R {
    if (++effects === Number(effect)) process.kill(process.pid, "SIGKILL");
    return Reflect.apply(method, this, args);
  };
}

Object.assign(files, { rename: counted(files.rename), rm: counted(files.rm) });
Object.assign(Socket.prototype, { write: counted(Socket.prototype.write) });
syncBuiltinESMExports();

const { parseSpecification } = await import("../../agent/parse-page.ts");
const { StorageNode } = await import("./storage-node.ts");
const node = StorageNode.at(directory);
const volumes = specifications.map((text) => parseSpecification(JSON.parse(text))).filter(({ kind }) => kind === "volume") as VolumeSpecification[]; // the filter says so
for (const wanted of volumes) await node.volumes.ensureData(wanted);
for (;;) {
  // The first of a group has its moment only when the others are known.
  for (const wanted of volumes) await node.volumes.ensure(wanted);
  for (const wanted of volumes) {
    const isStored = ({ snapshots }: VolumeFacts): boolean => snapshots.length === wanted.snapshots.length && snapshots.every(({ state }) => state === "completed");
    await node.until(wanted, (facts) => facts.condition.initializedPercent === undefined && isStored(facts));
  }
  const layers = (await files.readdir(`${directory}/volumes`)).filter((name) => name.endsWith(".qcow2") && volumes.some(({ id }) => name.startsWith(id)));
  if (layers.length <= 2 * volumes.length) break;
  await new Promise((resolve) => setTimeout(resolve, 20));
}
process.exit(0);
