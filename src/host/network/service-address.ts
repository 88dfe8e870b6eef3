/**
 * The public address of the installation's services on this host: every host has it, so that a guest with a way to the internet reaches them on its own host
 * (`host-rules.ts` lets public addresses of guests in, and nobody else). The address belongs to no network and is seen on none.
 */
import { createServer } from "node:net";
import { servicePorts } from "../protocol/service-connection.ts";
import type { AcceptServiceConnection } from "../services/service-relay.ts";
import { ipBatch } from "./command.ts";

const againMs = 1_000;

/** Listens until it is disposed of; where another agent of this host still does, as soon as that has left. */
export async function openServiceAddress(address: string, accept: AcceptServiceConnection): Promise<Disposable> {
  await ipBatch([`address replace ${address}/32 dev lo`]);
  const listeners = [listen(address, servicePorts.plain, false, accept), listen(address, servicePorts.secure, true, accept)];
  return {
    [Symbol.dispose]: () => {
      for (const listener of listeners) listener[Symbol.dispose]();
    },
  };
}

function listen(address: string, port: number, secure: boolean, accept: AcceptServiceConnection): Disposable {
  const server = createServer({ allowHalfOpen: true }, (guest) => accept(guest, { endpointInterface: undefined, secure })).unref();
  let timer: NodeJS.Timeout | undefined;
  server.on("error", () => (timer = setTimeout(() => server.listen(port, address), againMs).unref()));
  server.listen(port, address);
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      server.close();
    },
  };
}
