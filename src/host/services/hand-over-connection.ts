/** Born in a network namespace by `namespace-connection.ts`: connects to the address and port that it is told, from the address if it is told one, hands the socket over or says why there is none. */
import { connect } from "node:net";

const [address = "", port = "", localAddress] = process.argv.slice(2);
process.once("disconnect", () => process.exit(0));
const socket = connect({ host: address, port: Number(port), ...(localAddress === undefined ? {} : { localAddress }) }).pause(); // what the other side says first is for the parent to read
socket.once("connect", () => process.send?.("connected", socket));
socket.once("error", (error: NodeJS.ErrnoException) => process.send?.(error.code ?? "failed", () => process.exit(0)));
