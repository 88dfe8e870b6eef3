import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ipv6PoolOf } from "../base/ipv6.ts";
import { silentLog } from "../base/log.ts";
import { openStore } from "../store/store.ts";
import { runControlPlane } from "./control-plane.ts";
import { ensureInstallation } from "./installation.ts";
import { installationParts } from "./prepare-installation.ts";

let directory: string;
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), "control-plane-"))));
afterEach(() => rmSync(directory, { recursive: true }));

test("a control plane that ended properly must hear every host anew before it counts as up", async () => {
  const around = { uid: 1, home: directory, environment: { XDG_RUNTIME_DIR: directory } };
  const installation = await ensureInstallation(directory, { simulated: true, openAccounts: false, port: 0 }, installationParts(true, around));
  const leave = new AbortController();
  const { id, createdAt: _createdAt, ...settings } = installation;
  const { store, closed } = await runControlPlane({ ...settings, ipv6Pool: ipv6PoolOf(id), runDirectory: directory, dataDirectory: directory, saveTopology: () => {}, version: "1", log: silentLog, signal: leave.signal });
  await store.write((tx) => tx.db.updateTable("hosts").set({ heard_at: 1 }).execute());
  leave.abort();
  await closed;

  await using reopened = await openStore(join(directory, "control", "hostelry.sqlite"));
  const heard = await reopened.read((tx) => tx.db.selectFrom("hosts").select("heard_at").distinct().execute());
  expect(heard).toEqual([{ heard_at: null }]);
});
