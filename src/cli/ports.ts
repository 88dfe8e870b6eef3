/** Free TCP ports of the loopback. */
import { createServer, type AddressInfo } from "node:net";

export async function isPortFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== undefined;
}

export async function chooseFreePort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === undefined) throw new Error("this machine has no free port");
  return port;
}

/** The port that could be listened on, or undefined when it is taken. */
function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(undefined) : reject(error)));
    server.listen(port, "127.0.0.1", () => {
      const { port: chosen } = server.address() as AddressInfo; // a listening TCP server has one
      server.close(() => resolve(chosen));
    });
  });
}
