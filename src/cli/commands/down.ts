/** `down`: shuts the guests down and ends everything; may be repeated. */
import { CommandError, exitCodes } from "../command-error.ts";
import { ranAsOwner, requireInstallation } from "../current-installation.ts";
import { findJoinedHost, shutDownJoinedHost } from "../join/joined-host.ts";
import { shutDown } from "../shut-down.ts";
import { terminalProgress } from "../terminal.ts";

export async function down(options: { readonly data?: string }): Promise<void> {
  const progress = terminalProgress(process.stdout);
  const current = findCurrent(options.data);
  const joined = current === undefined ? findJoinedHost(options.data) : undefined;
  if (joined !== undefined) {
    const ran = await shutDownJoinedHost(joined);
    return progress.note(ran ? `The host ${joined.membership.host} is down; ./hostelry host join starts it again.` : "The host was not running.");
  }
  if (current === undefined) return progress.note("Hostelry was not running.");
  if (ranAsOwner(current)) return;
  try {
    const ran = await shutDown({ ...current, progress });
    progress.note(ran ? "Hostelry is down; ./hostelry up starts it again, with the guests that ran." : "Hostelry was not running.");
  } finally {
    progress.end();
  }
}

/** Nothing to end is not a failure here. */
function findCurrent(data: string | undefined): ReturnType<typeof requireInstallation> | undefined {
  try {
    return requireInstallation(data);
  } catch (thrown) {
    if (thrown instanceof CommandError && thrown.exitCode === exitCodes.notRunning) return undefined;
    throw thrown;
  }
}
