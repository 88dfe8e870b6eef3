/** The first account's root key and the API's address, as the control plane leaves them for clients. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError, notRunning } from "./command-error.ts";

export interface Profile {
  readonly url: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly account: string;
  /** By TLS, for other machines; absent: they cannot reach it. */
  readonly remoteUrl?: string;
  /** Of the serial console's SSH endpoint, at 127.0.0.1. */
  readonly serialConsolePort: number;
}

export function profileFile(dataDirectory: string): string {
  return join(dataDirectory, "control", "profile.json");
}

export function readProfile(dataDirectory: string): Profile {
  try {
    return JSON.parse(readFileSync(profileFile(dataDirectory), "utf8")) as Profile; // our own control plane wrote it
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") throw notRunning(dataDirectory);
    throw new CommandError("The profile of this installation cannot be read.", { cause, remedy: 'Run: eval "$(sudo ./hostelry env)"' });
  }
}
