/**
 * `env`: shell commands that point AWS clients at this installation, on this machine or on another.
 *
 * A session token or a profile of the real AWS would take precedence over the keys, so both are unset. Clients too old for
 * AWS_ENDPOINT_URL (before botocore 1.31) find the endpoint through AWS_DATA_PATH (`client-endpoints.ts`).
 */
import { connect } from "node:net";
import { clientEndpointsDirectory, remoteCertificateFile, remoteClientsDirectory } from "../client-endpoints.ts";
import { CommandError, notRunning } from "../command-error.ts";
import { requireInstallation } from "../current-installation.ts";
import { readProfile, type Profile } from "../profile.ts";

export async function env(options: { readonly data?: string; readonly remote?: true }): Promise<void> {
  const { dataDirectory } = requireInstallation(options.data);
  const profile = readProfile(dataDirectory);
  const url = options.remote === true ? requireRemoteUrl(profile) : profile.url;
  if (!(await answers(url))) throw notRunning(dataDirectory);
  const certificate = remoteCertificateFile(dataDirectory);
  const [directory, more] =
    options.remote === true
      ? [remoteClientsDirectory(dataDirectory), { AWS_CA_BUNDLE: certificate, NODE_EXTRA_CA_CERTS: certificate }]
      : [clientEndpointsDirectory(dataDirectory), { HOSTELRY_SERIAL_CONSOLE_PORT: String(profile.serialConsolePort) }];
  process.stdout.write(renderEnvironment({ ...profile, url }, directory, more));
}

function requireRemoteUrl({ remoteUrl: url }: Profile): string {
  if (url !== undefined) return url;
  throw new CommandError("Other machines cannot reach this installation.", { remedy: "End it (./hostelry down), and start it with an address of this machine: ./hostelry up --listen ADDRESS" });
}

export function renderEnvironment(profile: Profile, endpointsDirectory: string, more: Readonly<Record<string, string>>): string {
  const settings = {
    AWS_ENDPOINT_URL: profile.url,
    AWS_ACCESS_KEY_ID: profile.accessKeyId,
    AWS_SECRET_ACCESS_KEY: profile.secretAccessKey,
    AWS_REGION: profile.region,
    AWS_DEFAULT_REGION: profile.region,
    AWS_DATA_PATH: endpointsDirectory,
    AWS_STS_REGIONAL_ENDPOINTS: "regional", // older botocore would ask the one that all regions share
    ...more,
  };
  const lines = Object.entries(settings).map(([name, value]) => `export ${name}=${quoteForShell(value)}`);
  return `${["unset AWS_SESSION_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE", ...lines].join("\n")}\n`;
}

export function quoteForShell(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
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
