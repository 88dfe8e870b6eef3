/** A guest's way to the API, as its host's agent makes it: a port whose connections come in by the control socket, with what the host says of them. */
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import type { InterfaceId } from "../../src/base/ids.ts";
import { unixSocketDial } from "../../src/host/agent/control-plane-transport.ts";
import { ServiceRelay } from "../../src/host/services/service-relay.ts";
import type { TestServer } from "./test-server.ts";

export interface GuestDoor extends AsyncDisposable {
  /** Where the services answer, for guests with public addresses. */
  readonly publicUrl: string;
  /** Where an endpoint's interface answers. */
  openInterface(id: string): Promise<string>;
}

/** Every guest has the address 127.0.0.1. */
export async function openGuestDoor(server: TestServer): Promise<GuestDoor> {
  const controlSocket = join(server.folder, "control.sock");
  const control = createHttpServer();
  server.joinControl(control);
  await new Promise<void>((resolve) => control.listen(controlSocket, resolve));
  const relay = new ServiceRelay({ dial: unixSocketDial(controlSocket), hostId: "test-host" });
  const stops = [() => void control.close()];
  const open = async (endpointInterface: InterfaceId | undefined): Promise<string> => {
    const ports = createServer((guest) => relay.accept(guest, { endpointInterface, secure: false }));
    await new Promise<void>((resolve) => ports.listen(0, "127.0.0.1", resolve));
    stops.push(() => void ports.close());
    return `http://127.0.0.1:${(ports.address() as AddressInfo).port}`; // a TCP server that listens has an address of this form
  };
  return {
    publicUrl: await open(undefined),
    openInterface: (id) => open(id as InterfaceId), // an id from an answer
    async [Symbol.asyncDispose]() {
      for (const stop of stops) stop();
    },
  };
}
