/**
 * A storage node's agent in a process of its own that kills itself before a numbered effect: a file's new name or end, or something said to a
 * storage daemon. Brings one volume in line until its snapshots are stored and its layers merged, and ends with code 0.
 *
 *   node killed-agent.ts DIRECTORY EFFECT SPECIFICATION      EFFECT 0: never
 */
import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { Socket } from "node:net";

const [directory = "", effect = "0", specification = ""] = process.argv.slice(2);
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
const wanted = parseSpecification(JSON.parse(specification));
if (wanted.kind !== "volume") throw new Error("this is no volume");
await node.volumes.ensureData(wanted);
for (;;) {
  const { snapshots } = await node.until(wanted, (facts) => facts.snapshots.every(({ state }) => state === "completed"));
  if (snapshots.length === wanted.snapshots.length && (await files.readdir(`${directory}/volumes`)).filter((name) => name.endsWith(".qcow2")).length <= 2) break;
  await new Promise((resolve) => setTimeout(resolve, 20));
}
process.exit(0);
