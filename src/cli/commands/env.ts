/**
 * `env`: shell commands that point AWS clients at this installation.
 *
 * A session token or a profile of the real AWS would take precedence over the keys, so both are unset. Clients too old for
 * AWS_ENDPOINT_URL (before botocore 1.31) find the endpoint through AWS_DATA_PATH (`client-endpoints.ts`).
 */
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { clientEndpointsDirectory } from "../client-endpoints.ts";
import { CommandError, notRunning } from "../command-error.ts";
import { requireInstallation } from "../current-installation.ts";
import { profileFile, type Profile } from "../profile.ts";

export async function env(options: { readonly data?: string }): Promise<void> {
  const { dataDirectory } = requireInstallation(options.data);
  const profile = readProfile(dataDirectory);
  if (!(await answers(profile.url))) throw notRunning(dataDirectory);
  process.stdout.write(renderEnvironment(profile, clientEndpointsDirectory(dataDirectory)));
}

export function renderEnvironment(profile: Profile, endpointsDirectory: string): string {
  const settings = {
    AWS_ENDPOINT_URL: profile.url,
    AWS_ACCESS_KEY_ID: profile.accessKeyId,
    AWS_SECRET_ACCESS_KEY: profile.secretAccessKey,
    AWS_REGION: profile.region,
    AWS_DEFAULT_REGION: profile.region,
    AWS_DATA_PATH: endpointsDirectory,
    AWS_STS_REGIONAL_ENDPOINTS: "regional", // older botocore would ask the one that all regions share
  };
  const lines = Object.entries(settings).map(([name, value]) => `export ${name}=${quoteForShell(value)}`);
  return `${["unset AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE", ...lines].join("\n")}\n`;
}

export function quoteForShell(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function readProfile(dataDirectory: string): Profile {
  try {
    return JSON.parse(readFileSync(profileFile(dataDirectory), "utf8")) as Profile; // our own control plane wrote it
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") throw notRunning(dataDirectory);
    throw new CommandError("The profile of this installation cannot be read.", { cause, remedy: 'Run: eval "$(sudo ./hostelry env)"' });
  }
}

/** Whether anything listens at the URL. */
function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: 2_000 });
    const settle = (answer: boolean) => (socket.destroy(), resolve(answer));
    socket.once("connect", () => settle(true));
    socket.once("timeout", () => settle(false));
    socket.once("error", () => settle(false));
  });
}
