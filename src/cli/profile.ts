/** The first account's root key and the API's address, as the control plane leaves them for clients. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Profile {
  readonly url: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly account: string;
}

export function profileFile(dataDirectory: string): string {
  return join(dataDirectory, "control", "profile.json");
}

/** The profile that the last control plane left, or undefined before the first. */
export function findProfile(dataDirectory: string): Profile | undefined {
  try {
    return JSON.parse(readFileSync(profileFile(dataDirectory), "utf8")) as Profile; // our own process wrote it
  } catch {
    return undefined;
  }
}
