/** `console`: builds the console's pages if need be, and prints a link that signs the account's root in, once. */
import { buildConsole, planConsoleBuild } from "../console-build.ts";
import { askControlPlane } from "../control-client.ts";
import { ranAsOwner, requireInstallation, type CurrentInstallation } from "../current-installation.ts";

export async function openConsole(options: { readonly data?: string }): Promise<void> {
  const current = requireInstallation(options.data);
  if (!ranAsOwner(current)) process.stdout.write(`${await makeSignInLink(current)}\n`);
}

/** For the account's root, once; the pages are there then. */
export async function makeSignInLink(current: CurrentInstallation): Promise<string> {
  const plan = await planConsoleBuild();
  if (!plan.isDone()) {
    process.stderr.write("hostelry: building the console's pages, once\n");
    await buildConsole(plan);
  }
  return (await askControlPlane<{ readonly url: string }>(current, { method: "POST", path: "/v1/console/links", timeoutMs: 10_000 })).url;
}
