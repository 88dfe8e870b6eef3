/** Gives the user who called `sudo` the files that clients need, so that `env` works without sudo. */
import { chmodSync, chownSync, existsSync } from "node:fs";
import { dirname } from "node:path";
import { clientEndpointsDirectory, writeClientEndpoints } from "./client-endpoints.ts";
import { profileFile } from "./profile.ts";

export function shareWithCaller(dataDirectory: string, url: string, environment: Readonly<Record<string, string | undefined>>): void {
  writeClientEndpoints(clientEndpointsDirectory(dataDirectory), url);
  const uid = Number(environment["SUDO_UID"]);
  const gid = Number(environment["SUDO_GID"]);
  const profile = profileFile(dataDirectory);
  if (!(uid > 0) || !(gid >= 0) || !existsSync(profile)) return;
  chownSync(profile, uid, gid);
  chmodSync(dirname(profile), 0o711); // may be passed through, not listed
}
