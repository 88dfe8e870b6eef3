/** The cheapest honest client: signs each call and reads the whole answer, over kept connections. An SDK would cost more than the server. */
import { Agent, request } from "node:http";
import { signRequest } from "../../wire/signature.ts";
import type { Profile } from "../profile.ts";

export interface SignedClient {
  /** The answer's body, whole. Rejects for any status but 200, with what the server said. */
  call(parameters: Readonly<Record<string, string>>): Promise<readonly Buffer[]>;
  close(): void;
}

export function signedClient(profile: Profile): SignedClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const { hostname, port, host } = new URL(profile.url);
  const credentials = { accessKeyId: profile.accessKeyId, secretAccessKey: profile.secretAccessKey };
  return {
    close: () => agent.destroy(),
    call: (parameters) => {
      const body = Buffer.from(new URLSearchParams({ Version: "2016-11-15", ...parameters }).toString());
      const unsigned = { method: "POST", path: "/", query: "", headers: { host, "content-type": "application/x-www-form-urlencoded" }, body };
      const { headers } = signRequest(unsigned, credentials, { region: profile.region, service: "ec2", nowMs: Date.now() });
      return new Promise((resolve, reject) => {
        const outgoing = request({ agent, hostname, port, method: "POST", path: "/", headers: { ...headers, "content-length": body.length } }, (answer) => {
          const parts: Buffer[] = [];
          answer.on("data", (part: Buffer) => parts.push(part));
          answer.on("error", reject);
          answer.on("end", () => {
            if (answer.statusCode === 200) resolve(parts);
            else reject(new Error(`the server answered ${answer.statusCode}: ${Buffer.concat(parts).toString()}`));
          });
        });
        outgoing.on("error", reject);
        outgoing.end(body);
      });
    },
  };
}
