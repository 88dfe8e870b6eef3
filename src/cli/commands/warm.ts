/** `warm`: compiles what `up` will start, so that the first start is as quick and as small as every later one. Called by the set-up. */
import { flushCompileCache } from "node:module";

export async function warm(): Promise<void> {
  await Promise.all([import("./up.ts"), import("./supervise.ts"), import("./control-plane.ts"), import("./agent.ts"), import("./host-join.ts"), import("../simulated-hosts.ts"), import("./build-image.ts")]);
  flushCompileCache();
  process.exit(0); // some modules begin things that would hold the process
}
