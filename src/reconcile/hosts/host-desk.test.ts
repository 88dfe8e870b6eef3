import { expect, it } from "vitest";
import { systemClock } from "../../base/clock.ts";
import { openStore, type Store } from "../../store/store.ts";
import { openHostDesk } from "./host-desk.ts";

const hostId = "us-east-1a-1";

async function storeWithHost(): Promise<Store> {
  const store = await openStore(":memory:");
  const host = { id: hostId, role: "storage", region: "us-east-1", zone: "us-east-1a", underlay_address: "100.64.0.2", vcpus: 1, memory_mib: 1, created_at: 0, incarnation: 1, description: null, heard_at: null, failed_at: null, draining: 0 } as const;
  await store.write((tx) => tx.db.insertInto("hosts").values(host).execute());
  await publish(store, 1);
  return store;
}

function publish(store: Store, revision: number): Promise<void> {
  return store.write(async (tx) => {
    const counter = { name: "revision", value: revision };
    await tx.db.insertInto("counters").values(counter).onConflict((conflict) => conflict.column("name").doUpdateSet(counter)).execute();
    await tx.db.insertInto("specifications").values({ host_id: hostId, kind: "volume", id: `vol-${revision}`, generation: 1, revision, body: "{}" }).execute();
    tx.touch(`host:${hostId}`);
  });
}

it("a long poll hears at once of what is published just behind its look", async () => {
  await using store = await storeWithHost();
  let looks = 0;
  const overtaken: Store = {
    ...store,
    read: async (fn) => {
      const seen = await store.read(fn);
      if (++looks === 1) await publish(store, 2);
      return seen;
    },
  };
  const desk = openHostDesk(overtaken, systemClock, new Uint8Array(32));
  const page = await desk.poll(hostId, 1, 1, 60_000, new AbortController().signal);
  expect(page).toMatchObject({ revision: 2, specifications: [{ generation: 1 }] });
  desk.close();
});
