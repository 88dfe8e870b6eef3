/** Free TCP ports, of the loopback unless said otherwise. */
import { createServer, type AddressInfo } from "node:net";

export async function isPortFree(port: number, address?: string): Promise<boolean> {
  return (await listenOnce(port, address)) !== undefined;
}

export async function chooseFreePort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === undefined) throw new Error("this machine has no free port");
  return port;
}

/** The port that could be listened on, or undefined when it is taken. */
function listenOnce(port: number, address = "127.0.0.1"): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen(port, address, () => {
      const { port: chosen } = server.address() as AddressInfo; // a listening TCP server has one
      server.close(() => resolve(chosen));
    });
  });
}
