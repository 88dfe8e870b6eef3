/**
 * Connections from the service's own address to guests' public addresses (decision 0020). The address is one of this host's namespace and means
 * nothing outside: a guest's answers come back to the host that the guest is on. For the guest's groups and ACLs they are any outside packets.
 */
import { connect, type Socket } from "node:net";
import { connectAddress, StreamError, type StreamErrorCode, type TcpTarget } from "../protocol/stream.ts";
import { ipBatch } from "./command.ts";

/** May be repeated. */
export async function ensureConnectAddress(): Promise<void> {
  await ipBatch([`address replace ${connectAddress}/32 dev lo`]);
}

/** Returns when the guest has taken the connection. Rejects with a StreamError. */
export function connectToGuest({ address, port }: TcpTarget, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, localAddress: connectAddress, allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
    const fail = (error: Error): void => {
      signal.removeEventListener("abort", abort);
      socket.destroy();
      reject(error);
    };
    const abort = () => fail(new StreamError("timed-out"));
    const refuse = (error: NodeJS.ErrnoException) => fail(new StreamError(toStreamErrorCode(error.code), { cause: error }));
    signal.addEventListener("abort", abort, { once: true });
    socket.once("error", refuse);
    socket.once("connect", () => {
      signal.removeEventListener("abort", abort);
      socket.off("error", refuse);
      resolve(socket);
    });
  });
}

/** Of a failed connection's code of the system. */
export function toStreamErrorCode(code: string | undefined): StreamErrorCode {
  if (code === "ECONNREFUSED") return "refused";
  if (code === "ETIMEDOUT") return "timed-out";
  return code === "EHOSTUNREACH" || code === "ENETUNREACH" ? "unreachable" : "failed";
}
