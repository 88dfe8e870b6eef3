/** Born in a network namespace by `namespace-listener.ts`: listens at the ports that it is told, hands the sockets over, and ends when its parent has them. */
import { createServer } from "node:net";

process.once("disconnect", () => process.exit(0));
for (const port of process.argv.slice(2).map(Number)) {
  const server = createServer((guest) => guest.destroy()); // whoever comes before the parent listens must come again
  server.listen(port, "0.0.0.0", () => process.send?.(port, server));
}
