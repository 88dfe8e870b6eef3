import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "../../base/log.ts";
import { connectQmp } from "../qmp/qmp-client.ts";
import { listExports, removeExport } from "./daemon-exports.ts";
import { runJob } from "./daemon-jobs.ts";
import { patientClient, usualPatience, type LateError, type PatientClient } from "./daemon-patience.ts";
import { FakeStorageDaemon } from "./testing/fake-storage-daemon.ts";
import { VolumeDaemon } from "./volume-daemon.ts";

let daemon: FakeStorageDaemon;
let client: PatientClient;
let givenUp: string[];

async function connect(answerMs: number): Promise<PatientClient> {
  const connection = await connectQmp({ socket: daemon.socket });
  return (client = patientClient(connection, { ...usualPatience, answerMs }, async ({ awaited }: LateError) => {
    givenUp.push(awaited);
    connection.close();
  }));
}

beforeEach(async () => {
  givenUp = [];
  daemon = await FakeStorageDaemon.start();
});

afterEach(async () => {
  client.close();
  await daemon[Symbol.asyncDispose]();
});

describe("a storage daemon", () => {
  it("is given up when it does not answer, once for all that waits", async () => {
    await connect(200);
    daemon.answers = false;
    const late = "an answer to query-block-exports";
    const asked = await Promise.allSettled([listExports(client), listExports(client)]);
    expect([asked, givenUp]).toMatchObject([[{ reason: { awaited: late } }, { reason: { awaited: late } }], [late]]);
  });

  it("is given up when an export does not end that it has taken away", async () => {
    await connect(1_000);
    daemon.exports.set("a", { isEnding: false });
    await expect(removeExport(client, "a")).rejects.toThrow("given up: the end of the export a did not come");
    expect(givenUp).toEqual(["the end of the export a"]);
  });
});

describe("a job", () => {
  it("that does not end when it is called off makes its daemon be given up", async () => {
    const end = new AbortController();
    const over = runJob(await connect(200), { id: "merge", command: "block-commit", args: {} }, end.signal);
    end.abort();
    await expect(over).rejects.toThrow("let go of during its job merge");
    expect(givenUp).toEqual(["the end of the job merge"]);
  });
});

describe("an export", () => {
  it("is gone already where somebody else has taken it away", async () => {
    await removeExport(await connect(60_000), "a");
    expect(givenUp).toEqual([]);
  });

  it("that another agent was taking away when it died is waited for, and made anew", async () => {
    daemon.exports.set("a", { isEnding: true });
    daemon.exports.set("direct.a", { isEnding: true });
    const log = silentLog;
    const place = { runDirectory: daemon.directory, sockets: join(daemon.directory, "sockets"), address: "127.0.0.1", port: 1, log };
    const volume = new VolumeDaemon(await connect(60_000), place);
    const exported = volume.export(["a"]);
    expect(await volume.exports()).toEqual([]);
    for (const id of ["a", "direct.a"]) daemon.finish(id);
    await exported;
    expect(await volume.exports()).toEqual(["direct.a", "a"]);
  });
});
