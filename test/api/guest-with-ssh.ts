/** An SSH server in a guest's place, at the end of a byte stream: it takes the keys it is told of, and its shell is the test's. */
import { generateKeyPairSync } from "node:crypto";
import type { Duplex } from "node:stream";
import ssh2, { type Connection, type ServerChannel } from "ssh2";
import { systemRandom } from "../../src/base/random.ts";
import { createKeyPairMaterial } from "../../src/compute/key-pair-material.ts";

const hostKey = generateKeyPairSync("rsa", { modulusLength: 2048, privateKeyEncoding: { type: "pkcs1", format: "pem" }, publicKeyEncoding: { type: "pkcs1", format: "pem" } }).privateKey;

/** Both halves as OpenSSH writes them. (Of those that ssh2 makes it cannot itself read one in some hundred.) */
export async function makeSshKey(): Promise<{ readonly public: string; readonly private: string }> {
  const { publicKey, keyMaterial } = await createKeyPairMaterial("", "ed25519", "pem", systemRandom);
  return { public: publicKey, private: keyMaterial };
}

export interface GuestShell {
  readonly user: string;
  readonly channel: ServerChannel;
  /** As the client last said. */
  readonly size: () => { readonly columns: number; readonly rows: number };
}

/** Serves one connection. `accepts`: whether this public key, an OpenSSH line without comment, may log in as the user. */
export function serveSsh(connection: Duplex, accepts: (user: string, key: string) => boolean, shell: (shell: GuestShell) => void): void {
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client: Connection) => {
    let user = "";
    client.on("error", () => undefined);
    client.on("authentication", (attempt) => {
      user = attempt.username;
      if (attempt.method === "publickey" && accepts(user, `${attempt.key.algo} ${attempt.key.data.toString("base64")}`)) attempt.accept();
      else attempt.reject(["publickey"]);
    });
    client.on("session", (accept) => {
      const session = accept();
      let size = { columns: 0, rows: 0 };
      session.on("pty", (acceptPty, _reject, { cols: columns, rows }) => {
        size = { columns, rows };
        acceptPty();
      });
      session.on("window-change", (acceptChange, _reject, { cols: columns, rows }) => {
        size = { columns, rows };
        (acceptChange as (() => void) | undefined)?.(); // absent when no answer is wanted, which the types do not say
      });
      session.on("shell", (acceptShell) => shell({ user, channel: acceptShell(), size: () => size }));
    });
  });
  server.injectSocket(connection as Parameters<typeof server.injectSocket>[0]); // it uses a socket as any other stream
}
