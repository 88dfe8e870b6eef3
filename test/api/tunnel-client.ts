/**
 * What `aws ec2-instance-connect open-tunnel` sends: a WebSocket to an address that is signed in its query, for a minute, over the host's name alone. The signature
 * is made here by itself, from the rules of Version 4, and not by the code that verifies it.
 */
import { createHash, createHmac } from "node:crypto";
import { WebSocket } from "ws";
import { region, type Key } from "./test-server.ts";

interface SigningChoice {
  readonly nowMs?: number;
  readonly expires?: number;
  readonly service?: string;
}

export function presignedTunnel(url: string, query: Readonly<Record<string, string>>, key: Key, { nowMs = Date.now(), expires = 60, service = "ec2-instance-connect" }: SigningChoice = {}): string {
  const { accessKeyId, secretAccessKey, sessionToken } = typeof key === "string" ? { accessKeyId: key, secretAccessKey: "test", sessionToken: undefined } : key;
  const at = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = [at.slice(0, 8), region, service, "aws4_request"];
  const words = Object.entries({
    ...query,
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": [accessKeyId, ...scope].join("/"),
    "X-Amz-Date": at,
    "X-Amz-Expires": String(expires),
    "X-Amz-SignedHeaders": "host",
    ...(sessionToken === undefined ? {} : { "X-Amz-Security-Token": sessionToken }),
  });
  const encoded = words.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).toSorted().join("&");
  const { host } = new URL(url);
  const canonical = ["GET", "/openTunnel", encoded, `host:${host}`, "", "host", sha256("")].join("\n");
  const text = ["AWS4-HMAC-SHA256", at, scope.join("/"), sha256(canonical)].join("\n");
  const derived = scope.reduce((secret: string | Buffer, word) => hmac(secret, word), `AWS4${secretAccessKey}`);
  return `ws://${host}/openTunnel?${encoded}&X-Amz-Signature=${hmac(derived, text).toString("hex")}`;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(secret: string | Buffer, text: string): Buffer {
  return createHmac("sha256", secret).update(text).digest();
}

/** One connection, and what came of it. */
export class TestTunnel {
  readonly #socket: WebSocket;
  /** False: it was refused. */
  readonly isOpen: Promise<boolean>;
  text = "";
  received = 0;
  requestId: string | undefined;
  closeCode: number | undefined;
  refusal: { readonly status: number | undefined; readonly text: string } | undefined;

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.isOpen = new Promise((resolve) => this.#socket.on("open", () => resolve(true)).on("close", () => resolve(false)));
    this.#socket.on("upgrade", ({ headers }) => (this.requestId = String(headers["x-amzn-requestid"])));
    this.#socket.on("message", (data: Buffer, isBinary) => {
      if (!isBinary) return this.#socket.terminate();
      this.received += data.length;
      if (this.text.length < 1_000) this.text += data.toString();
    });
    this.#socket.on("unexpected-response", (_request, response) => {
      let text = "";
      response.on("data", (part: Buffer) => (text += part));
      response.on("end", () => {
        this.refusal = { status: response.statusCode, text };
        this.#socket.terminate();
      });
    });
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", (code) => (this.closeCode = code));
  }

  send(data: string | Buffer): void {
    this.#socket.send(data);
  }

  close(): void {
    this.#socket.close(1000);
  }
}
