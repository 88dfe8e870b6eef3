/** `build-console`: the background process that builds the console's pages. */
import { buildConsole, planConsoleBuild } from "../console-build.ts";

export async function buildConsoleInBackground(): Promise<void> {
  await buildConsole(await planConsoleBuild());
}
