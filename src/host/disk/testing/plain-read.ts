/** Reads an export as a client that knows neither structured replies nor holes: the server then reads without looking at first what is where, as it does for shared memory. */
import { createConnection } from "node:net";
import { byteReader, commands, exportRequest, option, optionReplies, options, readOptionReply, requestMagic, simpleReplyMagic, uint32, uint64 } from "../nbd/nbd-protocol.ts";

/** The bytes; rejects with the error's number when the server answers with one. */
export async function readPlainly(port: number, exportName: string, offset: number, length: number): Promise<Buffer> {
  const socket = createConnection({ host: "127.0.0.1", port });
  try {
    const read = byteReader(socket);
    await read(18);
    socket.write(Buffer.concat([uint32(3), option(options.go, exportRequest(exportName))]));
    for (let kind = -1; kind !== optionReplies.acknowledge; ) ({ kind } = await readOptionReply(read));
    socket.write(Buffer.concat([uint32(requestMagic), uint32(commands.read), uint64(1), uint64(offset), uint32(length)]));
    const reply = await read(16);
    if (reply.readUInt32BE(0) !== simpleReplyMagic) throw new Error("the server answered in another form than agreed");
    if (reply.readUInt32BE(4) !== 0) throw new Error(`the server answered with error ${reply.readUInt32BE(4)}`);
    return await read(length);
  } finally {
    socket.destroy();
  }
}
