/** `host token`: a token by which one machine joins as a host. */
import { askControlPlane } from "../control-client.ts";
import { ranAsOwner, requireInstallation, type CurrentInstallation } from "../current-installation.ts";
import type { IssuedToken } from "../join/host-entrance.ts";
import type { TokenOptions } from "../program-host.ts";

const hourMs = 3600_000;

export async function hostToken({ data, zone, host, hours, json }: TokenOptions): Promise<void> {
  const current = requireInstallation(data);
  if (ranAsOwner(current)) return;
  const { token, url, expiresAt } = await issueToken(current, { zone, lifeMs: hours * hourMs, ...(host === undefined ? {} : { host }) });
  const port = current.installation.joinDevice === undefined ? ["No device leads to other machines yet: ./hostelry down, then ./hostelry up --join-device DEVICE\n"] : [];
  const text = [...port, `${token}\n`, `On the machine that shall be a host, until ${new Date(expiresAt).toISOString()}:`, `  ./hostelry host join ${url} --token ${token} --underlay-device DEVICE`].join("\n");
  process.stdout.write(`${json === true ? JSON.stringify({ token, url, expiresAt: new Date(expiresAt).toISOString() }, undefined, 2) : text}\n`);
}

/** Fails with a `CommandError` when the control plane does not run, or refuses the zone or host. */
export function issueToken(current: CurrentInstallation, body: { readonly zone: string; readonly host?: string; readonly lifeMs: number }): Promise<IssuedToken> {
  return askControlPlane(current, { method: "POST", path: "/v1/join-tokens", body, timeoutMs: 30_000 });
}
