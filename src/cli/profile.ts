/** The first account's root key and the API's address, as the control plane leaves them for clients. */
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
