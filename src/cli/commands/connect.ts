/**
 * `connect`: a guest's shell in this terminal, the way that the browser has it. The key is the service's and lives for one login; who asks is known by the
 * AWS settings of the environment, or else is the installation's root.
 */
import { CommandError } from "../command-error.ts";
import { ranAsOwner, requireInstallation } from "../current-installation.ts";
import { readProfile } from "../profile.ts";
import { showTerminal } from "../terminal-client.ts";

export async function connect(instance: string, options: { readonly data?: string; readonly user: string }): Promise<void> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken, AWS_ENDPOINT_URL: endpoint, AWS_REGION: region } = process.env;
  const own = accessKeyId !== undefined && secretAccessKey !== undefined && endpoint !== undefined && options.data === undefined;
  const asked = own ? { url: endpoint, region: region ?? "us-east-1", accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } : undefined;
  const profile = asked ?? installationProfile(options.data);
  if (profile === undefined) return; // another process, as the owner, has done it
  const end = await showTerminal(profile, { instance, user: options.user, region: profile.region }, process.stdin, process.stdout);
  if (end.code !== "exit" && end.code !== "closed") throw new CommandError(end.message);
  process.exitCode = end.status ?? 0;
}

function installationProfile(data: string | undefined) {
  const current = requireInstallation(data);
  return ranAsOwner(current) ? undefined : readProfile(current.dataDirectory);
}
